using System.Collections.Immutable;
using System.Globalization;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Processes;

/// <summary>What this agent can hold processes to on this host, read as it is (capabilities(7), getrlimit(2)).</summary>
internal static unsafe class HostLimits
{
    private const int OverrideModesCapability = 1;
    private const int SearchCapability = 2;
    private const int SetGroupCapability = 6;
    private const int SetUserCapability = 7;
    private const int NiceCapability = 23;
    private const int ResourceCapability = 24;

    /// <summary>RLIMIT_NICE of getrlimit(2): 20 less than this is the lowest nice value without the capability.</summary>
    private const int NiceResource = 13;

    /// <summary>Numbers of getrlimit(2), the same on x86 and Arm.</summary>
    private static readonly ImmutableSortedDictionary<ProcessLimit, int> Resources = new Dictionary<ProcessLimit, int>
    {
        [ProcessLimit.FileSize] = 1,
        [ProcessLimit.Stack] = 3,
        [ProcessLimit.Core] = 4,
        [ProcessLimit.Processes] = 6,
        [ProcessLimit.OpenFiles] = 7,
        [ProcessLimit.LockedMemory] = 8,
    }.ToImmutableSortedDictionary();

    /// <summary>The modes of files do not bind this process (root, or a part of root's rights).</summary>
    public static readonly bool IsBeyondModes = Capabilities(File.ReadLines("/proc/self/status")) is var own
        && (Has(own, OverrideModesCapability) || Has(own, SearchCapability));

    private static readonly HostAbility Processes = Read();

    /// <param name="cgroups">Of one agent.</param>
    public static HostAbility AbilityWith(CgroupSite cgroups) =>
        Processes with { Controllers = cgroups.Controllers, NoControllers = cgroups.WhyNot };

    /// <summary>Both the soft and the hard limit.</summary>
    /// <returns>An error of errno(3); 0 when it is set.</returns>
    public static int Set(int pid, ProcessLimit limit, long value)
    {
        var both = stackalloc ulong[2];
        both[0] = both[1] = value == LimitsSpec.Unlimited ? ulong.MaxValue : (ulong)value;
        return Libc.Limit(pid, Resources[limit], both, null) == 0 ? 0 : Libc.LastError;
    }

    private static HostAbility Read()
    {
        var capabilities = Capabilities(File.ReadLines("/proc/self/status"));
        var nice = Has(capabilities, NiceCapability);
        var nicest = Math.Min(20 - (int)Math.Min(HardOf(NiceResource), 40), Libc.Nice());
        return new HostAbility
        {
            User = Environment.UserName,
            SetsUsers = Has(capabilities, SetUserCapability) && Has(capabilities, SetGroupCapability),
            RaisesLimits = Has(capabilities, ResourceCapability),
            NiceMin = nice ? -20 : nicest,
            OomScoreAdjMin = Has(capabilities, ResourceCapability) ? -1000 : Number("/proc/self/oom_score_adj"),
            OpenFilesMax = Number("/proc/sys/fs/nr_open"),
            Hard = Resources.ToImmutableSortedDictionary(r => r.Key, r => HardOf(r.Value) is var hard and <= long.MaxValue
                ? (long)hard
                : LimitsSpec.Unlimited),
        };
    }

    /// <summary>proc_pid_status(5): the effective ones, a hexadecimal mask.</summary>
    private static ulong Capabilities(IEnumerable<string> status)
    {
        const string field = "CapEff:";
        return ulong.Parse(status.First(l => l.StartsWith(field, StringComparison.Ordinal))[field.Length..].Trim(),
            NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    private static bool Has(ulong capabilities, int capability) => (capabilities & (1UL << capability)) != 0;

    private static ulong HardOf(int resource)
    {
        var both = stackalloc ulong[2];
        return Libc.Limit(0, resource, null, both) == 0 ? both[1] : ulong.MaxValue;
    }

    private static int Number(string path) => int.Parse(File.ReadAllText(path).Trim(), CultureInfo.InvariantCulture);
}
