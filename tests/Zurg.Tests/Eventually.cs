namespace Zurg.Tests;

/// <summary>Waits for what must come true, with a deadline: no test sleeps for luck.</summary>
internal static class Eventually
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        var late = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(late) < Deadline, $"never came true: {what}");
            await Task.Delay(5);
        }
    }
}
