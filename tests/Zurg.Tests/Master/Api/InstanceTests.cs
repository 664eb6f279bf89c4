using Zurg.Protocol;
using Zurg.Tests.Core.Intent;
using Zurg.Tests.Master.Agents;

namespace Zurg.Tests.Master.Api;

public sealed class InstanceTests : IAsyncLifetime
{
    private static readonly InstanceId Web0 = InstanceId.Parse("web.0");
    private TestMaster _master = null!;
    private TestAgent _agent = null!;

    public async Task InitializeAsync()
    {
        _master = await TestMaster.StartAsync();
        await _master.PushAsync("web@1.0.0");
        _agent = await TestAgent.JoinAsync(_master, "host1");
        await _agent.SendAsync(TestAgent.Report(1));
        await TestMaster.ReadAsync(
            await _master.ApplyAsync("services: { web: { release: 1.0.0, run: run } }\n"), WireJson.Default.ApplyResult);
        await _agent.ReadAsync(m => m.Assignment is { Instances.IsEmpty: false } assignment ? assignment : null);
    }

    public async Task DisposeAsync()
    {
        _agent.Dispose();
        await _master.DisposeAsync();
    }

    [Fact]
    public async Task The_versions_of_generated_files_and_their_texts_are_asked_of_the_agent()
    {
        var version = new ConfigVersion
        {
            Number = 3, Instance = Web0, File = "web.conf", At = DateTimeOffset.UnixEpoch, Digest = Digest.Of("x"u8), Bytes = 1,
            ByHand = false, Why = "first rendered",
        };
        var listing = _master.GetAsync("/v1/instances/web.0/configs", WireJson.Default.ImmutableArrayConfigVersion);
        var ask = await _agent.ReadAsync(m => m.Configs);
        Assert.Equal((Web0, (long?)null), (ask.Instance, ask.Version));
        await _agent.SendAsync(new AgentMessage { Configs = new ConfigAnswer { Nonce = ask.Nonce, Versions = [version] } });
        Assert.Equal(version, Assert.Single(await listing));

        var showing = _master.GetAsync("/v1/instances/web.0/configs/3", WireJson.Default.ConfigText);
        await AnswerAsync(0, new ConfigAnswer { Nonce = 0, Versions = [version], Text = "one ", Next = 4 });
        await AnswerAsync(4, new ConfigAnswer { Nonce = 0, Versions = [version], Text = "two" });
        Assert.Equal("one two", (await showing).Text);

        var absent = _master.Http.GetAsync("/v1/instances/web.0/configs/9");
        await AnswerAsync(0, new ConfigAnswer { Nonce = 0, Problem = "too old" });
        Assert.Equal("too old", (await TestMaster.ProblemAsync(await absent, 404)).Detail);
    }

    [Fact]
    public async Task The_environment_is_asked_of_the_agent()
    {
        var asking = _master.GetAsync("/v1/instances/web.0/env", WireJson.Default.InstanceEnv);
        var ask = await _agent.ReadAsync(m => m.Env);
        var env = new InstanceEnv { Instance = Web0, Host = new HostId("host1"), Running = Drafts.Map(("A", "b")) };
        await _agent.SendAsync(new AgentMessage { Env = new EnvAnswer { Nonce = ask.Nonce, Env = env } });
        Assert.Equal("b", (await asking).Running!["A"]);

        var gone = _master.Http.GetAsync("/v1/instances/web.0/env");
        ask = await _agent.ReadAsync(m => m.Env);
        await _agent.SendAsync(new AgentMessage { Env = new EnvAnswer { Nonce = ask.Nonce, Problem = "it is not here" } });
        Assert.Equal("it is not here", (await TestMaster.ProblemAsync(await gone, 503)).Detail);
        await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/instances/web.7/env"), 404);
    }

    private async Task AnswerAsync(int offset, ConfigAnswer answer)
    {
        var ask = await _agent.ReadAsync(m => m.Configs);
        Assert.Equal(offset, ask.Offset);
        await _agent.SendAsync(new AgentMessage { Configs = answer with { Nonce = ask.Nonce } });
    }
}
