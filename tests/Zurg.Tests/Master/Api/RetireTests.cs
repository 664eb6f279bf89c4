using System.Net;
using System.Text;
using Zurg.Protocol;
using Zurg.Tests.Master.Agents;

namespace Zurg.Tests.Master.Api;

public sealed class RetireTests : IAsyncLifetime
{
    private TestMaster _master = null!;
    private TestAgent _agent = null!;
    private long _number;

    public async Task InitializeAsync()
    {
        _master = await TestMaster.StartAsync();
        await _master.PushAsync("web@1.0.0");
        await ApplyAsync("web", "front", dependsOn: "[web]");
        _agent = await TestAgent.DialAsync(_master);
        var hello = TestAgent.Hello("host1").Hello!;
        await _agent.SendAsync(new AgentMessage
        {
            Hello = hello with { Description = hello.Description with { WatchesUses = true } },
        });
        await _agent.SendAsync(TestAgent.Report(1));
        Assert.Equal("0", await _agent.ReadAsync(m => m.UsesKept?.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    public async Task DisposeAsync()
    {
        _agent.Dispose();
        await _master.DisposeAsync();
    }

    [Fact]
    public async Task Who_uses_a_service_is_told_with_the_evidence_of_each()
    {
        await SayAsync(open: true);
        var users = await UsersAsync("web");
        Assert.Equal(["front", "job.py"], users.Users.Select(u => u.Client).Order());
        Assert.Equal("the agent of host1", users.Users.Single(u => u.Client == "job.py").Proofs.Single().Source);
        Assert.NotNull(users.Since);
        Assert.Contains("did you mean 'front'?",
            (await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/services/frnt/users"), 404)).Mend,
            StringComparison.Ordinal);
        Assert.Empty((await UsersAsync("front")).Users);
    }

    [Fact]
    public async Task It_is_refused_while_any_use_is_left_and_allowed_when_the_last_one_is_named_as_over()
    {
        await SayAsync(open: true);
        var declared = await RefusedAsync("");
        Assert.Contains("2 clients use it now", declared.Detail, StringComparison.Ordinal);
        Assert.Contains(
            declared.Problems, p => p.Text.Contains("front: names it in depends_on (spec 1 by", StringComparison.Ordinal));
        var ever = "?seen_before=" + Uri.EscapeDataString(TimeProvider.System.GetUtcNow().AddSeconds(-1).ToString("O"));
        await RefusedAsync(ever);

        await ApplyAsync("web", "front", dependsOn: "[]");
        Assert.Contains("1 client uses it now", (await RefusedAsync(ever)).Detail, StringComparison.Ordinal);

        var last = await SayAsync(open: false);
        var seen = await RefusedAsync("");
        Assert.Contains("1 client used it within the last 31 days", seen.Detail, StringComparison.Ordinal);
        Assert.Contains("--seen-before", seen.Mend, StringComparison.Ordinal);
        await RefusedAsync("?seen_before=" + Uri.EscapeDataString(last.ToString("O")));
        await TestMaster.ProblemAsync(await PostAsync("retire?seen_before=2999-01-01T00:00:00Z"), 400);

        var after = Uri.EscapeDataString(last.AddSeconds(1).ToString("O"));
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync($"retire?author=ann&seen_before={after}")).StatusCode);
        var events = await _master.GetAsync("/v1/events?service=web", WireJson.Default.ImmutableArrayEventRecord);
        Assert.Contains("by ann", events.Single(e => e.Kind == EventKind.ServiceRetired).Text, StringComparison.Ordinal);
        var again = await (await PostAsync("retire")).Content.ReadAsStringAsync();
        Assert.Contains("retired by ann already", again, StringComparison.Ordinal);
        var restart = await TestMaster.ProblemAsync(await PostAsync("restart"), 409);
        Assert.Contains("--undo", restart.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_retired_service_stays_so_until_it_is_undone_or_leaves_the_spec()
    {
        await ApplyAsync("web", "front", dependsOn: "[]");
        await PostAsync("retire?author=ann");
        var status = await StatusAsync();
        Assert.Equal(("ann", 0), (status.Retired?.By, status.Wanted));
        await ApplyAsync("web", "front", dependsOn: "[]", extra: "settings: { a: b }");
        Assert.NotNull((await StatusAsync()).Retired);

        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync("unretire")).StatusCode);
        var again = await (await PostAsync("unretire")).Content.ReadAsStringAsync();
        Assert.Contains("is not retired", again, StringComparison.Ordinal);
        Assert.Equal((null, 1), ((await StatusAsync()).Retired, (await StatusAsync()).Wanted));
        await PostAsync("retire");
        await PostAsync("start");
        Assert.Null((await StatusAsync()).Retired);

        await PostAsync("retire");
        await ApplyAsync("front", "front", dependsOn: "[]");
        await ApplyAsync("web", "front", dependsOn: "[]");
        Assert.Null((await StatusAsync()).Retired);
    }

    [Fact]
    public async Task Taking_a_used_service_out_of_the_spec_is_refused_with_the_list_unless_it_is_meant()
    {
        await ApplyAsync("web", "front", dependsOn: "[]");
        using var late = new CancellationTokenSource(TestMaster.Deadline);
        while ((await StatusAsync()).Instances.IsEmpty)
        {
            await Task.Delay(5, late.Token);
        }

        const string without = "cluster: test\nservices: {}\n";
        await SayAsync(open: true);
        var refused = await TestMaster.ProblemAsync(await _master.ApplyAsync(without), 409);
        Assert.Equal("this takes web out, and somebody uses it now: nothing was applied", refused.Detail);
        Assert.StartsWith(
            "job.py on host1: has TCP connections to it", Assert.Single(refused.Problems).Text, StringComparison.Ordinal);
        Assert.EndsWith("take it out in spite of them: --remove-used", refused.Mend, StringComparison.Ordinal);
        var planned = await ReadAsync("?plan=true");
        Assert.StartsWith("web leaves, and job.py on host1: has TCP", Assert.Single(planned.Warnings), StringComparison.Ordinal);

        // Who was there within 31 days and is gone is told, and in nobody's way.
        await SayAsync(open: false);
        Assert.Contains("last at", Assert.Single((await ReadAsync("?plan=true")).Warnings), StringComparison.Ordinal);
        await SayAsync(open: true);
        Assert.Single((await ReadAsync("?remove_used=true&author=ann")).Warnings);
        var applied = await _master.GetAsync("/v1/spec", WireJson.Default.AppliedSpec);
        Assert.Equal("ann", applied.FindLeaving(new ServiceName("web"))?.By);

        async Task<ApplyResult> ReadAsync(string query) =>
            await TestMaster.ReadAsync(await _master.ApplyAsync(without, query: query), WireJson.Default.ApplyResult);
    }

    [Fact]
    public async Task Of_operators_who_retire_at_once_one_is_told_that_another_did_and_a_service_of_no_spec_is_none()
    {
        await ApplyAsync("web", "front", dependsOn: "[]");
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => PostAsync($"retire?author=op{i}")));
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Accepted, a.StatusCode));
        var events = await _master.GetAsync("/v1/events?service=web", WireJson.Default.ImmutableArrayEventRecord);
        Assert.Single(events, e => e.Kind == EventKind.ServiceRetired);
        await TestMaster.ProblemAsync(await _master.Http.PostAsync("/v1/services/nobody/retire", null), 404);
    }

    private async Task<DateTimeOffset> SayAsync(bool open)
    {
        var at = TimeProvider.System.GetUtcNow().AddMinutes(-5);
        await _agent.SendAsync(new AgentMessage
        {
            Uses = new HostUses
            {
                Number = ++_number, Since = at,
                Sightings =
                [
                    new UseSighting
                    {
                        Service = new ServiceName("web"), Evidence = UseEvidence.Connected, Command = "job.py", Pid = 7,
                        First = at, Last = at, Open = open,
                    },
                ],
            },
        });
        await _agent.ReadAsync(m => m.UsesKept == _number ? "kept" : null);
        return at;
    }

    private async Task<ApiProblem> RefusedAsync(string query) =>
        await TestMaster.ProblemAsync(await PostAsync("retire" + query), 409);

    private Task<HttpResponseMessage> PostAsync(string action) => _master.Http.PostAsync($"/v1/services/web/{action}", null);

    private Task<ServiceUsers> UsersAsync(string service) =>
        _master.GetAsync($"/v1/services/{service}/users", WireJson.Default.ServiceUsers);

    private async Task<ServiceStatus> StatusAsync() =>
        (await _master.GetAsync("/v1/services/web", WireJson.Default.ServiceExplanation)).Status;

    private async Task ApplyAsync(string first, string second, string dependsOn, string extra = "settings: {}")
    {
        var yaml = $$"""
            cluster: test
            {{extra}}
            services:
              {{first}}: { release: web@1.0.0, run: run, instances: 1 }
            """ + (first == second
                ? ""
                : $"\n  {second}: {{ release: web@1.0.0, run: run, instances: 0, depends_on: {dependsOn} }}");
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/spec")
        {
            Content = new StringContent(yaml, Encoding.UTF8, "application/yaml"),
        };
        request.Headers.TryAddWithoutValidation("If-Match", "*");
        var answer = await _master.Http.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
