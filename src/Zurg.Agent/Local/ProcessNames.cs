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
        return OwnerOf(process.Pid) is { } owner ? $"{owner.Assigned.Instance}, {command}" : command;
    }

    /// <summary>Whose main process it is or came of: by its ancestors, or by its session when those have ended.</summary>
    public InstanceState? OwnerOf(int pid)
    {
        var instances = Volatile.Read(ref _newest)?.Instances.Values.Where(i => i.Process is not null).ToList() ?? [];
        ProcessStat? process = ProcessStat.Read(pid);
        var leader = process is { Session: > 0 } asked ? ProcessStat.Read(asked.Session) : null;
        for (var i = 0; i < LocalCaller.AncestorsMax && process is { } at; i++)
        {
            if (instances.Find(instance => at.Is(instance.Process!)) is { } owner)
            {
                return owner;
            }

            process = ProcessStat.Read(at.Parent);
        }

        return leader is { } led ? instances.Find(instance => led.Is(instance.Process!)) : null;
    }

    /// <summary>
    /// A process may ask before it is known whose it is: an agent that was just started, or that just started the process.
    /// </summary>
    public bool IsBehind => Volatile.Read(ref _newest) is not { } newest
        || newest.Instances.Values.Any(i => i is { Phase: InstancePhase.Starting, Process: null });
}
