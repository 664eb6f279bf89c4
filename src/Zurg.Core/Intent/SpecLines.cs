using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What a line of a service is about, and so what a change of it does to running instances.</summary>
internal enum SpecPart
{
    /// <summary>What runs: a change is a restart.</summary>
    Instance,

    /// <summary>How many and where: a change starts and stops.</summary>
    Scale,

    /// <summary>How it is looked after: a change takes effect without touching an instance.</summary>
    Policy,
}

/// <param name="Path">As it would be written in cluster.yaml.</param>
internal readonly record struct SpecLine(string Path, string Value, SpecPart Part);

/// <summary>A spec as lines of path and value, in the words of cluster.yaml: what a diff compares and shows.</summary>
internal static class SpecLines
{
    public static IEnumerable<(string Path, string Value)> OfCluster(ClusterSpec spec) =>
    [
        ("cluster", spec.Cluster.Value),
        .. spec.Cells.IsEmpty ? [] : new[] { ("cells", List(spec.Cells.Select(c => c.Value))) },
        .. Reserve("disk", spec.Reserve?.Disk, Defaults.Reserve.Disk),
        .. Reserve("memory", spec.Reserve?.Memory, Defaults.Reserve.Memory),
        .. (spec.Keys ?? ImmutableSortedDictionary<string, string>.Empty)
            .Select(k => ($"keys.{k.Key}", ReleaseSignature.NameOf(k.Value))),
        .. AlertsCheck.Lines(spec.Alerts),
        .. spec.Routes.Select(r => ($"routes.{r.Host}{r.Path}", r.Service.Value)),
    ];

    public static IEnumerable<SpecLine> OfService(ServiceSpec service) =>
    [
        .. Instance(service.Instance).Select(l => new SpecLine($"services.{service.Name}.{l.Path}", l.Value, SpecPart.Instance)),
        .. Scale(service).Select(l => new SpecLine($"services.{service.Name}.{l.Path}", l.Value, SpecPart.Scale)),
        .. Policy(service).Select(l => new SpecLine($"services.{service.Name}.{l.Path}", l.Value, SpecPart.Policy)),
    ];

    /// <summary>The variables of single instances: path, value, and the one index that a change restarts.</summary>
    public static IEnumerable<(string Path, string Value, int Index)> OfInstances(ServiceSpec service) =>
        from own in service.PerInstance ?? ImmutableSortedDictionary<int, ImmutableSortedDictionary<string, string>>.Empty
        from value in own.Value
        select ($"services.{service.Name}.per_instance.{Number(own.Key)}.{value.Key}", value.Value, own.Key);

    /// <summary>A service in a few words: web@2.0.0, 3 instances.</summary>
    public static string Summary(ServiceSpec service) => $"{service.Instance.Release}, " + service.Scale switch
    {
        { Instances: { } count } => count == 1 ? "1 instance" : $"{Number(count)} instances",
        { PerHost: { } count } => $"{Number(count)} per host",
        { Hosts: var hosts } => $"on {string.Join(", ", hosts)}",
    };

    /// <summary>Nothing while it is the usual, which specs of earlier builds do not say.</summary>
    private static IEnumerable<(string Path, string Value)> Reserve(string name, FreeLimit? limit, FreeLimit usual) =>
        limit is null || limit == usual ? [] : [($"reserve.{name}", ReserveCheck.Show(limit))];

    private static IEnumerable<(string Path, string Value)> Instance(InstanceSpec spec)
    {
        yield return ("release", spec.Release.Value);
        yield return ("run", spec.Run);
        if (!spec.Args.IsEmpty)
        {
            yield return ("args", List(spec.Args));
        }
        foreach (var (name, value) in spec.Env)
        {
            yield return ($"env.{name}", value);
        }
        if (spec.WorkingDirectory is { } directory)
        {
            yield return ("working_directory", directory);
        }
        if (spec.User is { } user)
        {
            yield return ("user", user);
        }
        foreach (var line in Attire(spec))
        {
            yield return line;
        }
        foreach (var (name, value) in spec.Vars ?? ImmutableSortedDictionary<string, string>.Empty)
        {
            yield return ($"vars.{name}", value);
        }
        foreach (var (name, port) in spec.Ports)
        {
            yield return ($"ports.{name}", port.Fixed is { } number ? Number(number) : "dynamic");
        }
        foreach (var line in Probe(spec.Probe).Concat(Limits(spec.Limits ?? new LimitsSpec())))
        {
            yield return line;
        }
        foreach (var template in spec.Templates)
        {
            var then = template.Signal is { } signal ? $"reload {signal}" : WireEnum.NameOf(template.Then);
            var done = template.Done is { } command ? $", done by {List(command)}" : "";
            yield return ($"templates.{template.To}", $"from {template.From}, then {then}{done}");
        }
    }

    private static IEnumerable<(string Path, string Value)> Probe(ProbeSpec? probe)
    {
        if (probe is null)
        {
            yield break;
        }
        var kind = WireEnum.NameOf(probe.Kind);
        yield return ($"probe.{kind}", probe.Kind switch
        {
            ProbeKind.Http => probe.Path ?? "",
            ProbeKind.Tcp => probe.Port?.Value ?? "",
            ProbeKind.Exec => List(probe.Command),
            ProbeKind.Notify or ProbeKind.Unknown => "true",
        });
        if (probe is { Kind: ProbeKind.Http, Port: { } port })
        {
            yield return ("probe.port", port.Value);
        }
        yield return ("probe.every", Measures.Show(probe.Every));
        yield return ("probe.timeout", Measures.Show(probe.Timeout));
        yield return ("probe.fail_after", Number(probe.FailAfter));
        yield return ("probe.start_timeout", Measures.Show(probe.StartTimeout));
    }

