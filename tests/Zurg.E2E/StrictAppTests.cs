using System.Diagnostics;
using System.Globalization;
using System.Text;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>A real ASP.NET Core application, the web front of the example, in a strict switch and on its way back.</summary>
public sealed class StrictAppTests
{
    /// <summary>There is no solver: the front waits so long for one before it says so.</summary>
    private static readonly TimeSpan Solving = TimeSpan.FromSeconds(5);

    [NeedsFact("python3")]
    public async Task It_ends_what_it_has_accepted_refuses_the_rest_and_accepts_again_once_the_other_side_refuses()
    {
        var service = new HeldService("{ promote: manual, blue_green: { keep: 1h, strict: true } }")
        {
            Instances = 1,
            Run = "sudoku-web",
            Probe = "http: /healthz, port: http, every: 200ms, timeout: 30s",
            WaitForEndpoint = TimeSpan.FromMinutes(5),
            Files = version => [.. DrainedAppTests.Built(), ("wwwroot/index.html", Encoding.UTF8.GetBytes(version))],
        };
        await using var held = await HeldCluster.StartAsync(service, "1", "2");
        await using var direct = new DirectLoad();
        direct.Meet((await held.SeeAsync()).Web, "1");
        await direct.UntilAnsweredAsync("1");

        await held.ZurgAsync("rollout", "start", "web", "2");
        await held.UntilAsync("a person is waited for", s => s.Holds(HoldReason.WaitsForPromotion));
        var asked = TimeProvider.System.GetUtcNow();
        var solved = SolveAsync((await held.SeeAsync()).Web.Instances.Single(i => i.Instance.Value == "web.0"));
        await held.ZurgAsync("rollout", "promote", "web");
        await held.UntilAsync("the new side serves", s => s.Change.Rollout.SwitchedAt is not null);
        Assert.Contains("No solver is available", await solved, StringComparison.Ordinal);
        var (_, switched) = await held.SeeAsync();
        Assert.True(switched.Rollout!.Rollout.SwitchedAt - asked > Solving * 0.95, $"{asked:O}: {switched.Rollout.Rollout}");
        direct.Meet(switched, "2");
        await direct.UntilAnsweredAsync("2");
        await direct.UntilRefusedAsync("1");
        await held.AnswersGrowAsync();

        var aborted = Stopwatch.GetTimestamp();
        await held.ZurgAsync("rollout", "abort", "web");
        await direct.UntilAnsweredAsync("1");
        await held.UntilAsync("it is taken back", s => s.Holds(HoldReason.RolledBack));
        await held.EndsWithAsync("1", converged: false);
        Assert.True(direct.Refused("2") > 0, "the new side has refused nobody");
        Assert.Empty(direct.Failed);
        AssertTakesTurns(direct.Answers.Where(a => a.Asked < aborted), "1", "2");
        AssertTakesTurns(direct.Answers.Where(a => a.Asked > aborted), "2", "1");
    }

    /// <summary>Nobody who asks the one after the other has answered is answered by the one.</summary>
    private static void AssertTakesTurns(IEnumerable<DirectAnswer> answers, string before, string after)
    {
        var of = answers.ToLookup(a => a.Release);
        var taken = of[after].Min(a => a.Answered);
        Assert.DoesNotContain(of[before], a => a.Asked > taken);
    }

    private static async Task<string> SolveAsync(PlacedInstance instance)
    {
        using var http = new HttpClient();
        var port = instance.Status!.Ports.Values.Single();
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/api/solve"));
        using var answer = await http.PostAsync(address, new StringContent("."));
        return await answer.Content.ReadAsStringAsync();
    }
}
