using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What a person can say of a rollout.</summary>
public enum RolloutWord
{
    Pause,
    Resume,

    /// <summary>On to the next stage, without further waiting.</summary>
    Promote,

    /// <summary>No more stages.</summary>
    PromoteAll,
    Abort,
}

public abstract record RolloutAnswer
{
    private RolloutAnswer()
    {
    }

    /// <param name="Text">What happens now, in one sentence.</param>
    public sealed record Said(RolloutIntent Intent, string Text) : RolloutAnswer;

    /// <param name="Text">Why it makes no sense now.</param>
    public sealed record Refused(string Text, string? Mend) : RolloutAnswer;
}

/// <summary>A person's word on a service's newest rollout: what is written down of it, or why it makes no sense.</summary>
public static class RolloutAsking
{
    /// <param name="rollout">Null when there never was one.</param>
    /// <param name="stages">As people see them; empty when they are not known here.</param>
    /// <param name="seen">The number that the person saw; null: whichever is the newest.</param>
    public static RolloutAnswer Say(
        RolloutWord word, ServiceIntent intent, Rollout? rollout, ImmutableArray<int> stages, long? seen, string by)
    {
        var service = intent.Service;
        if (rollout is null)
        {
            return new RolloutAnswer.Refused($"there has been no rollout of {service} yet", Start(service));
        }

        if (seen is { } number && number != rollout.Number)
        {
            return new RolloutAnswer.Refused(
                $"rollout {Text(number)} of {service} is not the newest: that is {Name(rollout)}",
                $"look at it: zurg rollout status {service}");
        }

        var said = WordsOn(intent, rollout) ?? new RolloutIntent(
            rollout.Number, Paused: false, Aborted: false, Retry: false, rollout.Resumes, rollout.Promotes,
            PromoteAll: false, by);
        return rollout.Phase is RolloutPhase.Completed or RolloutPhase.Unknown ? Over(rollout) : word switch
        {
            RolloutWord.Pause => Pause(rollout, said, by),
            RolloutWord.Resume => Resume(rollout, said, by),
            RolloutWord.Promote or RolloutWord.PromoteAll =>
                Promote(rollout, said, stages, all: word == RolloutWord.PromoteAll, by),
            RolloutWord.Abort => Abort(rollout, said, by),
        };
    }

    /// <summary>What was taken back is to be tried again; null when it was not, or still is being taken back.</summary>
    /// <param name="digest">Of what the newest spec says.</param>
    public static RolloutIntent? Retry(ServiceIntent intent, Rollout? rollout, Digest digest, string by) =>
        rollout is { Phase: RolloutPhase.Completed, StillRefused: { } refused } && refused.Digest == digest
            ? new RolloutIntent(
                rollout.Number, Paused: false, Aborted: false, Retry: true, rollout.Resumes, rollout.Promotes,
                PromoteAll: false, by)
            : null;

    /// <summary>Those on an older rollout are void.</summary>
    public static RolloutIntent? WordsOn(ServiceIntent intent, Rollout rollout) =>
        intent.Rollout is { } said && said.Number == rollout.Number ? said : null;

    private static RolloutAnswer Pause(Rollout rollout, RolloutIntent said, string by) =>
        rollout.Phase == RolloutPhase.Halted
            ? new RolloutAnswer.Refused($"{Name(rollout)} is halted: {rollout.Reason}", ResumeOrAbort(rollout))
        : said.Paused
            ? new RolloutAnswer.Refused($"{Name(rollout)} is paused already, by {said.By}", ResumeOrAbort(rollout))
        : new RolloutAnswer.Said(
            said with { Paused = true, By = by },
            $"{Name(rollout)} is paused: nothing more of it is touched until zurg rollout resume {rollout.Service}");

    private static RolloutAnswer Resume(Rollout rollout, RolloutIntent said, string by)
    {
        var halted = rollout.Phase == RolloutPhase.Halted;
        var resumed = said.Resumes > rollout.Resumes;
        if (!said.Paused && (!halted || resumed))
        {
            return new RolloutAnswer.Refused(
                resumed ? $"{Name(rollout)} was resumed already, by {said.By}"
                    : $"{Name(rollout)} is neither paused nor halted: it goes on by itself",
                $"look at it: zurg rollout status {rollout.Service}");
        }

        return new RolloutAnswer.Said(
            said with { Paused = false, Resumes = halted ? rollout.Resumes + 1 : said.Resumes, By = by },
            halted ? $"{Name(rollout)} goes on in spite of this: {rollout.Reason}" : $"{Name(rollout)} goes on");
    }

