using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent.Local;

/// <summary>Processes of this host in the words of people: the instance that one belongs to, and its command.</summary>
internal sealed class ProcessNames : IAgentObserver
{
    private AgentState? _newest;

    public void Observe(AgentState state) => Volatile.Write(ref _newest, state);

    public string Of(ProcessIdentity process)
    {
        var command = ProcessStat.Describe(process.Pid);
        return InstanceOf(process.Pid) is { } instance ? $"{instance}, {command}" : command;
    }

    private InstanceId? InstanceOf(int pid)
    {
        var instances = Volatile.Read(ref _newest)?.Instances.Values.Where(i => i.Process is not null).ToList() ?? [];
        ProcessStat? process = ProcessStat.Read(pid);
        for (var i = 0; i < LocalCaller.AncestorsMax && process is { } at; i++)
        {
            if (instances.Find(instance => at.Is(instance.Process!)) is { } owner)
            {
                return owner.Assigned.Instance;
            }

            process = ProcessStat.Read(at.Parent);
        }

        return null;
    }
}
