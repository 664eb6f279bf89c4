using Zurg.Cli;
using Zurg.Cli.Rendering;

namespace Zurg.Tests.Cli.Verbs;

public sealed class LogsVerbTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeMaster _master = new();
    private readonly Lines _output = new();
    private readonly Lines _errors = new();
    private Action? _closed;

    public LogsVerbTests()
    {
        File.WriteAllText(_directory["token"], "t");
        _master.Place("web.0", "host1");
        _master.Place("web.1", "host2");
        _master.Write("web.0", 1, "one\n");
        _master.Write("web.1", 2, "two\n");
        _master.Write("web.0", 3, "three\nunfinished");
    }

    public void Dispose()
    {
        _master.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Lines_of_all_hosts_are_in_the_order_of_their_times_each_with_its_instance()
    {
        Assert.Equal(ExitCode.Done, await LogsAsync("web"));
        Assert.Equal(["web.0 | one", "web.1 | two", "web.0 | three", "web.0 | unfinished"], _output.All);
    }

    [Theory]
    [InlineData("web --tail 1", "web.1 | two;web.0 | unfinished")]
    [InlineData("web --grep ^t", "web.1 | two;web.0 | three")]
    [InlineData("web --since 2026-01-01T12:00:02Z", "web.1 | two;web.0 | three;web.0 | unfinished")]
    [InlineData("web --host host2", "two")]
    [InlineData("web.0 --tail 2", "three;unfinished")]
    public async Task Only_what_is_asked_for_is_shown(string arguments, string shown)
    {
        Assert.Equal(ExitCode.Done, await LogsAsync(arguments.Split(' ')));
        Assert.Equal(shown.Split(';'), _output.All);
    }

    [Fact]
    public async Task Json_has_instance_time_and_line()
    {
        await LogsAsync("web.1", "--json");
        Assert.Equal(["""{"instance":"web.1","at":"2026-01-01T12:00:02.000Z","line":"two"}"""], _output.All);
    }

    [Fact]
    public async Task A_silent_host_is_named_and_the_others_are_shown()
    {
        _master.Silence("host2");
        Assert.Equal(ExitCode.Done, await LogsAsync("web"));
        Assert.Equal(["web.0 | one", "web.0 | three", "web.0 | unfinished"], _output.All);
        Assert.Contains("host2, which has web.1, is not connected", Assert.Single(_errors.All), StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, await LogsAsync("web.1"));
    }

    [Fact]
    public async Task What_an_instance_left_on_a_host_is_read_there()
    {
        _master.Place("web.1", "host3");
        Assert.Equal(ExitCode.Done, await LogsAsync("web.1", "--host", "host2"));
        Assert.Equal(["two"], _output.All);
        Assert.Equal(ExitCode.Failed, await LogsAsync("web", "--host", "host9"));
        Assert.Contains("web.1 on host3", string.Join(' ', _errors.All), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Followed_logs_come_in_order_over_silences_moves_and_new_instances_until_nobody_reads_on()
    {
        _master.Silence("host2");
        var following = LogsAsync("web", "-f");
        await _output.UntilAsync("web.0 | three");
        await _errors.UntilAsync("web.1: host2, which has web.1, is not connected");
        _master.Write("web.0", 4, " no more\n");
        await _output.UntilAsync("web.0 | unfinished no more");

        _master.Silence("host2", silent: false);
        await _output.UntilAsync("web.1 | two");
        await _errors.UntilAsync("web.1: its lines come again");
        _master.Write("web.1", 6, "six\n");
        _master.Write("web.0", 5, "five\n");
        await _output.UntilAsync("web.1 | six");
        Assert.Equal(["web.0 | five", "web.1 | six"], _output.All[^2..]);

        _master.Place("web.2", "host1");
        _master.Write("web.2", 7, "new\n");
        await _output.UntilAsync("web.2 | new");
        _master.Place("web.1", "host1");
        _master.Write("web.1", 8, "moved\n");
        await _output.UntilAsync("web.1 | moved");

        _closed!();
        Assert.Equal(ExitCode.Done, await following.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(_output.All.Count, _output.All.Distinct().Count());
    }

    private Task<int> LogsAsync(params string[] arguments)
    {
        var surroundings = Screens.At(_directory.Path, ("ZURG_MASTER", "http://127.0.0.1:1"), ("ZURG_TOKEN_FILE", "token")) with
        {
            Http = _master,
            WatchOutput = closed => _closed = closed,
        };
        var screen = new Screen(_output, _errors, terminal: false, errorTerminal: false, color: false, width: 0);
        return CommandLine.RunAsync(["logs", .. arguments], screen, surroundings);
    }

    /// <summary>What was written so far, line by line; a test waits for one of them.</summary>
    private sealed class Lines : StringWriter
    {
        private readonly Lock _gate = new();

        public List<string> All
        {
            get
            {
                lock (_gate)
                {
                    return [.. ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
                }
            }
        }

        public override void WriteLine(string? value)
        {
            lock (_gate)
            {
                Write(value + "\n");
            }
        }

        public Task UntilAsync(string line) => Eventually.TrueAsync(() => All.Contains(line), $"'{line}' is shown");
    }
}