    private static RolloutAnswer Promote(
        Rollout rollout, RolloutIntent said, ImmutableArray<int> stages, bool all, string by)
    {
        if (Hindrance(rollout, said) is { } hindrance)
        {
            return hindrance;
        }

        if (said.PromoteAll || (!all && said.Promotes > rollout.Promotes))
        {
            return new RolloutAnswer.Refused(
                $"{Name(rollout)} was promoted already, by {said.By}: it goes on when its present stage is ready", null);
        }

        if (stages is [_, .., var last] && rollout.Allowed >= last)
        {
            return new RolloutAnswer.Refused($"{Name(rollout)} is at its last stage: nothing is left to promote", null);
        }

        return new RolloutAnswer.Said(
            said with { Promotes = rollout.Promotes + 1, PromoteAll = all, By = by },
            all ? $"{Name(rollout)} goes on to all instances without further stages"
                : $"{Name(rollout)} goes on to its next stage as soon as the present one is ready");
    }

    private static RolloutAnswer.Refused? Hindrance(Rollout rollout, RolloutIntent said) => rollout.Phase switch
    {
        RolloutPhase.Halted =>
            new RolloutAnswer.Refused($"{Name(rollout)} is halted: {rollout.Reason}", ResumeOrAbort(rollout)),
        RolloutPhase.RollingBack => new RolloutAnswer.Refused($"{Name(rollout)} goes back: {rollout.Reason}", null),
        _ when said.Aborted => new RolloutAnswer.Refused($"{Name(rollout)} was aborted by {said.By}: it goes back", null),
        _ when said.Paused => new RolloutAnswer.Refused($"{Name(rollout)} is paused by {said.By}", ResumeOrAbort(rollout)),
        _ => null,
    };

    private static RolloutAnswer Abort(Rollout rollout, RolloutIntent said, string by) =>
        rollout.Phase == RolloutPhase.RollingBack
            ? new RolloutAnswer.Refused($"{Name(rollout)} goes back already: {rollout.Reason}", null)
        : said.Aborted
            ? new RolloutAnswer.Refused($"{Name(rollout)} was aborted already, by {said.By}", null)
        : StrictSwitch.HasNoWayBack(rollout)
            ? new RolloutAnswer.Refused(
                $"{Name(rollout)} has no way back any more: its old side is being replaced, "
                    + "and two releases must never answer at once",
                (rollout.Phase == RolloutPhase.Halted ? "" : "let it end, then: ")
                    + $"zurg rollout start {rollout.Service} {rollout.From.Release.Version}")
        : new RolloutAnswer.Said(
            said with { Aborted = true, Paused = false, By = by },
            $"{Name(rollout)} goes back to {rollout.From.Release.Version}");

    private static RolloutAnswer.Refused Over(Rollout rollout)
    {
        var (service, before) = (rollout.Service, rollout.From.Release.Version);
        return rollout.Phase == RolloutPhase.Unknown
            ? new RolloutAnswer.Refused(
                $"{Name(rollout)} is in a phase that only a newer build of Zurg knows", "use the newer build")
            : rollout.Refused is { } refused
            ? new RolloutAnswer.Refused(
                $"nothing is under way: {Name(rollout)} was taken back, since {rollout.Reason}",
                $"try again: zurg rollout start {service} {refused.Release.Version}")
            : new RolloutAnswer.Refused(
                $"nothing is under way: {Name(rollout)} is complete",
                rollout.From.Release == rollout.To.Release ? Start(service)
                    : $"back to what ran before: zurg rollout start {service} {before}");
    }

    private static string ResumeOrAbort(Rollout rollout) =>
        $"zurg rollout resume {rollout.Service}"
            + (StrictSwitch.HasNoWayBack(rollout) ? "" : $", or zurg rollout abort {rollout.Service}");

    private static string Start(ServiceName service) => $"start one: zurg rollout start {service} VERSION";

    private static string Name(Rollout rollout) =>
        $"rollout {Text(rollout.Number)} of {rollout.Service} ({rollout.Why})";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
