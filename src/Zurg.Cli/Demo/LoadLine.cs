using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Demo;

/// <summary>
/// The load's counter below what happens: on a terminal one line that is renewed, in a pipe a line every few seconds.
/// </summary>
internal sealed class LoadLine(Screen screen, Func<LoadCount> count, TimeProvider time)
{
    private static readonly TimeSpan Renewed = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Written = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();

    /// <summary>Until it is stopped; then the last word is written as a line.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(screen.ShowsProgress ? Renewed : Written, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                lock (_lock)
                {
                    Renew();
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The last word is below.
        }

        lock (_lock)
        {
            screen.Progress("");
            screen.Line(Text());
        }
    }

    /// <summary>Above the counter.</summary>
    public void Show(EventRecord happened)
    {
        lock (_lock)
        {
            screen.Progress("");
            screen.Line([.. EventView.Of(happened)]);
            if (screen.ShowsProgress)
            {
                screen.Progress(Text());
            }
        }
    }

    private void Renew()
    {
        if (screen.ShowsProgress)
        {
            screen.Progress(Text());
        }
        else
        {
            screen.Line(Text());
        }
    }

    private string Text() => $"load: {count()}";
}
