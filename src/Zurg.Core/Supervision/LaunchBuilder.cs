using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What only the host knows of one start: the rest is in the assigned instance.</summary>
public sealed record LaunchVariables
{
    public required HostId Host { get; init; }

    public required CellName Cell { get; init; }

    /// <summary>The IP address at which others reach this host.</summary>
    public required string Address { get; init; }

    /// <summary>Every port of the spec, fixed ones too.</summary>
    public required ImmutableSortedDictionary<PortName, int> Ports { get; init; }

    /// <summary>The instance's own directory, absolute.</summary>
    public required string Directory { get; init; }

    /// <summary>The laid out release, absolute.</summary>
    public required string ReleaseDirectory { get; init; }

    /// <summary>ZURG_INCARNATION: unique per host and incarnation, by which escaped children are found.</summary>
    public required string IncarnationToken { get; init; }

    /// <summary>The agent's local socket.</summary>
    public required string Socket { get; init; }

    /// <summary>Set for a notify probe.</summary>
    public string? NotifySocket { get; init; }

    /// <summary>
    /// What comes from the host: PATH, HOME and USER of the user it runs as. The spec's own env goes before it.
    /// </summary>
    public required ImmutableSortedDictionary<string, string> Inherited { get; init; }
}

/// <summary>What came of putting a start together.</summary>
public abstract record LaunchOutcome
{
    private LaunchOutcome()
    {
    }

    public sealed record Built(Launch Launch) : LaunchOutcome;

    /// <param name="Text">One sentence; it can only be met with a spec of a newer build.</param>
    public sealed record Refused(string Text) : LaunchOutcome;
}

/// <summary>From what is assigned and what the host knows to exactly what is run.</summary>
public static class LaunchBuilder
{
    public const string EnvPrefix = "ZURG_";
    public const string PortEnvPrefix = "PORT_";

    /// <summary>The digest of what it runs: an agent that lost its journal compares it with what is assigned.</summary>
    public const string SpecEnv = "ZURG_SPEC";

    /// <summary><see cref="StateRefusing"/> for a process that is to answer no request until it is told that it may.</summary>
    public const string StateEnv = "ZURG_STATE";

    public const string StateRefusing = "refusing";

    public const string NotifySocketEnv = "NOTIFY_SOCKET";
    public const string WatchdogEnv = "WATCHDOG_USEC";

    /// <summary>
    /// What a process may be told about its notify socket. WATCHDOG_PID is never set: the pid is not known before the start, and
    /// without it whoever finds the others takes them as meant for itself (sd_watchdog_enabled(3)).
    /// </summary>
    public static ImmutableArray<string> NotifyEnv { get; } = [NotifySocketEnv, WatchdogEnv, "WATCHDOG_PID"];

    /// <summary>Whether it is given a notify socket.</summary>
    public static bool Notifies(InstanceSpec spec) => spec.Probe?.Kind == ProbeKind.Notify || spec.Watchdog is not null;

    public static LaunchOutcome Build(AssignedInstance assigned, LaunchVariables host)
    {
        var spec = assigned.Spec;
        var values = Values(assigned, host);
        string? missing = null;
        var args = spec.Args.Select(Replaced).ToImmutableArray();
        var env = host.Inherited.WithComparers(StringComparer.Ordinal)
            .SetItems(spec.Env.Select(e => KeyValuePair.Create(e.Key, Replaced(e.Value))))
            .SetItems(OwnEnv(assigned, host));
        var directory = Replaced(spec.WorkingDirectory ?? "");
        return missing is not null
            ? new LaunchOutcome.Refused($"there is no variable ${{{Words.Shorten(missing)}}} in this build of the agent")
            : new LaunchOutcome.Built(new Launch
            {
                Executable = Inside(host.ReleaseDirectory, spec.Run),
                Args = args,
                Env = env,
                WorkingDirectory = directory.Length == 0 ? host.Directory : Inside(host.Directory, directory),
                Ports = host.Ports,
            });

        string Replaced(string text)
        {
            switch (Variables.Replace(text, values))
            {
                case Replacement.Done done:
                    return done.Text;
                case Replacement.Missing unknown:
                    missing ??= unknown.Name;
                    return "";
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
        }
    }

    /// <summary>
    /// The value of every variable for one start: for <see cref="Variables.Replace"/>, an exec probe's command too.
    /// </summary>
    public static ImmutableSortedDictionary<string, string> Values(AssignedInstance assigned, LaunchVariables host)
    {
        var values = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (name, port) in host.Ports)
        {
            values[Variables.PortPrefix + name] = Text(port);
        }
        foreach (var (name, value) in assigned.Spec.Settings)
        {
            values[Variables.SettingPrefix + name] = value;
        }
        foreach (var (name, value) in assigned.Spec.Vars ?? ImmutableSortedDictionary<string, string>.Empty)
        {
            values[Variables.VarPrefix + name] = value;
        }
        values["instance"] = assigned.Instance.Value;
        values["index"] = Text(assigned.Instance.Index);
        values["service"] = assigned.Instance.Service.Value;
        values["host"] = host.Host.Value;
        values["cell"] = host.Cell.Value;
        values["address"] = host.Address;
        values["release"] = assigned.Spec.Release.Version.Value;
        values["dir"] = host.Directory;
        values["release_dir"] = host.ReleaseDirectory;
        return values.ToImmutable();
    }

    /// <summary>PORT_ and the port's name in upper case, '-' as '_'.</summary>
    public static string PortEnv(PortName port) =>
        PortEnvPrefix + port.Value.ToUpperInvariant().Replace('-', '_');

    private static IEnumerable<KeyValuePair<string, string>> OwnEnv(AssignedInstance assigned, LaunchVariables host)
    {
        var instance = assigned.Instance;
        (string Name, string? Value)[] own =
        [
            ("ZURG_SOCKET", host.Socket),
            ("ZURG_SERVICE", instance.Service.Value),
            ("ZURG_INSTANCE", instance.Value),
            ("ZURG_INDEX", Text(instance.Index)),
            ("ZURG_HOST", host.Host.Value),
            ("ZURG_CELL", host.Cell.Value),
            ("ZURG_RELEASE", assigned.Spec.Release.Version.Value),
            (SpecEnv, assigned.SpecDigest.Value),
            ("ZURG_INCARNATION", host.IncarnationToken),
            (NotifySocketEnv, host.NotifySocket),
            (WatchdogEnv, assigned.Spec.Watchdog is { } watchdog
                ? ((long)watchdog.Timeout.TotalMicroseconds).ToString(CultureInfo.InvariantCulture)
                : null),
            .. host.Ports.Select(p => (PortEnv(p.Key), (string?)Text(p.Value))),
        ];
        return own.Where(e => e.Value is not null).Select(e => KeyValuePair.Create(e.Name, e.Value!));
    }

    private static string Inside(string directory, string path) => path.StartsWith('/') ? path : $"{directory}/{path}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
