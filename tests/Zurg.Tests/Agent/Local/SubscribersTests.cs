using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent.Local;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;
using static Zurg.Tests.Agent.Local.NamingFixtures;

namespace Zurg.Tests.Agent.Local;

/// <summary>Real processes on a real socket: what of them is waited for.</summary>
public sealed class SubscribersTests : IAsyncLifetime
{
    private readonly List<Process> _processes = [];
    private LocalAgent _agent = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _agent = await LocalAgent.StartAsync();
        _http = _agent.NewClient();
    }

    public async Task DisposeAsync()
    {
        foreach (var process in _processes)
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
        }

        _http.Dispose();
        await _agent.DisposeAsync();
    }

    [Fact]
    public async Task Whoever_asks_reads_or_subscribes_is_noted_as_a_client()
    {
        _agent.Naming.Take(Set("web", 1));
        await _http.GetStringAsync("/v1/services/web");
        var asked = Assert.Single(_agent.Uses.Book.Lines.Values).Sighting;
        Assert.Equal((UseEvidence.Asked, Environment.ProcessId), (asked.Evidence, asked.Pid));

        using (var lines = await WatchAsync("/v1/services/other?watch=true"))
        {
            await Eventually.TrueAsync(() => Followed() == "other", "the reader of the stream is known");
            Assert.Empty(_agent.Subscribers.Followers());
        }

        await Eventually.TrueAsync(() => !_agent.Uses.Streams().Any(), "it has gone");
        await _http.GetStringAsync("/v1/services/web?after=0&wait=1s");
        Assert.Equal("other web", Followed());
        Assert.Equal(Service("web"), Assert.Single(_agent.Subscribers.Followers()).Service);

        var instance = InstanceId.Parse("front.0");
        _agent.Subscribers.TryJoin(Service("web"), OwnSubscribers.OfFiles(instance, new Incarnation(1)), "files");
        _agent.Subscribers.TryJoin(Service("web"), OwnSubscribers.OfRelay(1), "carried");
        Assert.Equal([null, instance], _agent.Subscribers.Followers().Select(f => f.Files).Order());

        string Followed() => string.Join(' ', _agent.Uses.Book.Lines.Keys
            .Where(k => k.Evidence == UseEvidence.Follows).Select(k => k.Service.Value));
    }

    [Fact]
    public void One_process_cannot_use_up_the_account_of_everybody()
    {
        var quiet = new Subscribers(TimeProvider.System, _ => { }, null);
        var (greedy, modest) = (new ProcessIdentity(1, 1, "boot"), new ProcessIdentity(2, 1, "boot"));
        var services = Enumerable.Range(0, 10).Select(i => Service($"s{i}")).ToArray();
        Assert.Equal(Subscribers.UsesMax / 2, JoinAll(greedy));
        Assert.Equal(Subscribers.UsesOfOneMax, JoinAll(modest));

        // What is left is kept for what this agent follows for its instances.
        for (var i = Subscribers.UsesMax / 2 + Subscribers.UsesOfOneMax; i < Subscribers.UsesMax; i++)
        {
            var isScarce = i >= Subscribers.UsesMax - Subscribers.OwnUses;
            Assert.True(quiet.TryJoin(services[0], OwnSubscribers.OfRelay(i), "carried"));
            Assert.True(!isScarce || JoinAll(new ProcessIdentity(3, 1, "boot")) == 0);
        }

        Assert.False(quiet.TryJoin(services[0], OwnSubscribers.OfRelay(0), "carried"));

        int JoinAll(ProcessIdentity process) => Enumerable.Range(0, Subscribers.UsesMax).TakeWhile(i =>
            quiet.TryJoin(services[i % 10], new SubscriberId(process, $"{i}"), "greedy")).Count();
    }

    /// <summary>An agent that lost sets gives out an older one, is killed, and its successor has the newer one again.</summary>
    [Fact]
    public async Task What_a_subscriber_is_lowered_to_is_known_to_the_next_agent_also_after_a_kill()
    {
        using var directory = new TemporaryDirectory();
        var reader = new SubscriberId(ProcessStat.Read(Environment.ProcessId)!.Value.Identity, "reader");
        var before = Load();
        before.Took(Service("web"), new Revision(6));
        before.TryJoin(Service("web"), reader, "reader");
        before.Tell(Service("web"), reader, new Revision(6));
        before.Confirm(Service("web"), reader, new Revision(6));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => before.RunAsync(new CancellationToken(canceled: true)));

        var killed = Load();
        killed.Took(Service("web"), new Revision(5));
        killed.Tell(Service("web"), reader, new Revision(5));

        var next = Load();
        next.Took(Service("web"), new Revision(6));
        Assert.Equal(new Revision(5), Assert.Single(next.Word().Services).Revision);

        Subscribers Load()
        {
            var file = new SubscribersFile(Path.Join(directory.Path, "subscribers"), NullLogger<SubscribersFile>.Instance);
            var subscribers = new Subscribers(TimeProvider.System, _ => { }, file);
            subscribers.Load();
            return subscribers;
        }
    }

    [Fact]
    public async Task A_service_that_only_observers_read_is_confirmed_as_soon_as_it_is_here()
    {
        _agent.Naming.Take(Set("web", 1));
        using var lines = await WatchAsync("/v1/services/web?watch=true");
        Assert.Contains("\"revision\":1", await lines.ReadLineAsync().WaitAsync(Eventually.Deadline), StringComparison.Ordinal);
        _agent.Naming.Take(Set("web", 2));
        await SaysAsync("2");
    }

    [Theory]
    [InlineData("/v1/services/web?watch=true&confirm=true")]
    [InlineData("/v1/watch?service=web&service=solver&confirm=true")]
    public async Task A_reader_that_promised_to_confirm_is_late_until_it_has(string path)
    {
        _agent.Naming.Take(Set("web", 1));
        using var lines = await WatchAsync(path);
        Assert.Contains("\"revision\":1", await lines.ReadLineAsync().WaitAsync(Eventually.Deadline), StringComparison.Ordinal);
        _agent.Naming.Take(Set("web", 2));
        Assert.Contains("\"revision\":2", await lines.ReadLineAsync().WaitAsync(Eventually.Deadline), StringComparison.Ordinal);
        await LateAsync($"process {Environment.ProcessId} ");

        Assert.Equal(HttpStatusCode.NoContent, await ConfirmAsync("""{"service":"web","revision":2}"""));
        await SaysAsync("2");
    }

    [Fact]
    public async Task A_broken_stream_is_a_silent_subscriber_until_it_says_goodbye()
    {
        _agent.Naming.Take(Set("web", 1));
        using (var lines = await WatchAsync("/v1/services/web?watch=true&confirm=true"))
        {
            await lines.ReadLineAsync().WaitAsync(Eventually.Deadline);
        }

        _agent.Naming.Take(Set("web", 2));
        await LateAsync($"process {Environment.ProcessId} ");
        Assert.Equal(HttpStatusCode.NoContent, (await _http.DeleteAsync("/v1/confirm?service=web")).StatusCode);
        await SaysAsync("2");
        Assert.Equal(HttpStatusCode.NotFound, (await _http.DeleteAsync("/v1/confirm?service=web")).StatusCode);
    }

    [Fact]
    public async Task A_stopped_process_stays_late_and_a_killed_one_is_gone_at_once()
    {
        _agent.Naming.Take(Set("web", 1));
        var reader = Start("curl", "-sN", "--unix-socket", _agent.SocketPath, "http://a/v1/services/web?watch=true&confirm=true");
        var first = await reader.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Deadline);
        Assert.Contains("\"revision\":1", first, StringComparison.Ordinal);
        await SignalAsync(reader, "STOP");
        _agent.Naming.Take(Set("web", 2));
        _agent.Naming.Take(Set("web", 3));
        await LateAsync($"process {reader.Id} (curl ");
        // Longer than the look at processes takes, which must not find it gone.
        await Task.Delay(Zurg.Agent.Local.Subscribers.LookSoon * 4);
        await LateAsync($"process {reader.Id} (curl ");

        reader.Kill();
        await SaysAsync("3");
    }

    [Fact]
    public async Task Long_polling_confirms_what_it_asks_beyond()
    {
        _agent.Naming.Take(Set("web", 4));
        Assert.Contains("\"revision\":4", await PollAsync("after=0"), StringComparison.Ordinal);
        _agent.Naming.Take(Set("web", 5));
        await LateAsync($"process {Environment.ProcessId} ", uses: 4);
        Assert.Contains("\"revision\":5", await PollAsync("after=4&wait=10s"), StringComparison.Ordinal);
        await LateAsync($"process {Environment.ProcessId} ", uses: 4);
        var waiting = PollAsync("after=5&wait=30s");
        await SaysAsync("5");
        Assert.False(waiting.IsCompleted);
        _agent.Naming.Take(Set("web", 6));
        Assert.Contains("\"revision\":6", await waiting.WaitAsync(Eventually.Deadline), StringComparison.Ordinal);
        Assert.Contains("\"revision\":6", await PollAsync("after=6&wait=1ms"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shell_is_waited_for_though_its_curl_has_ended()
    {
        _agent.Naming.Take(Set("web", 1));
        var shell = Start("sh", "-c",
            $"curl -s --unix-socket {_agent.SocketPath} \"http://a/v1/services/web?after=0&process=$$\"; exec sleep 600");
        await shell.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Deadline);
        _agent.Naming.Take(Set("web", 2));
        await LateAsync($"process {shell.Id} (");
        await Task.Delay(Zurg.Agent.Local.Subscribers.LookSoon * 4);
        await LateAsync($"process {shell.Id} (");
        shell.Kill();
        await SaysAsync("2");
    }

    [Fact]
    public async Task An_agent_that_was_killed_has_a_successor_that_waits_for_the_same_processes()
    {
        _agent.Naming.Take(Set("web", 1));
        var reader = Start("curl", "-sN", "--unix-socket", _agent.SocketPath, "http://a/v1/services/web?watch=true&confirm=true");
        await reader.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Deadline);
        await SignalAsync(reader, "STOP");
        await WrittenAsync("\"at_least\":1");

        await _agent.RestartAsync();
        Assert.Equal("web", _agent.Subscribed);
        _agent.Naming.Take(Set("web", 2));
        await LateAsync($"process {reader.Id} (curl ");
        await Task.Delay(Zurg.Agent.Local.Subscribers.LookSoon * 4);
        await LateAsync($"process {reader.Id} (curl ");

        reader.Kill();
        await SaysAsync("2");
    }

    [Fact]
    public async Task A_successor_says_again_what_an_earlier_subscriber_confirmed_and_more_only_when_it_does()
    {
        _agent.Naming.Take(Set("web", 4));
        await PollAsync("after=0");
        await ConfirmAsync("""{"service":"web","revision":4}""");
        await WrittenAsync("\"at_least\":4");

        await _agent.RestartAsync();
        _agent.Naming.Take(Set("web", 5));
        await LateAsync($"process {Environment.ProcessId} ", uses: 4);
        await _agent.ListenAsync();
        Assert.Equal(HttpStatusCode.NoContent, await ConfirmAsync("""{"service":"web","revision":5}"""));
        await SaysAsync("5");
    }

    [Fact]
    public async Task Who_said_goodbye_or_ended_while_no_agent_was_there_is_not_waited_for_and_a_broken_line_costs_only_itself()
    {
        _agent.Naming.Take(Set("web", 1));
        await PollAsync("after=0&part=goes");
        await _http.DeleteAsync("/v1/confirm?service=web&part=goes");
        var reader = Start("curl", "-sN", "--unix-socket", _agent.SocketPath, "http://a/v1/services/web?watch=true&confirm=true");
        await reader.StandardOutput.ReadLineAsync().WaitAsync(Eventually.Deadline);
        await Eventually.TrueAsync(
            () => !File.ReadAllText(_agent.Directory["subscribers"]).Contains("goes", StringComparison.Ordinal), "goodbye kept");
        await File.AppendAllTextAsync(_agent.Directory["subscribers"], """{"service":"web","pid":""");
        reader.Kill();
        await reader.WaitForExitAsync();

        await _agent.RestartAsync();
        _agent.Naming.Take(Set("web", 2));
        await SaysAsync("2");
        Assert.Equal("", File.ReadAllText(_agent.Directory["subscribers"]));
    }

    [Theory]
    [InlineData("""{"service":"web","revision":3}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"service":"web","revision":-1}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"service":"No Name","revision":1}""", HttpStatusCode.BadRequest)]
    [InlineData("""{"service":"web"}""", HttpStatusCode.BadRequest)]
    [InlineData("nonsense", HttpStatusCode.BadRequest)]
    [InlineData("", HttpStatusCode.BadRequest)]
    [InlineData("""{"service":"solver","revision":1}""", HttpStatusCode.NotFound)]
    public async Task Nonsense_confirms_nothing_and_is_told_why(string body, HttpStatusCode status)
    {
        _agent.Naming.Take(Set("web", 2));
        _agent.Naming.Take(Set("solver", 2));
        await PollAsync("after=0");
        Assert.Equal(status, await ConfirmAsync(body));
        Assert.Equal(HttpStatusCode.BadRequest, await ConfirmAsync(new string(' ', 5000) + """{"service":"web","revision":2}"""));
    }

    [Theory]
    [InlineData("after=x")]
    [InlineData("after=-1")]
    [InlineData("after=1&wait=30")]
    [InlineData("after=1&wait=1d")]
    [InlineData("after=1&process=999999999")]
    [InlineData("after=1&process=0")]
    [InlineData("after=1&part=a%20b")]
    public async Task A_bad_long_poll_is_refused(string query) =>
        Assert.Equal(HttpStatusCode.BadRequest, (await _http.GetAsync($"/v1/services/web?{query}")).StatusCode);

    [Fact]
    public async Task A_service_with_a_silent_subscriber_stays_subscribed()
    {
        _agent.Naming.Take(Set("web", 1));
        await PollAsync("after=0");
        Assert.True(_agent.Subscribers.Follows(Service("web")));
        _agent.Subscribers.Forget(Service("web"));
        Assert.True(_agent.Subscribers.Follows(Service("web")));
    }

    private async Task<StreamReader> WatchAsync(string path)
    {
        var answer = await _http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        return new StreamReader(await answer.Content.ReadAsStreamAsync());
    }

    private Task<string> PollAsync(string query) => _http.GetStringAsync($"/v1/services/web?{query}");

    private async Task<HttpStatusCode> ConfirmAsync(string body) => (await _http.PostAsync(
        "/v1/confirm", new StringContent(body, Encoding.UTF8, "application/json"))).StatusCode;

    private Task SaysAsync(string word) => Eventually.TrueAsync(
        () => _agent.Said("web") == word, $"says {word} of web, not {_agent.Said("web")}");

    private Task WrittenAsync(string part) => Eventually.TrueAsync(
        () => File.ReadAllText(_agent.Directory["subscribers"]).Contains(part, StringComparison.Ordinal),
        $"{part} is written down");

    private Task LateAsync(string who, long uses = 1) => Eventually.TrueAsync(
        () => _agent.Said("web").StartsWith($"{uses} [{who}", StringComparison.Ordinal), $"{who} is late: {_agent.Said("web")}");

    private async Task SignalAsync(Process process, string signal) =>
        await Start("kill", $"-{signal}", $"{process.Id}").WaitForExitAsync().WaitAsync(Eventually.Deadline);

    private Process Start(string program, params string[] arguments)
    {
        var how = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false };
        var process = Process.Start(how)!;
        _processes.Add(process);
        return process;
    }
}
