using System.Collections.Immutable;
using Zurg.Core;
using Zurg.Loops;
using Zurg.Protocol;

namespace Zurg.Agent.Artifacts;

/// <summary>What is assigned to this host, now or next, and what runs on it, still or already.</summary>
internal sealed class AssignedReleases(ReleasePaths paths) : IReleaseUse, IAgentObserver
{
    private ImmutableSortedSet<ReleaseId>? _releases;

    public ImmutableSortedSet<ReleaseId>? Releases => Volatile.Read(ref _releases);

    public void Observe(AgentState state)
    {
        if (state.Assignment is not { } assignment)
        {
            return;
        }

        var assigned = assignment.Instances.Select(i => i.Spec.Release);

        // What is prepared is about to be used, whatever else the disk has to hold meanwhile.
        var next = assignment.Instances.Select(i => i.Next?.Spec.Release).OfType<ReleaseId>();
        var instances = state.Instances.Values.Select(i => i.Assigned.Spec.Release);

        // An instance that is being replaced runs another release than it is assigned: its command line names it.
        var running = state.Instances.Values.Select(i => i.Launch).OfType<Launch>().SelectMany(Named);
        Interlocked.Exchange(ref _releases, [.. assigned, .. next, .. instances, .. running]);
    }

    private IEnumerable<ReleaseId> Named(Launch launch) =>
        launch.Args.Concat(launch.Env.Values).Append(launch.Executable).Append(launch.WorkingDirectory)
            .Select(paths.ReleaseOf).OfType<ReleaseId>();
}
