using System.Collections.Immutable;
using System.Globalization;
using Zurg.Agent.Logs;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Core.Releases;

namespace Zurg.Tests.Agent.Hands;

public sealed class AgentHandsTests : IAsyncLifetime
{
    private readonly HandsBench _bench = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Fact]
    public async Task An_instance_is_prepared_started_and_its_end_is_told()
    {
        _bench.AddFile("run", "#!/bin/sh\necho \"$ZURG_INSTANCE $1 $PORT_HTTP $PWD\"\nexit 4\n");
        var assigned = AgentSamples.Assigned(s => s with { Args = ["${host}"], Ports = AgentSamples.Specs(("http", null)) });
        var (launch, _) = await _bench.RunAsync(assigned);
        Assert.Equal(4, (await _bench.NextAsync<AgentInput.Exited>()).Exit.Code);
        var port = launch.Ports[AgentSamples.Http].ToString(CultureInfo.InvariantCulture);
        Assert.Equal($"web.0 host1 {port} {_bench.Paths.Instance(AgentSamples.Web)}\n", await LogAsync());
    }

    [Fact]
    public async Task The_log_of_earlier_incarnations_stays()
    {
        _bench.AddFile("run", "#!/bin/sh\necho \"$ZURG_INCARNATION\" | sed 's,.*/,incarnation ,'\n");
        var assigned = AgentSamples.Assigned();
        for (var incarnation = 1; incarnation <= 2; incarnation++)
        {
            await _bench.StartAsync(assigned, await _bench.PrepareAsync(assigned, incarnation), incarnation);
            var exited = await _bench.NextAsync<AgentInput.Exited>();
            Assert.Equal((incarnation, 0), (exited.Incarnation.Value, exited.Exit.Code));
        }

        Assert.Equal("incarnation 1\nincarnation 2\n", await LogAsync());
    }

    [Fact]
    public async Task A_release_that_is_not_there_holds_the_preparation()
    {
        _bench.ReleaseHold = new Hold(HoldReason.ReleaseUnavailable, "not pushed");
        _bench.Hands.Begin(new AgentEffect.Prepare(AgentSamples.Assigned(), AgentSamples.First));
        Assert.Same(_bench.ReleaseHold, (await _bench.NextAsync<AgentInput.PrepareFailed>()).Hold);
    }

    [Fact]
    public async Task A_release_that_no_key_vouches_for_does_not_run_here_whatever_the_master_says()
    {
        using var key = new SigningKeys();
        var keys = ImmutableSortedDictionary<string, string>.Empty.Add("ci", key.Public);
        var assigned = AgentSamples.Assigned() with { Signing = new SigningTerms(keys, []) };
        _bench.Hands.Begin(new AgentEffect.Prepare(assigned, AgentSamples.First));
        var hold = (await _bench.NextAsync<AgentInput.PrepareFailed>()).Hold;
        Assert.Equal(HoldReason.ReleaseUnsigned, hold.Reason);
        Assert.Contains("zurg release sign", hold.Mend, StringComparison.Ordinal);

        var signed = assigned with { Signing = new SigningTerms(keys, [key.Signature(assigned.Manifest)]) };
        _bench.Hands.Begin(new AgentEffect.Prepare(signed, AgentSamples.First.Next));
        await _bench.NextAsync<AgentInput.Prepared>();
    }

    [Fact]
    public async Task An_executable_that_is_missing_holds_the_start()
    {
        _bench.AddFile("other", "");
        var assigned = AgentSamples.Assigned();
        _bench.Hands.Begin(new AgentEffect.Start(assigned, AgentSamples.First, await _bench.PrepareAsync(assigned)));
        Assert.Equal(HoldReason.ExecutableMissing, (await _bench.NextAsync<AgentInput.StartFailed>()).Hold.Reason);
    }

    [Fact]
    public async Task Ports_given_back_while_a_preparation_was_under_way_are_free_and_it_ends_in_silence()
    {
        _bench.AddFile("run", "#!/bin/sh\n");
        var spec = AgentSamples.Specs(("http", 21999));
        var assigned = AgentSamples.Assigned(s => s with
        {
            Ports = spec,
            Templates = [new TemplateSpec("none", "none", TemplateThen.Nothing)],
        }) with { DependsOn = [new ServiceName("never-heard-of")] };
        _bench.Hands.Begin(new AgentEffect.Prepare(assigned, AgentSamples.First));
        _bench.Hands.Begin(new AgentEffect.ReleasePorts(AgentSamples.Web, AgentSamples.First));
        var other = AgentSamples.Assigned(s => s with { Ports = spec }, "other.0");
        Assert.Equal(21999, (await _bench.PrepareAsync(other)).Ports[AgentSamples.Http]);
    }

    [Fact]
    public async Task A_tree_is_killed_and_TreeGone_comes_after_the_exit()
    {
        _bench.AddFile("run", "#!/bin/sh\ntrap '' TERM\n(trap '' TERM; setsid sleep 61) &\nsleep 60\n");
        var (_, process) = await _bench.RunAsync(AgentSamples.Assigned());
        _bench.Hands.Begin(new AgentEffect.KillTree(AgentSamples.Web, AgentSamples.First, process));
        Assert.Equal(9, (await _bench.NextAsync<AgentInput.Exited>()).Exit.Signal);
        await _bench.NextAsync<AgentInput.TreeGone>();
        Assert.Empty(ProcessTree.Living(process, _bench.Paths.Token(AgentSamples.Web, AgentSamples.First), true));
    }

    [Fact]
    public async Task A_kill_that_comes_right_after_a_start_does_not_miss_it()
    {
        _bench.AddFile("run", "#!/bin/sh\nsleep 60\n");
        var assigned = AgentSamples.Assigned();
        var launch = await _bench.PrepareAsync(assigned);
        _bench.Hands.Begin(new AgentEffect.Start(assigned, AgentSamples.First, launch));
        _bench.Hands.Begin(new AgentEffect.KillTree(AgentSamples.Web, AgentSamples.First, null));
        var process = (await _bench.NextAsync<AgentInput.Started>()).Process;
        await _bench.NextAsync<AgentInput.TreeGone>();
        Assert.False(ProcessStat.IsAlive(process));
    }

    [Fact]
    public async Task What_ran_before_is_prepared_again_and_started_within_the_call_and_its_end_is_told()
    {
        _bench.AddFile("run", "#!/bin/sh\nexit 3\n");
        var assigned = AgentSamples.Assigned(s => s with { Ports = AgentSamples.Specs(("http", null)) });
        Assert.False(_bench.Hands.TryDo(new AgentEffect.Prepare(assigned, AgentSamples.First), kept: true, out _));
        var (launch, process) = await _bench.RunAsync(assigned);
        await _bench.NextAsync<AgentInput.Exited>();
        var kill = new AgentEffect.KillTree(AgentSamples.Web, AgentSamples.First, process);
        Assert.True(_bench.Hands.TryDo(kill, false, out var gone));
        Assert.Equal(new AgentInput.TreeGone(AgentSamples.Web, AgentSamples.First), gone);
        Assert.True(_bench.Hands.TryDo(new AgentEffect.ReleasePorts(AgentSamples.Web, AgentSamples.First), false, out _));

        var second = AgentSamples.First.Next;
        Assert.True(_bench.Hands.TryDo(new AgentEffect.Prepare(assigned, second), kept: false, out var prepared));
        var again = Assert.IsType<AgentInput.Prepared>(prepared).Launch;
        Assert.Equal(launch.Ports, again.Ports);
        var start = new AgentEffect.Start(assigned, second, again);
        Assert.False(_bench.Hands.TryDo(start, kept: false, out _));
        Assert.True(_bench.Hands.TryDo(start, kept: true, out var started));
        Assert.IsType<AgentInput.Started>(started);
        var end = await _bench.NextAsync<AgentInput.Exited>();
        Assert.Equal((second, 3), (end.Incarnation, end.Exit.Code));
    }

    [Fact]
    public async Task What_lives_on_or_changed_is_not_answered_within_the_call()
    {
        _bench.AddFile("run", "#!/bin/sh\n(trap '' HUP; exec sleep 60) &\n");
        var assigned = AgentSamples.Assigned();
        var (_, process) = await _bench.RunAsync(assigned);
        var kill = new AgentEffect.KillTree(AgentSamples.Web, AgentSamples.First, process);
        Assert.False(_bench.Hands.TryDo(kill, false, out _));
        await _bench.NextAsync<AgentInput.Exited>();
        Assert.False(_bench.Hands.TryDo(kill, false, out _));
        _bench.Hands.Begin(kill);
        await _bench.NextAsync<AgentInput.TreeGone>();
        var other = AgentSamples.Assigned(s => s with { Args = ["other"] });
        Assert.False(_bench.Hands.TryDo(new AgentEffect.Prepare(other, AgentSamples.First.Next), false, out _));
        _bench.ReleaseHold = new Hold(HoldReason.ReleaseUnavailable, "gone");
        Assert.False(_bench.Hands.TryDo(new AgentEffect.Prepare(assigned, AgentSamples.First.Next), false, out _));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_restarted_agent_finds_its_process_by_pid_or_by_token_and_hears_its_end(bool pidKnown)
    {
        _bench.AddFile("run", "#!/bin/sh\nwhile :; do sleep 0.05; done\n");
        var assigned = AgentSamples.Assigned();
        var (launch, process) = await _bench.RunAsync(assigned);
        await _bench.RestartAgentAsync();

        // A moment after posix_spawn has returned the kernel does not yet show the new environment.
        var token = $"{ProcessTree.TokenVariable}={_bench.Paths.Token(AgentSamples.Web, AgentSamples.First)}";
        await Processes.ProcessBench.UntilAsync(() => ProcessStat.HasVariable(process.Pid, token), "its environment");
        _bench.Hands.Begin(new AgentEffect.Find(assigned, AgentSamples.First, pidKnown ? process : null, launch));
        Assert.Equal(process, (await _bench.NextAsync<AgentInput.Found>()).Process);
        _bench.Hands.Begin(new AgentEffect.Signal(AgentSamples.Web, AgentSamples.First, process, "TERM"));
        Assert.Equal(15, (await _bench.NextAsync<AgentInput.Exited>()).Exit.Signal);
    }

    [Fact]
    public async Task A_process_whose_pid_is_anothers_by_now_is_not_found()
    {
        _bench.AddFile("run", "#!/bin/sh\nsleep 60\n");
        var assigned = AgentSamples.Assigned();
        var (launch, process) = await _bench.RunAsync(assigned);
        _bench.Hands.Begin(new AgentEffect.Find(assigned, AgentSamples.First, process with { StartTicks = 1 }, launch));
        Assert.Null((await _bench.NextAsync<AgentInput.Found>()).Process);
        _bench.Hands.Begin(new AgentEffect.Find(assigned, AgentSamples.First, process with { BootId = "earlier" }, launch));
        Assert.Null((await _bench.NextAsync<AgentInput.Found>()).Process);
    }

    [Fact]
    public async Task A_template_follows_endpoints_and_settings()
    {
        var solver = new ServiceName("solver");
        _bench.AddFile("run", "#!/bin/sh\nsleep 60\n");
        _bench.AddFile("web.hbs", "{{settings.motto}}:{{#each endpoints.solver}}{{ports.http}},{{/each}}", false);
        var template = new TemplateSpec("web.hbs", "web.conf", TemplateThen.Restart);
        var assigned = AgentSamples.Assigned(s => s with { Templates = [template] }) with { DependsOn = [solver] };
        _bench.Push(AgentSamples.Set("solver", 1, 9001));
        Settings(("motto", "one"));
        await _bench.RunAsync(assigned);
        Assert.Equal("one:9001,", Written());

        _bench.Push(AgentSamples.Set("solver", 2, 9001, 9002));
        Assert.Equal(template, (await _bench.NextAsync<AgentInput.TemplateChanged>()).Template);
        Assert.Equal("one:9001,9002,", Written());

        Settings(("motto", "two"));
        await _bench.NextAsync<AgentInput.TemplateChanged>();
        Assert.Equal("two:9001,9002,", Written());

        Settings(("other", "three"));
        var held = await _bench.NextAsync<AgentInput.TemplateHeld>();
        Assert.Contains("settings.motto", held.Hold?.Text, StringComparison.Ordinal);
        Assert.Equal("two:9001,9002,", Written());
        Settings(("motto", "two"));
        Assert.Null((await _bench.NextAsync<AgentInput.TemplateHeld>()).Hold);

        string Written() => File.ReadAllText(Path.Combine(_bench.Paths.Instance(AgentSamples.Web), "web.conf"));
    }

    [Theory]
    [InlineData(TemplateThen.Nothing)]
    [InlineData(TemplateThen.Reload)]
    [InlineData(TemplateThen.Restart)]
    public async Task Generated_files_go_by_a_set_once_the_process_was_told_and_after_a_restart_only(TemplateThen then)
    {
        var solver = new ServiceName("solver");
        _bench.AddFile("run", "#!/bin/sh\ntrap : HUP\nwhile :; do sleep 0.05; done\n");
        _bench.AddFile("web.hbs", "{{#each endpoints.solver}}{{ports.http}},{{/each}}", false);
        var template = new TemplateSpec("web.hbs", "web.conf", then, then == TemplateThen.Reload ? "HUP" : null);
        var assigned = AgentSamples.Assigned(s => s with { Templates = [template] }) with { DependsOn = [solver] };
        _bench.Push(AgentSamples.Set("solver", 1, 9001));
        var (launch, process) = await _bench.RunAsync(assigned);
        await UsesAsync("web.0#1 joined", "web.0#1 solver 1");

        // Another revision with the same text: nothing has to be told.
        await _bench.PushWhenWatchedAsync(AgentSamples.Set("solver", 2, 9001));
        await UsesAsync("web.0#1 joined", "web.0#1 solver 1", "web.0#1 solver 2");

        _bench.Push(AgentSamples.Set("solver", 3, 9002));
        await _bench.NextAsync<AgentInput.TemplateChanged>();
        if (then == TemplateThen.Reload)
        {
            Assert.Equal(3, _bench.Uses.Count);
            _bench.Hands.Begin(new AgentEffect.Reload(assigned, AgentSamples.First, process, launch, "HUP", default));
        }

        if (then == TemplateThen.Restart)
        {
            _bench.Push(AgentSamples.Set("solver", 4, 9002));
            Settings(("motto", "other"));
            await Task.Delay(200);
            Assert.Equal(3, _bench.Uses.Count);
            _bench.Hands.Begin(new AgentEffect.ReleasePorts(AgentSamples.Web, AgentSamples.First));
            await UsesAsync("web.0#1 joined", "web.0#1 solver 1", "web.0#1 solver 2", "web.0#1 left");
            await _bench.PrepareAsync(assigned, incarnation: 2);
            await UsesAsync("web.0#1 left", "web.0#2 joined", "web.0#2 solver 4");
        }
        else
        {
            await UsesAsync("web.0#1 solver 2", "web.0#1 solver 3");
        }

        Task UsesAsync(params string[] last) => Eventually.TrueAsync(
            () => _bench.Uses.TakeLast(last.Length).SequenceEqual(last), $"{string.Join("; ", last)} is said");
    }

    [Fact]
    public async Task A_restarted_agent_that_has_heard_of_nobody_leaves_generated_files_alone()
    {
        var solver = new ServiceName("solver");
        _bench.AddFile("run", "#!/bin/sh\nsleep 60\n");
        _bench.AddFile("web.hbs", "{{#each endpoints.solver}}{{ports.http}},{{/each}}", false);
        var template = new TemplateSpec("web.hbs", "web.conf", TemplateThen.Restart);
        var assigned = AgentSamples.Assigned(s => s with { Templates = [template] })
            with { DependsOn = [solver] };
        _bench.Push(AgentSamples.Set("solver", 1, 9001));
        var (launch, process) = await _bench.RunAsync(assigned);
        await _bench.RestartAgentAsync();
        _bench.Silence();
        _bench.Hands.Begin(new AgentEffect.Find(assigned, AgentSamples.First, process, launch));
        await _bench.NextAsync<AgentInput.Found>();
        Settings(("motto", "new"));
        var changed = _bench.NextAsync<AgentInput.TemplateChanged>();
        await Task.WhenAny(changed, Task.Delay(300));
        Assert.False(changed.IsCompleted);
        var path = Path.Combine(_bench.Paths.Instance(AgentSamples.Web), "web.conf");
        Assert.Equal("9001,", await File.ReadAllTextAsync(path));

        // Heard of again with other endpoints, it is told at once: the watch was there all the time.
        await _bench.PushWhenWatchedAsync(AgentSamples.Set("solver", 2, 9002));
        await changed;
        Assert.Equal("9002,", await File.ReadAllTextAsync(path));
    }

    [Theory]
    [InlineData(TemplateThen.Reload)]
    [InlineData(TemplateThen.Restart)]
    public async Task A_generated_file_edited_by_hand_is_put_back_and_only_who_reads_it_again_is_told(TemplateThen then)
    {
        _bench.AddFile("run", "#!/bin/sh\nsleep 60\n");
        _bench.AddFile("web.hbs", "{{settings.motto}}", false);
        var template = new TemplateSpec("web.hbs", "web.conf", then, then == TemplateThen.Reload ? "HUP" : null);
        var assigned = AgentSamples.Assigned(s => s with { Templates = [template] });
        Settings(("motto", "one"));
        await _bench.RunAsync(assigned);
        var path = Path.Combine(_bench.Paths.Instance(AgentSamples.Web), "web.conf");

        // Once the watch has looked at the file it knows an edit from what it wrote.
        Settings(("motto", "two"));
        Assert.Equal(template, (await _bench.NextAsync<AgentInput.TemplateChanged>()).Template);
        await File.WriteAllTextAsync(path, "mine");
        var happened = await _bench.NextAsync<AgentInput.Happened>();
        Assert.Equal((EventKind.ConfigRestored, AgentSamples.Web), (happened.Kind, happened.Instance));
        Assert.StartsWith("web.0 on host1: web.conf had been edited by hand: put back", happened.Text, StringComparison.Ordinal);
        Assert.Equal("two", await File.ReadAllTextAsync(path));
        if (then == TemplateThen.Reload)
        {
            Assert.Equal(template, (await _bench.NextAsync<AgentInput.TemplateChanged>()).Template);
        }

        // The next thing that is told of the file is the next change.
        Settings(("motto", "three"));
        Assert.Equal(template, (await _bench.NextAsync<AgentInput.TemplateChanged>()).Template);
        Assert.Equal("three", await File.ReadAllTextAsync(path));
    }

    [Fact]
    public async Task The_environment_of_an_instance_is_what_it_was_started_with_and_what_the_next_start_would_get()
    {
        _bench.AddFile("run", "#!/bin/sh\nsleep 60\n");
        var assigned = AgentSamples.Assigned(s => s with { Ports = AgentSamples.Specs(("http", null)) });
        var (launch, process) = await _bench.RunAsync(assigned);
        Observe(assigned, launch, process);
        var same = _bench.Hands.Answer(new EnvRequest(1, AgentSamples.Web)).Env!;
        Assert.Equal(launch.Env, same.Running);
        Assert.Empty(same.Differs);
        Assert.Equal(launch.Env["PORT_HTTP"], same.Next!["PORT_HTTP"]);

        Observe(AgentSamples.Assigned(s => s with
        {
            Ports = AgentSamples.Specs(("http", null)),
            Env = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add("NEW", "${index}"),
        }), launch, process);
        var other = _bench.Hands.Answer(new EnvRequest(1, AgentSamples.Web)).Env!;
        Assert.Equal(["NEW", "ZURG_SPEC"], other.Differs.Order(StringComparer.Ordinal));
        Assert.Equal("0", other.Next!["NEW"]);
        var absent = _bench.Hands.Answer(new EnvRequest(1, InstanceId.Parse("other.0")));
        Assert.Contains("is not on host1", absent.Problem, StringComparison.Ordinal);

        void Observe(AssignedInstance now, Launch started, ProcessIdentity running) => _bench.Hands.Observe(new AgentState
        {
            Host = new HostId("host1"),
            Instances = ImmutableSortedDictionary<InstanceId, InstanceState>.Empty.Add(AgentSamples.Web, new InstanceState
            {
                Assigned = now, Incarnation = AgentSamples.First, Phase = InstancePhase.Running, Since = default,
                Launch = started, Process = running,
            }),
        });
    }

    [RootFact]
    public async Task An_instance_of_another_user_can_write_into_its_directory()
    {
        _bench.AddFile("run", "#!/bin/sh\nid -un > who && cat who\n");
        await _bench.RunAsync(AgentSamples.Assigned(s => s with { User = "nobody" }));
        Assert.Equal(0, (await _bench.NextAsync<AgentInput.Exited>()).Exit.Code);
        Assert.Equal("nobody\n", await LogAsync());
    }

    private void Settings(params (string Name, string Value)[] settings) => _bench.Settings(settings);

    private async Task<string> LogAsync() => (await new LogReader(_bench.Paths, TimeProvider.System)
        .ReadAsync(new LogRequest(1, AgentSamples.Web, 0, 4096, TimeSpan.FromSeconds(5)), CancellationToken.None)).Text;
}
