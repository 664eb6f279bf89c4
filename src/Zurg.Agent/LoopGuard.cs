namespace Zurg.Agent;

/// <summary>Watches over what runs for as long as the agent does.</summary>
internal static class LoopGuard
{
    /// <summary>
    /// Until all have ended. One that ends before it may takes the others with it, however it ended: half an agent would look
    /// alive, and nobody would start it again.
    /// </summary>
    /// <param name="died">Is told of each that ended too soon, and ends the others.</param>
    /// <exception cref="Exception">What a loop died of.</exception>
    public static async Task UntilEndedAsync(Task[] loops, Func<bool> mayEnd, Func<Exception, Task> died)
    {
        var deaths = new List<Exception>();
        await foreach (var ended in Task.WhenEach(loops))
        {
            if (ended.IsFaulted || !mayEnd())
            {
                deaths.Add(ended.Exception?.InnerException
                    ?? new InvalidOperationException("a loop of the agent ended before it was told to"));
                await died(deaths[^1]);
            }
        }

        await Task.WhenAll(deaths.Select(Task.FromException));
    }
}
