using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// The one place of defaults: from what a person wrote to the spec that everything else works with (STYLE.md rule 12). Those
/// of a section that has a check of its own stand beside that.
/// </summary>
public static class Defaults
{
    internal const string RestartDelay = "100ms";
    internal const string RestartMaxDelay = "30s";

    private const string Cluster = "default";

    /// <summary>
    /// A share alone would keep gigabytes of a large disk idle, an amount alone would take all of a small one.
    /// </summary>
    public static ReserveSpec Reserve { get; } = new(
        new FreeLimit(Percent: 5, Bytes: 2L << 30), new FreeLimit(Percent: 5, Bytes: 512L << 20));

    /// <summary>Of specs that say nothing: the rules at their usual limits, and no receiver.</summary>
    public static AlertsSpec Alerts { get; } = AlertsCheck.Fill(null);

    /// <param name="draft">In which <see cref="SpecValidator"/> found no problem.</param>
    public static ClusterSpec Fill(ClusterDraft draft)
    {
        var settings = draft.Settings ?? ImmutableSortedDictionary<string, string>.Empty;
        return new ClusterSpec
        {
            Cluster = new ClusterName(draft.Cluster ?? Cluster),
            Cells = [.. (draft.Cells ?? []).Select(c => new CellName(c))],
            Services = [.. (draft.Services ?? ImmutableSortedDictionary<string, ServiceDraft>.Empty)
                .OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => Service(new ServiceName(s.Key), s.Value, settings))],
            Settings = Ordinal(settings),
            Reserve = new ReserveSpec(
                ReserveCheck.Limit(draft.Reserve?.Disk) ?? Reserve.Disk,
                ReserveCheck.Limit(draft.Reserve?.Memory) ?? Reserve.Memory),
            Keys = KeysCheck.Fill(draft.Keys),
            Alerts = AlertsCheck.Fill(draft.Alerts),
            Routes = [.. (draft.Routes ?? []).Select(r =>
                new RouteSpec { Host = r.Host, Path = r.Path!, Service = new ServiceName(r.Service!) })],
        };
    }

    private static ServiceSpec Service(
        ServiceName name, ServiceDraft draft, ImmutableSortedDictionary<string, string> settings) => new()
    {
        Name = name,
        Scale = new ScaleSpec
        {
            Instances = draft.PerHost is null && draft.Hosts is null ? draft.Instances ?? 1 : null,
            PerHost = draft.PerHost,
            Hosts = [.. (draft.Hosts ?? []).Select(h => new HostId(h))],
        },
        Constraints = (draft.Constraints ?? ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty)
            .WithComparers(StringComparer.Ordinal),
        DependsOn = [.. (draft.DependsOn ?? []).Select(d => new ServiceName(d))],
        Uses = UsesCheck.Fill(draft.Uses),
        Instance = Instance(name, draft, settings),
        PerInstance = draft.PerInstance is not { Count: > 0 } own ? null : own.ToImmutableSortedDictionary(
            i => int.Parse(i.Key, CultureInfo.InvariantCulture), i => Ordinal(i.Value)),
        Restart = new RestartPolicy(
            Time(draft.Restart?.Delay ?? RestartDelay), Time(draft.Restart?.MaxDelay ?? RestartMaxDelay),
            Time(draft.Restart?.Window ?? "10m"), draft.Restart?.Attempts ?? 10),
        Stop = new StopPolicy(
            draft.Stop?.Signal ?? "TERM", Time(draft.Stop?.Grace ?? "30s"),
            draft.Stop?.Drain is { } drain ? Time(drain) : StopPolicy.DrainUsual,
            draft.Stop?.Command is { IsDefaultOrEmpty: false } command ? command : null),
        Logs = new LogPolicy(
            draft.Logs?.MaxSize is { } size ? Measures.Size(size)!.Value : LogBounds.Usual.MaxSize,
            draft.Logs?.MaxAge is { } age ? Time(age) : LogBounds.Usual.MaxAge),
        Update = UpdateCheck.Fill(draft),
    };

    private static InstanceSpec Instance(ServiceName name, ServiceDraft draft, ImmutableSortedDictionary<string, string> settings)
    {
        var env = draft.Env ?? ImmutableSortedDictionary<string, string>.Empty;
        var probe = Probe(draft);
        var used = Variables.SettingsIn([.. draft.Args ?? [], .. env.Values, draft.WorkingDirectory ?? "", .. probe?.Command
            ?? []]);
        return new InstanceSpec
        {
            Release = draft.Release!.Contains('@', StringComparison.Ordinal)
                ? ReleaseId.Wrap(draft.Release)
                : new ReleaseId(new ReleaseName(name.Value), new ReleaseVersion(draft.Release)),
            Run = draft.Run!,
            Args = draft.Args ?? [],
            Env = Ordinal(env),
            WorkingDirectory = draft.WorkingDirectory,
            User = draft.User,
            Group = draft.Group,
            Groups = draft.Groups is { IsEmpty: false } groups ? groups : null,
            Umask = draft.Umask is { } umask ? LimitsCheck.Umask(umask) : null,
            Nice = draft.Nice,
            OomScoreAdj = draft.OomScoreAdj,
            Ports = (draft.Ports ?? ImmutableSortedDictionary<string, string>.Empty).ToImmutableSortedDictionary(
                p => new PortName(p.Key),
                p => new PortSpec(p.Value == "dynamic" ? null : int.Parse(p.Value, CultureInfo.InvariantCulture))),
            Probe = probe,
            Limits = draft.Limits is { } limits ? Limits(limits) : null,
            Watchdog = draft.Watchdog is { } watchdog ? new WatchdogSpec(Time(watchdog), Keep(draft.WatchdogKeep)) : null,
            Templates = [.. (draft.Templates ?? []).Select(Template)],
            Vars = draft.Vars is { Count: > 0 } vars ? Ordinal(vars) : null,
            Settings = used.ToImmutableSortedDictionary(s => s, s => settings[s], StringComparer.Ordinal),
        };
    }

    private static LimitsSpec Limits(LimitsDraft draft) => new(
        draft.Memory is null ? null : Measures.Size(draft.Memory), draft.Cpu, draft.OpenFiles, draft.Processes,
        Limit(draft.Core), Limit(draft.Stack), Limit(draft.LockedMemory), Limit(draft.FileSize),
        draft.Enforce == "required" ? LimitsEnforce.Required : null);

    private static WatchdogKeep? Keep(string? word) => word switch
    {
        "stacks" => WatchdogKeep.Stacks,
        "core" => WatchdogKeep.Core,
        _ => null,
    };

    private static long? Limit(string? text) => text is null ? null : LimitsCheck.Limit(text);

    /// <summary>Nothing written: a service with ports is ready when the first of them, by name, takes a connection.</summary>
    private static ProbeSpec? Probe(ServiceDraft draft)
    {
        var first = draft.Ports?.Keys.Order(StringComparer.Ordinal).FirstOrDefault();
        var probe = draft.Probe ?? (first is null ? new ProbeDraft { None = true } : new ProbeDraft { Tcp = first });
        return probe.None is true ? null : new ProbeSpec
        {
            Kind = probe.Http is not null ? ProbeKind.Http
                : probe.Tcp is not null ? ProbeKind.Tcp
                : probe.Exec is not null ? ProbeKind.Exec
                : ProbeKind.Notify,
            Port = (probe.Http is not null ? probe.Port ?? first : probe.Tcp) is { } port ? new PortName(port) : null,
            Path = probe.Http,
            Command = probe.Exec ?? [],
            Every = Time(probe.Every ?? "1s"),
            Timeout = Time(probe.Timeout ?? "1s"),
            FailAfter = probe.FailAfter ?? 3,
            StartTimeout = Time(probe.StartTimeout ?? "60s"),
        };
    }

    private static TemplateSpec Template(TemplateDraft template) => (template.Reload ?? template.Then?.Reload) is { } signal
        ? new TemplateSpec(
            template.From!, template.To!, TemplateThen.Reload, signal,
            template.Then?.Done is { IsDefaultOrEmpty: false } done ? done : null)
        : new TemplateSpec(template.From!, template.To!, template.Then?.Restart is true ? TemplateThen.Restart
            : TemplateThen.Nothing);

    private static TimeSpan Time(string text) => Measures.CheckedDuration(text);

    private static ImmutableSortedDictionary<string, string> Ordinal(ImmutableSortedDictionary<string, string> map) =>
        map.WithComparers(StringComparer.Ordinal);
}
