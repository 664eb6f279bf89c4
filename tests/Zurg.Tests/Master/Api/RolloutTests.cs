using System.Net;
using System.Text;
using System.Text.Json;
using Zurg.Protocol;
using Zurg.Tests.Master.Agents;

namespace Zurg.Tests.Master.Api;

public sealed class RolloutTests : IAsyncLifetime
{
    private const string Yaml = "# ours\nservices:\n  web:   # the front\n    release: 1.0.0   # see the wiki\n    run: run\n";
    private TestMaster _master = null!;

    public async Task InitializeAsync()
    {
        _master = await TestMaster.StartAsync();
        await _master.PushAsync("web@1.0.0");
        await _master.PushAsync("web@1.1.0");
        await TestMaster.ReadAsync(await _master.ApplyAsync(Yaml), WireJson.Default.ApplyResult);
    }

    public async Task DisposeAsync() => await _master.DisposeAsync();

    [Fact]
    public async Task A_start_changes_one_value_of_the_newest_text_and_applies_it()
    {
        var started = await TestMaster.ReadAsync(
            await StartAsync("web", "1.1.0", "\"1\"", "?author=ann"), WireJson.Default.RolloutStarted);

        var spec = await _master.GetAsync("/v1/spec", WireJson.Default.AppliedSpec);
        Assert.Equal((new SpecNumber(2), "ann"), (spec.Number, spec.Author));
        Assert.Equal(new SpecNumber(2), started.Spec);
        Assert.Equal("web goes from 1.0.0 to 1.1.0, as spec 2", started.Text);
        Assert.Equal(Yaml.Replace("1.0.0", "1.1.0", StringComparison.Ordinal), spec.Text);
    }

    [Fact]
    public async Task A_start_that_cannot_be_is_refused_and_says_what_would_be_right()
    {
        Assert.Contains(
            "did you mean '1.1.0'?", (await TestMaster.ProblemAsync(await StartAsync("web", "1.1.O"), 404)).Mend,
            StringComparison.Ordinal);
        Assert.Contains(
            "did you mean 'web'?", (await TestMaster.ProblemAsync(await StartAsync("wep", "1.1.0"), 404)).Mend,
            StringComparison.Ordinal);
        var same = await TestMaster.ProblemAsync(await StartAsync("web", "1.0.0"), 409);
        Assert.StartsWith("web has 1.0.0 already", same.Detail, StringComparison.Ordinal);
        await TestMaster.ProblemAsync(await StartAsync("web", "1 1"), 400);
        await TestMaster.ProblemAsync(await StartAsync("web", "web@"), 400);
        await TestMaster.ProblemAsync(await StartAsync("web", "1.1.0", ifMatch: null), 428);
        var stale = await TestMaster.ProblemAsync(await StartAsync("web", "1.1.0", "\"7\""), 409);
        Assert.Contains("the newest spec is 1", stale.Detail, StringComparison.Ordinal);
        Assert.Equal(new SpecNumber(1), (await _master.GetAsync("/v1/spec", WireJson.Default.AppliedSpec)).Number);
    }

