using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// A process whose generated file changed and that reads it at its start only (decision 028). The agent says so and goes on with
/// what it has: when the process may be away only the master knows, and without one nothing is restarted.
/// </summary>
internal static class Outdating
{
    /// <summary>One change in the cluster often changes several templates: they are one restart.</summary>
    public static readonly TimeSpan Gather = TimeSpan.FromSeconds(1);

    public static InstanceState Changed(InstanceState s, TemplateSpec template, Moment m) => s.Outdated is not null ? s : s with
    {
        Outdated = new OutdatedFile(template.To, m.Now),
        TemplateRestartAt = m.Now + Gather,
    };

    /// <summary>By a starting agent. A record of an earlier build has no file.</summary>
    public static InstanceState Keep(InstanceState s) => s with
    {
        Outdated = s.Outdated ?? (s.TemplateRestartAt is { } at ? new OutdatedFile("a generated file", at) : null),
        TemplateRestartAt = null,
    };

    /// <summary>The word is of one incarnation: said again, or kept by an agent that was restarted, it ends no other.</summary>
    public static bool IsToEnd(InstanceState s) => s.Assigned.Ends == s.Incarnation;
}
