using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What a probe's answers and its templates' changes mean to an instance that runs.</summary>
internal static class InstanceHealth
{
    public static InstanceTurn Passed(InstanceState s, Moment m)
    {
        if (s.Healthy)
        {
            return s.Failures == 0 ? s.Unchanged : new InstanceTurn(s with { Failures = 0, ProbeText = null });
        }

        var healthy = s with { Healthy = true, Failures = 0, ProbeText = null, Since = m.Now, Hold = null };
        return new InstanceTurn(healthy).Tell(EventKind.InstanceReady, $"ready again after {Phrases.Of(m.Now - s.Since)}");
    }

    /// <summary>Most services answer within this time of their start; of others people are told what the probe hears.</summary>
    public static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(2);

    /// <summary>It has never been ready: start_timeout decides, and until then the last answer is shown.</summary>
    public static InstanceTurn NotYet(InstanceState s, string? text, Moment m)
    {
        var hold = m.Now - (s.StartedAt ?? m.Now) < StartPatience
            ? s.Hold
            : InstanceEnd.HoldOf(s, m, HoldReason.ProbeFailing, $"its probe has not passed yet: {text ?? "no reason was given"}",
                $"does it listen on the port that it is given? zurg logs {s.Instance}");
        return new InstanceTurn(s with { ProbeText = text, Hold = hold });
    }

    /// <summary>A process that is busy starting may ask for more time, again and again, but not for ever at once.</summary>
    public static InstanceTurn Extend(InstanceState s, TimeSpan by, Moment m) =>
        m.Now + Min(by, ExtendMax) is var until && s.Deadline < until
            ? new InstanceTurn(s with { Deadline = until })
            : s.Unchanged;

    public static readonly TimeSpan ExtendMax = TimeSpan.FromHours(1);

    public static InstanceTurn Failed(InstanceState s, ProbeAnswer answer, Moment m)
    {
        var text = answer.Text;
        var enough = answer.AtOnce ? 1 : s.Assigned.Spec.Probe?.FailAfter ?? 1;
        var failed = s with { Failures = Math.Min(s.Failures + 1, enough), ProbeText = text };
        if (failed.Failures < enough && s.Healthy)
        {
            return new InstanceTurn(failed);
        }

        var words = answer.AtOnce ? text ?? "" : $"its probe fails: {text ?? "no reason was given"}";
        var unready = failed with { Healthy = false, Hold = InstanceEnd.HoldOf(s, m, HoldReason.ProbeFailing, words) };
        return s.Healthy
            ? new InstanceTurn(unready with { Since = m.Now })
                .Tell(EventKind.InstanceUnready,
                    answer.AtOnce
                        ? $"not ready: {text}"
                        : $"not ready: its probe failed {Phrases.Times(enough)} in a row: {text}")
            : new InstanceTurn(unready);
    }

    public static InstanceTurn TemplateChanged(InstanceState s, TemplateSpec template, Moment m) => template.Then switch
    {
        TemplateThen.Nothing or TemplateThen.Unknown => Told(s, template, "nothing is done about it"),
        TemplateThen.Restart => Told(
            Outdating.Changed(s, template, m), template, "it is restarted when its service can spare it"),
        TemplateThen.Reload when template.Signal is { } signal => Told(
            InstanceReload.Changed(s, signal, m), template,
            $"SIG{signal} tells it{(s.Phase == InstancePhase.Running ? "" : " once it is ready")}"),
        TemplateThen.Reload => Told(s, template, "no signal is named that could tell it"),
    };

    /// <param name="hold">Null: its templates can be rendered again.</param>
    public static InstanceTurn TemplateHeld(InstanceState s, Hold? hold, Moment m) => new(s with
    {
        TemplateHold = hold is null ? null : InstanceEnd.HoldOf(s, m, hold),
    });

    /// <param name="hold">Null: the agent listens everywhere that it should.</param>
    public static InstanceTurn UsesHeld(InstanceState s, Hold? hold, Moment m) => new(s with
    {
        UsesHold = hold is null ? null : InstanceEnd.HoldOf(s, m, hold),
    });

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static InstanceTurn Told(InstanceState s, TemplateSpec template, string then) =>
        s.Unchanged.Tell(EventKind.InstanceChanged, $"template {template.To} changed: {then}");
}
