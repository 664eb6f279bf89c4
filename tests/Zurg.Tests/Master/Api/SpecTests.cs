using System.Net;
using System.Text;
using Zurg.Protocol;

namespace Zurg.Tests.Master.Api;

public sealed class SpecTests : IAsyncLifetime
{
    private TestMaster _master = null!;

    public async Task InitializeAsync()
    {
        _master = await TestMaster.StartAsync();
        await _master.PushAsync("web@1.0.0");
    }

    public async Task DisposeAsync() => await _master.DisposeAsync();

    [Fact]
    public async Task An_apply_gets_a_number_and_is_read_back_as_it_was_given()
    {
        var result = await ApplyAsync(Yaml(), "\"0\"", "?author=ann");
        var answer = await _master.Http.GetAsync("/v1/spec");
        var spec = await TestMaster.ReadAsync(answer, WireJson.Default.AppliedSpec);

        Assert.Equal((new SpecNumber(1), false), (result.Number, result.Planned));
        Assert.NotEmpty(result.Changes);
        Assert.Equal("\"1\"", answer.Headers.ETag?.Tag);
        Assert.Equal((new SpecNumber(1), "ann", Yaml()), (spec.Number, spec.Author, spec.Text));
        Assert.Equal(SpecDigest.Of(spec.Spec.Services[0].Instance), spec.InstanceDigests[new ServiceName("web")]);
        var events = await _master.GetAsync("/v1/events", WireJson.Default.ImmutableArrayEventRecord);
        Assert.Contains(events, e => e.Kind == EventKind.SpecApplied && e.Text.Contains("ann", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_plan_commits_nothing()
    {
        var plan = await ApplyAsync(Yaml(), "*", "?plan=true");

        Assert.Equal((new SpecNumber(1), true), (plan.Number, plan.Planned));
        await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/spec"), 404);
    }

    [Fact]
    public async Task The_same_meaning_gets_no_new_number()
    {
        await ApplyAsync(Yaml());
        var again = await ApplyAsync("# a comment\n" + Yaml(), "\"1\"");

        Assert.Equal(new SpecNumber(1), again.Number);
        Assert.Empty(again.Changes);
        Assert.Single(await _master.GetAsync("/v1/specs", WireJson.Default.ImmutableArraySpecSummary));
    }

    [Fact]
    public async Task A_file_of_another_cluster_is_refused_whatever_it_is_based_on()
    {
        await ApplyAsync(Yaml(), "\"0\"");

        var other = "cluster: other\nservices: {}\n";
        var problem = await TestMaster.ProblemAsync(await _master.ApplyAsync(other, "*"), 400);
        Assert.Equal(("cluster", 1), (problem.Problems[0].Path, problem.Problems[0].Line));
        Assert.Contains("and the file is of other", problem.Problems[0].Text, StringComparison.Ordinal);
        await TestMaster.ProblemAsync(await _master.ApplyAsync(other, "*", "?plan=true"), 400);
    }

    [Fact]
    public async Task An_apply_based_on_an_older_spec_is_refused_and_says_whose_is_newest()
    {
        await ApplyAsync(Yaml(), "\"0\"", "?author=ann");

        var stale = await TestMaster.ProblemAsync(await _master.ApplyAsync(Yaml(2), "\"0\""), 409);
        await TestMaster.ProblemAsync(await _master.ApplyAsync(Yaml(2), "\"7\""), 409);

        Assert.Contains("newest spec is 1, applied by ann", stale.Detail, StringComparison.Ordinal);
        Assert.Equal(new SpecNumber(2), (await ApplyAsync(Yaml(2), "\"1\"")).Number);
    }

    [Fact]
    public async Task Who_says_what_the_newest_says_already_is_not_refused_whatever_it_is_based_on()
    {
        await ApplyAsync(Yaml(), "\"0\"");
        await ApplyAsync(Yaml(2), "\"1\"");

        var same = await ApplyAsync("# mine\n" + Yaml(2), "\"1\"");
        Assert.Equal(new SpecNumber(2), same.Number);
        Assert.Empty(same.Changes);
    }

    [Fact]
    public async Task Of_many_applies_at_once_based_on_the_same_spec_one_wins()
    {
        await ApplyAsync(Yaml());

        var answers = await Task.WhenAll(Enumerable.Range(2, 8).Select(i => _master.ApplyAsync(Yaml(i), "\"1\"")));

        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
        Assert.Equal(7, answers.Count(a => a.StatusCode == HttpStatusCode.Conflict));
        var history = await _master.GetAsync("/v1/specs", WireJson.Default.ImmutableArraySpecSummary);
        Assert.Equal([2L, 1L], history.Select(s => s.Number.Value));
    }

    [Fact]
    public async Task If_Match_must_be_there_and_make_sense()
    {
        var missing = await TestMaster.ProblemAsync(await _master.ApplyAsync(Yaml(), ifMatch: null), 428);
        await TestMaster.ProblemAsync(await _master.ApplyAsync(Yaml(), "\"x\""), 400);
        Assert.Contains("If-Match", missing.Mend, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_release_that_does_not_exist_is_told_with_its_place_and_a_guess()
    {
        const string text =
            "cluster: demo\nservices:\n  web:\n    release: 1.0.1\n    run: run\n  other:\n    release: '3'\n    run: run\n";

        var refused = await TestMaster.ProblemAsync(await _master.ApplyAsync(text), 400);

        Assert.Equal(["services.other.release", "services.web.release"], refused.Problems.Select(p => p.Path).Order());
        var web = refused.Problems.Single(p => p.Path == "services.web.release");
        Assert.Equal((4, 14), (web.Line, web.Column));
        Assert.Contains("did you mean '1.0.0'?", web.Mend, StringComparison.Ordinal);
        Assert.Contains("zurg release push web 1.0.1", web.Mend, StringComparison.Ordinal);
        await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/spec"), 404);
    }

    [Fact]
    public async Task Text_that_is_no_spec_is_refused_with_its_problems()
    {
        Assert.NotEmpty((await TestMaster.ProblemAsync(await _master.ApplyAsync("services: [1, 2"), 400)).Problems);
        Assert.NotEmpty((await TestMaster.ProblemAsync(await _master.ApplyAsync(""), 400)).Problems);
        Assert.NotEmpty((await TestMaster.ProblemAsync(await _master.ApplyAsync(new string('[', 50_000)), 400)).Problems);
        await TestMaster.ProblemAsync(await _master.ApplyAsync(new ByteArrayContent([0xff, 0xfe, 0xff]), "*", ""), 400);
    }

    [Fact]
    public async Task A_text_of_5_MB_is_refused_for_its_size()
    {
        var large = Encoding.ASCII.GetBytes(new string('#', 5_000_000));
        var problem = await TestMaster.ProblemAsync(await _master.ApplyAsync(new ByteArrayContent(large), "*", ""), 413);
        Assert.Contains("1 MiB", problem.Detail, StringComparison.Ordinal);

        // And when nobody says beforehand how long it is.
        using var stream = new StreamContent(new NoLength(large));
        await TestMaster.ProblemAsync(await _master.ApplyAsync(stream, "*", ""), 413);
    }

    [Fact]
    public async Task A_text_that_fits_the_limit_but_not_the_store_is_refused_too()
    {
        var text = Yaml() + "# " + new string('x', (1024 * 1024) - 300) + "\n";
        var problem = await TestMaster.ProblemAsync(await _master.ApplyAsync(text), 413);
        Assert.Contains("store", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_spec_larger_than_one_commit_is_applied_whole()
    {
        var services = Enumerable.Range(0, 300)
            .Select(i => $"  web-{i}:\n    release: web@1.0.0\n    run: run\n    env: {{ N: '{i}' }}\n");

        await ApplyAsync("cluster: demo\nservices:\n" + string.Concat(services));

        var spec = await _master.GetAsync("/v1/spec", WireJson.Default.AppliedSpec);
        Assert.Equal(300, spec.Spec.Services.Length);
        Assert.Equal(300, spec.InstanceDigests.Values.Distinct().Count());
    }

    [Fact]
    public async Task A_revert_applies_the_old_text_under_a_new_number()
    {
        await ApplyAsync(Yaml());
        await ApplyAsync(Yaml(3));

        var reverted = await RevertAsync(1, "\"2\"");
        var spec = await _master.GetAsync("/v1/specs/3", WireJson.Default.AppliedSpec);

        Assert.Equal(new SpecNumber(3), (await TestMaster.ReadAsync(reverted, WireJson.Default.ApplyResult)).Number);
        Assert.Equal((Yaml(), new SpecNumber(1)), (spec.Text, spec.RevertOf));
        await TestMaster.ProblemAsync(await RevertAsync(9, "*"), 404);
        await TestMaster.ProblemAsync(await RevertAsync(2, "\"1\""), 409);
        await TestMaster.ProblemAsync(await RevertAsync(2, null), 428);
    }

    [Fact]
    public async Task History_is_listed_newest_first_and_in_pieces()
    {
        for (var i = 1; i <= 5; i++)
        {
            await ApplyAsync(Yaml(i));
        }

        Assert.Equal([5L, 4L], await ListAsync("?limit=2"));
        Assert.Equal([3L, 2L], await ListAsync("?limit=2&before=4"));
        await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/specs?limit=0"), 400);
        await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/specs?limit=x"), 400);
        await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/specs/6"), 404);
        Assert.NotEmpty((await _master.GetAsync("/v1/specs/diff?from=1&to=5", WireJson.Default.ApplyResult)).Changes);
        await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/specs/diff?from=1&to=6"), 404);
        await TestMaster.ProblemAsync(await _master.Http.GetAsync("/v1/specs/diff?from=1"), 400);

        async Task<IEnumerable<long>> ListAsync(string query) =>
            (await _master.GetAsync("/v1/specs" + query, WireJson.Default.ImmutableArraySpecSummary)).Select(s => s.Number.Value);
    }

    [Fact]
    public async Task What_was_applied_survives_a_death_right_after_the_answer()
    {
        await ApplyAsync(Yaml());

        await using var revived = await _master.ReviveAsync();

        Assert.Equal(Yaml(), (await revived.GetAsync("/v1/spec", WireJson.Default.AppliedSpec)).Text);
    }

    private static string Yaml(int instances = 1) =>
        $"cluster: demo\nservices:\n  web:\n    release: 1.0.0\n    run: run\n    instances: {instances}\n";

    private async Task<ApplyResult> ApplyAsync(string text, string ifMatch = "*", string query = "") =>
        await TestMaster.ReadAsync(await _master.ApplyAsync(text, ifMatch, query), WireJson.Default.ApplyResult);

    private async Task<HttpResponseMessage> RevertAsync(long to, string? ifMatch)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/specs/revert")
        {
            Content = new StringContent($"{{\"to\":{to}}}", Encoding.UTF8, "application/json"),
        };
        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        return await _master.Http.SendAsync(request);
    }

    private sealed class NoLength(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
