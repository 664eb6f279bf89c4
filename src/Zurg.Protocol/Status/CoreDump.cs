using System.Collections.Immutable;

namespace Zurg.Protocol;

/// <summary>A core dump that a host keeps, and what is needed to open it.</summary>
public sealed record CoreDump
{
    /// <summary>Its name on the host, such as web.0-17: instance and incarnation.</summary>
    public required string Id { get; init; }

    public required HostId Host { get; init; }

    public required InstanceId Instance { get; init; }

    public required Incarnation Incarnation { get; init; }

    /// <summary>It stays on the host for as long as the core does.</summary>
    public required ReleaseId Release { get; init; }

    /// <summary>Of the release's manifest: the very bytes that ran.</summary>
    public required Digest Manifest { get; init; }

    /// <summary>The program, inside the release; absolute when it is one of the host's own.</summary>
    public required string Executable { get; init; }

    public required int Pid { get; init; }

    /// <summary>By number: the one that ended it.</summary>
    public required int Signal { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>core, or core.zst and the like as systemd-coredump compressed it.</summary>
    public required string File { get; init; }

    /// <summary>In bytes, holes included.</summary>
    public required long Size { get; init; }

    /// <summary>What it takes of the host's disk, in bytes.</summary>
    public required long DiskSize { get; init; }
}

/// <summary>The core dumps of a cluster.</summary>
/// <param name="Cores">Newest first.</param>
/// <param name="Silent">Hosts that did not answer: what they keep is not among them.</param>
public sealed record CoreList(ImmutableArray<CoreDump> Cores, ImmutableArray<HostId> Silent);
