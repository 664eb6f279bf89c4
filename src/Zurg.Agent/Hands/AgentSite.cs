using System.Net;
using Zurg.Agent.Processes;
using Zurg.Protocol;

namespace Zurg.Agent.Hands;

/// <summary>Where an agent works: what of its host every start needs to know.</summary>
/// <param name="Address">At which others reach the host.</param>
/// <param name="Socket">The agent's local socket, for ZURG_SOCKET.</param>
internal sealed record AgentSite(AgentPaths Paths, HostId Host, CellName Cell, IPAddress Address, string Socket)
{
    public CgroupSite Cgroups { get; init; } = CgroupSite.None("no cgroups are used");

    public OomCount Ooms { get; } = new("/proc/vmstat");
}
