using Zurg.Cli.Demo;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Cli.Demo;

public sealed class LoadLineTests
{
    private readonly Screens _screens = new();
    private readonly ManualTime _time = new();
    private int _answered;

    [Fact]
    public async Task In_a_pipe_it_writes_a_line_every_few_seconds_and_one_at_the_end()
    {
        using var stop = new CancellationTokenSource();
        var line = new LoadLine(_screens.Pipe, Next, _time);
        var running = line.RunAsync(stop.Token);
        _time.Advance(TimeSpan.FromSeconds(5));
        await Eventually.TrueAsync(() => _answered == 1, "it counted");
        line.Show(new EventRecord
        {
            Id = 1, At = DateTimeOffset.UnixEpoch, Kind = EventKind.HostConnected, Text = "it is back",
        });
        await stop.CancelAsync();
        await running;
        var lines = _screens.Output.ToString().TrimEnd().Split('\n');
        Assert.Equal("load: 1 requests answered, 2 failed, p99 3 ms", lines[0]);
        Assert.EndsWith("it is back", lines[1], StringComparison.Ordinal);
        Assert.Equal("load: 2 requests answered, 2 failed, p99 3 ms", lines[2]);
        Assert.Equal("", _screens.Errors.ToString());
    }

    [Fact]
    public async Task On_a_terminal_one_line_is_renewed_below_what_happens()
    {
        using var stop = new CancellationTokenSource();
        var screen = new Zurg.Cli.Rendering.Screen(
            _screens.Output, _screens.Output, terminal: true, errorTerminal: true, color: false, width: 80);
        var line = new LoadLine(screen, Next, _time);
        var running = line.RunAsync(stop.Token);
        _time.Advance(TimeSpan.FromMilliseconds(500));   // one turn: two could be counted before anybody looks
        await Eventually.TrueAsync(() => _answered == 1, "it counted");
        await stop.CancelAsync();
        await running;
        Assert.Equal(
            "\r\e[Kload: 1 requests answered, 2 failed, p99 3 ms\r\e[Kload: 2 requests answered, 2 failed, p99 3 ms\n",
            _screens.Output.ToString());
    }

    private LoadCount Next() => new(++_answered, 2, TimeSpan.FromMilliseconds(3));
}
