using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Measuring;

/// <summary>
/// What each instance takes: one walk over /proc for all of them. A daemon that left both its parent and its session is not
/// counted. Used by one caller at a time.
/// </summary>
internal sealed class InstanceMeter
{
    private readonly Dictionary<(InstanceId, Incarnation), TimeSpan> _cpu = [];

    /// <param name="instances">As the agent knows them now.</param>
    public ImmutableArray<InstanceMeasure> Read(IEnumerable<InstanceState> instances)
    {
        var running = instances.Where(i => i is { Process: not null, HasExited: false }).ToArray();
        if (running.Length == 0)
        {
            _cpu.Clear();
            return [];
        }

        var all = ReadAll();
        var children = all.Values.ToLookup(p => p.Parent);
        var sessions = all.Values.ToLookup(p => p.Session);
        var measures = running
            .Where(i => all.TryGetValue(i.Process!.Pid, out var main) && main.StartTicks == i.Process.StartTicks)
            .Select(i => MeasureOf(i, [.. sessions[i.Process!.Pid], all[i.Process.Pid]], children))
            .OrderBy(m => m.Instance).ToImmutableArray();
        foreach (var gone in _cpu.Keys.Except(measures.Select(m => (m.Instance, m.Incarnation))).ToArray())
        {
            _cpu.Remove(gone);
        }

        return measures;
    }

    private InstanceMeasure MeasureOf(InstanceState instance, IEnumerable<Taken> roots, ILookup<int, Taken> children)
    {
        var members = new Dictionary<int, Taken>();
        var open = new Queue<Taken>(roots);
        while (open.TryDequeue(out var process))
        {
            if (members.TryAdd(process.Pid, process))
            {
                foreach (var child in children[process.Pid])
                {
                    open.Enqueue(child);
                }
            }
        }

        // Time of a child that ended is its parent's once that has waited for it; of one that nobody waited for it is lost.
        var key = (instance.Assigned.Instance, instance.Incarnation);
        var sum = ProcText.Ticks(members.Values.Sum(m => m.CpuTicks));
        var before = _cpu.GetValueOrDefault(key);
        var cpu = _cpu[key] = sum > before ? sum : before;
        var pages = members.Values.Sum(m => m.Pages);
        return new InstanceMeasure(key.Instance, key.Incarnation, pages * Environment.SystemPageSize, cpu, members.Count);
    }

    private static Dictionary<int, Taken> ReadAll()
    {
        var all = new Dictionary<int, Taken>();
        Span<byte> line = stackalloc byte[1024];
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(directory.AsSpan("/proc/".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && ProcessStat.ReadFile(directory + "/stat", line) is var length and > 0
                && Taken.Parse(pid, Encoding.UTF8.GetString(line[..length])) is { } taken)
            {
                all[pid] = taken;
            }
        }

        return all;
    }

    /// <summary>What of /proc/PID/stat counts here (proc_pid_stat(5)).</summary>
    internal sealed record Taken(int Pid, int Parent, int Session, long CpuTicks, long StartTicks, long Pages)
    {
        /// <summary>Null for what is no such line.</summary>
        public static Taken? Parse(int pid, string line)
        {
            // The name in field 2 may hold blanks and brackets: the fields are counted from the last closing one.
            var fields = line[(line.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields.Length < 22 ? null : new Taken(
                pid, (int)Of(1), (int)Of(3), Of(11) + Of(12) + Of(13) + Of(14), Of(19), Of(21));

            long Of(int at) =>
                long.TryParse(fields[at], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                    ? number
                    : 0;
        }
    }
}
