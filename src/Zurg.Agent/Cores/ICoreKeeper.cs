using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Cores;

/// <summary>A process that the kernel says left a core dump.</summary>
internal sealed record DumpedProcess(
    AssignedInstance Assigned, Incarnation Incarnation, Launch Launch, int Pid, int Signal, DateTimeOffset At);

/// <summary>Takes care of core dumps.</summary>
internal interface ICoreKeeper
{
    /// <summary>Never waits: the successor of the process is not to.</summary>
    void Keep(DumpedProcess dumped);
}
