namespace Zurg.Agent.Processes;

/// <summary>What this agent can hold processes to on this host, said as it is.</summary>
internal static class HostLimits
{
    private const string Controllers = "/sys/fs/cgroup/cgroup.controllers";

    public static string Describe()
    {
        var processes = Libc.EffectiveUser() == 0 ? "processes (not those of root)" : "processes";
        var cgroup = File.Exists(Controllers) ? File.ReadAllText(Controllers).Trim() : null;
        var why = cgroup switch
        {
            null => "no cgroup v2",
            "" => "no cgroup v2 controllers",
            _ => $"cgroup v2 has {cgroup.Replace(" ", ", ", StringComparison.Ordinal)}, not used yet",
        };
        return $"open files, {processes}; {why}: memory and cpu are not enforced";
    }
}