    private static IEnumerable<(string Path, string Value)> Limits(LimitsSpec limits)
    {
        if (limits.Memory is { } memory)
        {
            yield return ("limits.memory", Measures.Show(memory));
        }
        if (limits.Cpu is { } cpu)
        {
            yield return ("limits.cpu", cpu.ToString(CultureInfo.InvariantCulture));
        }
        if (limits.OpenFiles is { } files)
        {
            yield return ("limits.open_files", Number(files));
        }
        if (limits.Processes is { } processes)
        {
            yield return ("limits.processes", Number(processes));
        }
        (string Name, long? Value)[] sizes =
        [
            ("core", limits.Core), ("stack", limits.Stack), ("locked_memory", limits.LockedMemory),
            ("file_size", limits.FileSize),
        ];
        foreach (var (name, value) in sizes)
        {
            if (value is { } size)
            {
                yield return ($"limits.{name}", size == LimitsSpec.Unlimited ? SpecWords.Unlimited : Measures.Show(size));
            }
        }
        if (limits.Enforce is { } enforce)
        {
            yield return ("limits.enforce", WireEnum.NameOf(enforce));
        }
    }

    private static IEnumerable<(string Path, string Value)> Attire(InstanceSpec spec)
    {
        (string Path, string? Value)[] lines =
        [
            ("group", spec.Group),
            ("groups", spec.Groups is { } groups ? List(groups) : null),
            ("umask", spec.Umask is { } umask ? Convert.ToString(umask, 8).PadLeft(3, '0') : null),
            ("nice", spec.Nice is { } nice ? Number(nice) : null),
            ("watchdog", spec.Watchdog is { } watchdog ? Measures.Show(watchdog.Timeout) : null),
            ("watchdog_keep", spec.Watchdog?.Keep is { } keep ? WireEnum.NameOf(keep) : null),
            ("oom_score_adj", spec.OomScoreAdj is { } score ? Number(score) : null),
        ];
        return lines.Where(l => l.Value is not null).Select(l => (l.Path, l.Value!));
    }

    private static IEnumerable<(string Path, string Value)> Scale(ServiceSpec service) => service.Scale switch
    {
        { Instances: { } count } => [("instances", Number(count))],
        { PerHost: { } count } => [("per_host", Number(count))],
        { Hosts: var hosts } => [("hosts", List(hosts.Select(h => h.Value)))],
    };

    private static IEnumerable<(string Path, string Value)> Policy(ServiceSpec service) =>
    [
        .. service.Constraints.Select(c => ($"constraints.{c.Key}", List(c.Value))),
        .. service.DependsOn.IsEmpty ? [] : new[] { ("depends_on", List(service.DependsOn.Select(d => d.Value))) },
        .. service.Uses.Select(u => ($"uses.{u.Target}", u.Listen)),
        ("restart.delay", Measures.Show(service.Restart.Delay)),
        ("restart.max_delay", Measures.Show(service.Restart.MaxDelay)),
        ("restart.window", Measures.Show(service.Restart.Window)),
        ("restart.attempts", Number(service.Restart.Attempts)),
        ("stop.signal", service.Stop.Signal),
        ("stop.grace", Measures.Show(service.Stop.Grace)),
        ("stop.drain", Measures.Show(service.Stop.DrainLimit)),
        .. service.Stop.Command is { } command ? new[] { ("stop.command", List(command)) } : [],
        ("logs.max_size", Measures.Show((service.Logs ?? LogBounds.Usual).MaxSize)),
        ("logs.max_age", Measures.Show((service.Logs ?? LogBounds.Usual).MaxAge)),
        .. Update(service.Update).Select(l => ($"update.{l.Path}", l.Value)),
    ];

    private static IEnumerable<(string Path, string Value)> Update(UpdatePolicy update)
    {
        (string Path, string? Value)[] lines =
        [
            ("canary", update.BlueGreen is null ? Number(update.Canary) : null),
            ("batches", update.Batches is { } batches ? Number(batches) : null),
            ("batch", update.BlueGreen is null && update.Batches is null ? update.Batch : null),
            ("bake", Measures.Show(update.Bake)),
            ("promote", update.ManualPromotion is true ? "manual" : null),
            ("by_cell", update.ByCell is true ? "true" : null),
            ("ready_within", Measures.Show(update.ReadyWithin ?? UpdatePolicy.ReadyWithinUsual)),
            ("max_unavailable", Number(update.MaxUnavailable)),
            ("surge", Number(update.Surge)),
            ("rollback", WireEnum.NameOf(update.Rollback)),
            ("blue_green.keep", update.BlueGreen is { } sides ? Measures.Show(sides.Keep) : null),
            ("blue_green.strict", update.BlueGreen is { } both ? (both.Strict ? "true" : "false") : null),
        ];
        return lines.Where(l => l.Value is not null).Select(l => (l.Path, l.Value!));
    }

    private static string List(IEnumerable<string> items) => $"[{string.Join(", ", items)}]";

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
