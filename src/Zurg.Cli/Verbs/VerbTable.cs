using System.Collections.Immutable;
using System.CommandLine;

namespace Zurg.Cli.Verbs;

/// <summary>Every verb, in the order of the overview.</summary>
internal static class VerbTable
{
    /// <param name="Alone">Of its verbs the one that is meant when none is named; null: one must be.</param>
    internal sealed record Entry(string Group, string Name, string Summary, Func<Command> Build, string? Alone = null);

    public static ImmutableArray<Entry> All { get; } =
    [
        new("Start here", "demo", DemoVerb.Summary, () => new DemoVerb()),
        new("Start here", "dev", DevVerb.Summary, () => new DevVerb()),
        new("Say what runs", "apply", ApplyVerb.Summary, () => new ApplyVerb()),
        new("Say what runs", "spec", SpecVerb.Summary, SpecVerb.Build),
        new("Say what runs", "release", ReleaseVerb.Summary, ReleaseVerb.Build),
        new("See what runs", "status", StatusVerb.Summary, () => new StatusVerb()),
        new("See what runs", "explain", ExplainVerb.Summary, () => new ExplainVerb()),
        new("See what runs", "logs", LogsVerb.Summary, () => new LogsVerb()),
        new("See what runs", "events", EventsVerb.Summary, () => new EventsVerb()),
        new("See what runs", "history", HistoryVerb.Summary, () => new HistoryVerb()),
        new("See what runs", "env", EnvVerb.Summary, () => new EnvVerb()),
        new("See what runs", "cores", CoresVerb.Summary, CoresVerb.Build),
        new("See what runs", "hosts", HostsVerb.Summary, () => new HostsVerb()),
        new("See what runs", "alerts", AlertsVerb.Summary, () => new AlertsVerb()),
        new("See what runs", "who-uses", WhoUsesVerb.Summary, () => new WhoUsesVerb()),
        new("See what runs", "watch", WatchVerb.Summary, () => new WatchVerb()),
        new("Act on a service", "exec", ExecVerb.Summary, () => new ExecVerb()),
        new("Act on a service", "restart", ActionVerb.RestartSummary, ActionVerb.Restart),
        new("Act on a service", "stop", ActionVerb.StopSummary, ActionVerb.Stop),
        new("Act on a service", "start", ActionVerb.StartSummary, ActionVerb.Start),
        new("Change what runs", "rollout", RolloutVerb.Summary, RolloutVerb.Build, RolloutVerb.Alone),
        new("Change what runs", "drain", DrainVerb.Summary, () => new DrainVerb()),
        new("Change what runs", "undrain", UndrainVerb.Summary, () => new UndrainVerb()),
        new("Change what runs", "lost", LostVerb.Summary, () => new LostVerb()),
        new("Change what runs", "retire", RetireVerb.Summary, () => new RetireVerb()),
        new("Run it yourself", "master", MasterVerb.Summary, () => new MasterVerb()),
        new("Run it yourself", "agent", AgentVerb.Summary, () => new AgentVerb()),
        new("Run it yourself", "bench", BenchVerb.Summary, () => new BenchVerb()),
        new("Run it yourself", "version", VersionVerb.Summary, () => new VersionVerb()),
    ];

    public static Entry? Find(string name) => All.FirstOrDefault(v => v.Name == name);
}
