using Zurg.Protocol;
using Zurg.Tests.Core.Cores;
using Zurg.Tests.Master.Agents;

namespace Zurg.Tests.Master.Api;

public sealed class CoreTests : IAsyncLifetime
{
    private TestMaster _master = null!;
    private TestAgent _agent = null!;

    public async Task InitializeAsync()
    {
        _master = await TestMaster.StartAsync();
        _agent = await TestAgent.JoinAsync(_master, "host1");
        await _agent.SendAsync(TestAgent.Report(1));
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while ((await _master.GetAsync("/v1/hosts", WireJson.Default.ImmutableArrayHostStatus)).IsEmpty)
        {
            await Task.Delay(10, late.Token);
        }
    }

    public async Task DisposeAsync()
    {
        _agent.Dispose();
        await _master.DisposeAsync();
    }

    [Fact]
    public async Task Dumps_of_all_hosts_are_listed_and_a_host_that_does_not_answer_is_named()
    {
        var listing = _master.GetAsync("/v1/cores?service=web", WireJson.Default.CoreList);
        await AnswerAsync(
            null, 0, new CoreAnswer { Nonce = 0, Cores = [CoreSamples.Dump("web.0", 7), CoreSamples.Dump("db.0", 8)] });
        var list = await listing;
        Assert.Equal(["web.0-7"], list.Cores.Select(c => c.Id));
        Assert.Empty(list.Silent);

        listing = _master.GetAsync("/v1/cores", WireJson.Default.CoreList);
        await AnswerAsync(null, 0, new CoreAnswer { Nonce = 0, Problem = "busy" });
        Assert.Equal(["host1"], (await listing).Silent.Select(h => h.Value));
    }

    [Fact]
    public async Task A_dump_comes_in_pieces_and_runs_of_zeros_are_sent_as_such()
    {
        var getting = _master.Http.GetByteArrayAsync("/v1/hosts/host1/cores/web.0-7");
        await AnswerAsync("web.0-7", 0, new CoreAnswer { Nonce = 0, Bytes = "head"u8.ToArray() });
        await AnswerAsync("web.0-7", 4, new CoreAnswer { Nonce = 0, Zeros = 100_000 });
        await AnswerAsync("web.0-7", 100_004, new CoreAnswer { Nonce = 0, Bytes = "tail"u8.ToArray() });
        await AnswerAsync("web.0-7", 100_008, new CoreAnswer { Nonce = 0 });
        var got = await getting;
        Assert.Equal([.. "head"u8, .. new byte[100_000], .. "tail"u8], got);
    }

    [Fact]
    public async Task One_that_breaks_off_does_not_look_whole()
    {
        var getting = _master.Http.GetByteArrayAsync("/v1/hosts/host1/cores/web.0-7?offset=10");
        await AnswerAsync("web.0-7", 10, new CoreAnswer { Nonce = 0, Bytes = "head"u8.ToArray() });
        await AnswerAsync("web.0-7", 14, new CoreAnswer { Nonce = 0, Problem = "it is gone" });
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => getting);
    }

    [Fact]
    public async Task What_is_not_there_is_said()
    {
        var gone = _master.Http.GetAsync("/v1/hosts/host1/cores/web.0-9");
        await AnswerAsync("web.0-9", 0, new CoreAnswer { Nonce = 0, Problem = "there is no core dump web.0-9 here any more" });
        Assert.Contains("any more", (await TestMaster.ProblemAsync(await gone, 404)).Detail, StringComparison.Ordinal);
        await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/hosts/host9/cores/web.0-9"), 404);
    }

    private async Task AnswerAsync(string? core, long offset, CoreAnswer answer)
    {
        var ask = await _agent.ReadAsync(m => m.Cores);
        Assert.Equal((core, offset), (ask.Core, ask.Offset));
        await _agent.SendAsync(new AgentMessage { Cores = answer with { Nonce = ask.Nonce } });
    }
}
