using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Zurg.Protocol;
using ApplyResults = Microsoft.AspNetCore.Http.HttpResults.Results<
    Microsoft.AspNetCore.Http.HttpResults.Ok<Zurg.Protocol.ApplyResult>, Zurg.Master.Api.Problem400, Zurg.Master.Api.Problem404,
    Zurg.Master.Api.Problem409, Zurg.Master.Api.Problem413, Zurg.Master.Api.Problem428>;

namespace Zurg.Master.Api;

/// <summary>What apply and revert answer alike.</summary>
internal static class ApplyAnswers
{
    public static readonly Problem428 MatchMissing = new(
        "If-Match is missing: say which spec this one is based on",
        "send If-Match: \"N\" with the newest number that you saw (0 for none), or * to replace whatever there is");

    public static ApplyResults Of(ApplyOutcome outcome) => outcome switch
    {
        ApplyOutcome.Done(var result) => TypedResults.Ok(result),
        ApplyOutcome.Invalid(var problems) => new Problem400(
            problems.Length == 1
                ? "one thing is wrong: nothing was applied"
                : $"{problems.Length} things are wrong: nothing was applied",
            problems.Length == 1 ? "mend it and apply again" : "mend them and apply again", problems),
        ApplyOutcome.Stale(null) => new Problem409("no spec was applied yet", "base it on 0, or apply with If-Match: *"),
        ApplyOutcome.Stale({ } newest) => new Problem409(
            $"{Newest(newest)}: this apply is based on another one",
            $"see: zurg spec diff, then apply again based on {newest.Number}"),
        ApplyOutcome.Used(var used) => Used(used),
        ApplyOutcome.TooLarge(var max) => new Problem413(
            $"the spec is larger than the store keeps as one value ({max} bytes, its text and what was read of it together)",
            "shorten it: templates and files belong into releases"),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static Problem409 Used(ImmutableArray<(ServiceName Service, ImmutableArray<ServiceUser> Users)> used)
    {
        const int namedMax = 50;
        var (services, it) = (string.Join(", ", used.Select(u => u.Service)), used.Length == 1 ? "it" : "them");
        return new Problem409(
            $"this takes {services} out, and somebody uses {it} now: nothing was applied",
            $"end these uses first (zurg who-uses {used[0].Service}), or take {it} out in spite of them: --remove-used",
            [.. used.SelectMany(u => u.Users.Select(RetireService.ProblemOf)).Take(namedMax)]);
    }

    public static string Newest(AppliedSpec newest) =>
        $"the newest spec is {newest.Number}, applied by {newest.Author} at {At(newest.At)}";

    private static string At(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