    [Fact]
    public async Task Of_two_starts_at_once_one_wins_and_the_other_is_told_of_it()
    {
        await _master.PushAsync("web@1.2.0");
        var answers = await Task.WhenAll(
            StartAsync("web", "1.1.0", "\"1\"", "?author=ann"), StartAsync("web", "1.2.0", "\"1\"", "?author=bob"));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.Accepted);
        var lost = await TestMaster.ProblemAsync(answers.Single(a => a.StatusCode != HttpStatusCode.Accepted), 409);
        Assert.Contains("the newest spec is 2, applied by ", lost.Detail, StringComparison.Ordinal);
        Assert.EndsWith(" UTC: this start is based on another one", lost.Detail, StringComparison.Ordinal);
        Assert.Matches("zurg spec diff; if it still is to be: zurg rollout start web 1.[12].0$", lost.Mend);
    }

    [Fact]
    public async Task Words_without_a_rollout_are_refused()
    {
        foreach (var word in new[] { "pause", "resume", "promote", "promote?all=true", "abort" })
        {
            await TestMaster.ProblemAsync(await PostAsync($"services/web/rollout/{word}"), 409);
            var unknown = await TestMaster.ProblemAsync(await PostAsync($"services/wep/rollout/{word}"), 404);
            Assert.Equal("did you mean 'web'?", unknown.Mend);
        }

        await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/services/wep/rollout"), 404);
    }

    [Fact]
    public async Task Words_on_a_rollout_are_written_down_once_with_their_author_and_what_was_taken_back_is_tried_again()
    {
        using var agent = await JoinedAsync();
        using var ending = new CancellationTokenSource();
        var obeying = ObeyAsync(agent, ending.Token);
        await UntilAsync(r => r.Rollout.Phase == RolloutPhase.Completed && r.OnTargetReady == 1);
        var manual = Yaml + "    update: { promote: manual, canary: 1, batch: 1 }\n    instances: 2\n";
        await TestMaster.ReadAsync(await _master.ApplyAsync(manual), WireJson.Default.ApplyResult);
        await UntilAsync(r => r.Rollout.Phase == RolloutPhase.Completed && r.OnTargetReady == 2);
        var started = await TestMaster.ReadAsync(await StartAsync("web", "1.1.0"), WireJson.Default.RolloutStarted);
        var waits = await UntilAsync(r => r.Rollout.Number > started.After && r.WaitsForPromotion);
        var number = waits.Rollout.Number;

        await AcceptedAsync("pause?author=ann");
        var twice = await TestMaster.ProblemAsync(await PostAsync("services/web/rollout/pause?author=bob"), 409);
        Assert.Contains("is paused already, by ann", twice.Detail, StringComparison.Ordinal);
        await TestMaster.ProblemAsync(await PostAsync("services/web/rollout/promote"), 409);
        await TestMaster.ProblemAsync(await PostAsync($"services/web/rollout/resume?number={number - 1}"), 409);
        Assert.True((await UntilAsync(_ => true)).Paused);
        await AcceptedAsync($"resume?number={number}&author=bob");
        await TestMaster.ProblemAsync(await PostAsync("services/web/rollout/resume"), 409);

        await AcceptedAsync("abort?author=ann");
        var back = await UntilAsync(r => r.Rollout is { Phase: RolloutPhase.Completed, Refused: not null });
        Assert.Contains("ann aborted it", back.Rollout.Reason, StringComparison.Ordinal);
        await TestMaster.ProblemAsync(await PostAsync("services/web/rollout/abort"), 409);
        var again = await TestMaster.ReadAsync(
            await StartAsync("web", "1.1.0", query: "?author=bob"), WireJson.Default.RolloutStarted);
        Assert.Equal(("web tries 1.1.0 again", number), (again.Text, again.After));
        await UntilAsync(r => r.Rollout.Number > number && r.WaitsForPromotion);
        await AcceptedAsync("promote?all=true");
        var whole = await UntilAsync(r => r.Rollout is { Phase: RolloutPhase.Completed, Refused: null });
        var listed = await _master.GetAsync("/v1/rollouts", WireJson.Default.ImmutableArrayRolloutStatus);
        Assert.Equal(whole.Rollout.Number, Assert.Single(listed).Rollout.Number);

        var events = await _master.GetAsync("/v1/events?service=web", WireJson.Default.ImmutableArrayEventRecord);
        Assert.Contains(
            events, e => e.Kind == EventKind.RolloutPaused && e.Text.StartsWith("ann: rollout", StringComparison.Ordinal));
        Assert.Contains(events, e => e.Kind == EventKind.RolloutStarted && e.Text == "bob wants web to try 1.1.0 again");
        await ending.CancelAsync();
        await obeying;
    }

    [Fact]
    public async Task A_host_is_drained_once_and_undrained_once_each_with_its_author()
    {
        using var agent = await JoinedAsync();

        var unknown = await TestMaster.ProblemAsync(await PostAsync("hosts/hots1/drain"), 404);
        Assert.Equal("did you mean 'host1'?", unknown.Mend);
        await TestMaster.ProblemAsync(await PostAsync("hosts/host1/undrain"), 409);

        var drain = new HostDrain("new\u001b[31m disks");
        using var body = new StringContent(
            JsonSerializer.Serialize(drain, WireJson.Default.HostDrain), Encoding.UTF8, "application/json");
        var done = await _master.Http.PostAsync("/v1/hosts/host1/drain?author=ann", body);
        Assert.Equal(HttpStatusCode.Accepted, done.StatusCode);
        var again = await TestMaster.ProblemAsync(await PostAsync("hosts/host1/drain?author=bob"), 409);
        Assert.Contains("host1 is drained already, by ann at ", again.Detail, StringComparison.Ordinal);
        Assert.EndsWith(": new[31m disks", again.Detail, StringComparison.Ordinal);
        var host = await _master.GetAsync("/v1/hosts/host1", WireJson.Default.HostStatus);
        Assert.Equal(("ann", "new[31m disks"), (host.Drained?.By, host.Drained?.Why));

        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync("hosts/host1/undrain?author=bob")).StatusCode);
        Assert.Null((await _master.GetAsync("/v1/hosts/host1", WireJson.Default.HostStatus)).Drained);
        var events = await _master.GetAsync("/v1/events?host=host1", WireJson.Default.ImmutableArrayEventRecord);
        Assert.Equal(
            ["host1 is to be emptied, as ann asked: new[31m disks", "host1 takes instances again, as bob asked"],
            events.Where(e => e.Kind is EventKind.HostDrained or EventKind.HostUndrained).OrderBy(e => e.Id).Select(e => e.Text));
    }

    [Fact]
    public async Task Of_many_drains_at_once_one_is_written_down()
    {
        using var agent = await JoinedAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => PostAsync($"hosts/host1/drain?author=a{i}")));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.Accepted);
        Assert.Equal(7, answers.Count(a => a.StatusCode == HttpStatusCode.Conflict));
    }

    private async Task AcceptedAsync(string word)
    {
        var answer = await PostAsync($"services/web/rollout/{word}");
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
    }

    private async Task<RolloutStatus> UntilAsync(Func<RolloutStatus, bool> condition)
    {
        using var late = new CancellationTokenSource(TestMaster.Deadline);
        while (true)
        {
            using var answer = await _master.Http.GetAsync("/v1/services/web/rollout", late.Token);
            if (answer.IsSuccessStatusCode
                && await TestMaster.ReadAsync(answer, WireJson.Default.RolloutStatus) is var status && condition(status))
            {
                return status;
            }

            await Task.Delay(5, late.Token);
        }
    }

    /// <summary>Says of each assignment at once, and then again and again, that all of it runs.</summary>
    private static async Task ObeyAsync(TestAgent agent, CancellationToken stop)
    {
        Assignment? newest = null;
        var next = agent.ReadAsync(m => m.Assignment);
        for (var number = 2L; !stop.IsCancellationRequested; number++)
        {
            if (await Task.WhenAny(next, Task.Delay(200, CancellationToken.None)) == next)
            {
                newest = await next;
                next = agent.ReadAsync(m => m.Assignment);
            }

            if (newest is not null)
            {
                await agent.SendAsync(TestAgent.Running(number, newest));
            }
        }

        agent.Dispose();
        await Task.WhenAny(next);
    }

    private async Task<TestAgent> JoinedAsync()
    {
        var agent = await TestAgent.JoinAsync(_master, "host1");
        await agent.SendAsync(TestAgent.Report(1));
        using var late = new CancellationTokenSource(TestMaster.Deadline);
        while ((await _master.GetAsync("/v1/hosts", WireJson.Default.ImmutableArrayHostStatus)).IsEmpty)
        {
            await Task.Delay(5, late.Token);
        }

        return agent;
    }

    private async Task<HttpResponseMessage> StartAsync(string service, string release, string? ifMatch = "*", string query = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/services/{service}/rollout/start{query}")
        {
            Content = new StringContent(
                JsonSerializer.Serialize(new RolloutStart(release), WireJson.Default.RolloutStart), Encoding.UTF8,
                "application/json"),
        };
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        return await _master.Http.SendAsync(request);
    }

    private Task<HttpResponseMessage> PostAsync(string path) => _master.Http.PostAsync("/v1/" + path, null);
}
