using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Master.Intent;
using Zurg.Protocol;
using StartResults = Microsoft.AspNetCore.Http.HttpResults.Results<
    Microsoft.AspNetCore.Http.HttpResults.Accepted<Zurg.Protocol.RolloutStarted>, Zurg.Master.Api.Problem400,
    Zurg.Master.Api.Problem404, Zurg.Master.Api.Problem409, Zurg.Master.Api.Problem413, Zurg.Master.Api.Problem428>;

namespace Zurg.Master.Api;

/// <summary>
/// POST /v1/services/{service}/rollout/start: another release of a service, written into the newest spec's text where its release
/// stands; or once more the one that was taken back.
/// </summary>
internal static class StartRollout
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/services/{service}/rollout/start", HandleAsync)
        .WithName("startRollout").WithTags("rollouts")
        .WithSummary("Roll out another release of a service")
        .WithDescription(
            "Changes the value of services.SERVICE.release in the newest spec's text, keeps every other byte of it, and applies "
            + "that, guarded by If-Match as every apply. What the spec says already and was taken back is tried again.");

    private static async Task<StartResults> HandleAsync(
        ServiceName service, RolloutStart start, [FromHeader(Name = "If-Match")] string? ifMatch, string? author,
        StartContext context, CancellationToken stop)
    {
        var (match, problem) = IfMatch.Read(ifMatch);
        if (match is null)
        {
            return problem is null ? ApplyAnswers.MatchMissing : new Problem400(problem);
        }

        var (newest, _) = await context.Archive.NewestAsync(stop);
        if (!match.Value.Allows(newest?.Number ?? default))
        {
            return Late(newest, service, start.Release);
        }

        if (newest?.Spec.Find(service) is not { } spec)
        {
            return Unknown.Service(service, newest?.Spec.Services.Select(s => s.Name) ?? []);
        }

        if (!TryParse(start.Release, spec.Instance.Release.Name, out var release))
        {
            return new Problem400(
                (start.Release.Contains('@', StringComparison.Ordinal)
                    ? ReleaseId.ProblemOf(start.Release) : ReleaseVersion.ProblemOf(start.Release))!,
                $"give a version such as 1.1.0, or NAME@VERSION: zurg release list {spec.Instance.Release.Name}");
        }

        var by = ShownWords.Author(author);
        var known = await context.Store.ReleasesAsync(stop);
        return known.All(k => k.Release != release) ? Unknown.Release(release, known.Select(k => k.Release))
            : release == spec.Instance.Release ? await RetryAsync(newest, spec, by, context, stop)
            : await ApplyAsync(newest, spec, release, by, context, stop);
    }

    private static bool TryParse(string text, ReleaseName name, out ReleaseId release)
    {
        release = default;
        return ReleaseId.TryParse(text.Contains('@', StringComparison.Ordinal) ? text : $"{name}@{text}", null, out release);
    }

    private static async Task<StartResults> ApplyAsync(
        AppliedSpec newest, ServiceSpec service, ReleaseId release, string by, StartContext context, CancellationToken stop)
    {
        var (text, problem) = ReleaseEdit.Replace(newest.Text, service.Name, release);
        if (text is null)
        {
            return new Problem400("the release cannot be written into the newest spec", problem!.Mend, [problem]);
        }

        var before = (await context.Store.FindAsync(StoreKeys.Rollout(service.Name), stop))?.Read(WireJson.Default.Rollout);
        var outcome = await context.Applying.ApplyAsync(
            new ApplyRequest(text, by, new IfMatch(newest.Number), Planned: false), stop);
        if (outcome is ApplyOutcome.Stale(var newer))
        {
            return Late(
                newer, service.Name,
                release.Name == service.Instance.Release.Name ? release.Version.Value : release.Value);
        }

        if (outcome is not ApplyOutcome.Done(var applied))
        {
            return Narrow(ApplyAnswers.Of(outcome));
        }

        var instead = before is { Phase: RolloutPhase.Running or RolloutPhase.Halted or RolloutPhase.RollingBack }
            ? $" in place of rollout {before.Number} ({before.Why})"
            : "";
        return TypedResults.Accepted((string?)null, new RolloutStarted(
            applied.Number, before?.Number ?? 0,
            $"{service.Name} goes from {(before?.To.Release ?? service.Instance.Release).Version} to {release.Version}{instead}, "
                + $"as spec {applied.Number}"));
    }

    private static async Task<StartResults> RetryAsync(
        AppliedSpec newest, ServiceSpec service, string by, StartContext context, CancellationToken stop)
    {
        var release = service.Instance.Release;
        var after = 0L;
        var outcome = await context.Intents.ChangeAsync(
            service.Name,
            (intent, rollout) =>
            {
                after = rollout?.Number ?? 0;
                return Retried(newest, service, intent, rollout, by);
            },
            at => new EventRecord
            {
                Id = 0, At = at, Kind = EventKind.RolloutStarted, Service = service.Name,
                Text = $"{by} wants {service.Name} to try {release.Version} again",
            },
            stop);
        return outcome switch
        {
            IntentOutcome.UnknownService(var known) => Unknown.Service(service.Name, known),
            IntentOutcome.NothingToDo(var text, var mend) => new Problem409(text, mend),
            IntentOutcome.Written => TypedResults.Accepted((string?)null, new RolloutStarted(
                newest.Number, after, $"{service.Name} tries {release.Version} again")),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static IntentChange Retried(
        AppliedSpec newest, ServiceSpec service, ServiceIntent intent, Rollout? rollout, string by)
    {
        if (RolloutAsking.Retry(intent, rollout, newest.InstanceDigests[service.Name], by) is not { } words)
        {
            return NothingToDo(service, rollout);
        }

        return RolloutAsking.WordsOn(intent, rollout!)?.Retry is true
            ? new IntentOutcome.NothingToDo(
                $"{service.Instance.Release} is tried again already, as {intent.Rollout!.By} said", null)
            : intent with { Rollout = words };
    }

    private static IntentOutcome.NothingToDo NothingToDo(ServiceSpec service, Rollout? rollout)
    {
        var (name, version) = (service.Name, service.Instance.Release.Version);
        return rollout?.Phase switch
        {
            RolloutPhase.RollingBack when rollout.Refused is not null => new IntentOutcome.NothingToDo(
                $"{version} of {name} is just being taken back: {rollout.Reason}",
                $"when that is done, the same again tries it again: zurg rollout status {name}"),
            RolloutPhase.Running or RolloutPhase.Halted or RolloutPhase.RollingBack => new IntentOutcome.NothingToDo(
                $"rollout {rollout.Number} of {name} to {version} is under way already",
                $"look at it: zurg rollout status {name} --watch"),
            _ => new IntentOutcome.NothingToDo(
                $"{name} has {version} already", $"releases: zurg release list {service.Instance.Release.Name}"),
        };
    }

    /// <summary>Somebody was first: whether this is still meant is for the person to say who has seen that.</summary>
    private static Problem409 Late(AppliedSpec? newest, ServiceName service, string release) => newest is null
        ? new Problem409("no spec was applied yet", "apply a cluster.yaml that has the service first")
        : new Problem409(
            $"{ApplyAnswers.Newest(newest)}: this start is based on another one",
            $"see what it changed with zurg spec diff; if it still is to be: zurg rollout start {service} {release}");

    private static StartResults Narrow(
        Results<Ok<ApplyResult>, Problem400, Problem404, Problem409, Problem413, Problem428> answer) => answer.Result switch
    {
        Problem400 problem => problem,
        Problem404 problem => problem,
        Problem409 problem => problem,
        Problem413 problem => problem,
        Problem428 problem => problem,
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}

/// <summary>What a start of a rollout works with.</summary>
internal sealed record StartContext(
    IStateStore Store, SpecArchive Archive, SpecApplying Applying, IntentChanging Intents);
