namespace Zurg.Cli.Verbs;

/// <summary>How a process of ours lives: until it is told to stop, or one of its loops died.</summary>
internal static class Lifetime
{
    public static async Task UntilStoppedAsync(Task completion, CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (stop.Register(stopped.SetResult))
        {
            if (await Task.WhenAny(completion, stopped.Task) == completion)
            {
                await completion;
            }
        }
    }
}
