using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// An assignment of a newer build may say what this one does not know. That holds the one instance: nothing new of it is started
/// and what already runs goes on as it was (DESIGN.md promise 8).
/// </summary>
internal static class Understanding
{
    public static Hold? HoldOf(AssignedInstance assigned, HostId host)
    {
        var unknown =
            assigned.Wanted == WantedPhase.Unknown ? "what is wanted of it (neither running nor stopped)"
            : assigned.Spec.Probe?.Kind == ProbeKind.Unknown ? "its kind of probe"
            : assigned.Spec.Watchdog?.Keep == WatchdogKeep.Unknown ? "what to keep of it when it is half dead"
            : assigned.Spec.Limits?.Enforce == LimitsEnforce.Unknown ? "how its limits are to be enforced"
            : assigned.Spec.Templates.FirstOrDefault(t => t.Then == TemplateThen.Unknown) is { } template
                ? $"what to do when template {template.To} changes"
            : null;
        return unknown is null ? null : new Hold(
            HoldReason.NotUnderstood,
            $"this agent's build does not understand {unknown}; whatever of it runs is left as it is",
            $"upgrade the agent of {host}")
        {
            Service = assigned.Instance.Service,
            Instance = assigned.Instance,
            Host = host,
        };
    }
}
