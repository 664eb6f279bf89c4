using System.Collections.Immutable;
using System.Net;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Probes;

/// <summary>One incarnation to ask, and how.</summary>
internal sealed record ProbeTarget
{
    public required ProbeSpec Spec { get; init; }

    public required ProcessIdentity Process { get; init; }

    public required Launch Launch { get; init; }

    /// <summary>ZURG_INCARNATION of the incarnation.</summary>
    public required string Token { get; init; }

    /// <summary>Where others reach the host: an instance that listens elsewhere is of no use to them.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>For exec: the absolute executable and its arguments, variables replaced.</summary>
    public ImmutableArray<string> Command { get; init; } = [];

    /// <summary>For exec: the instance's.</summary>
    public string? User { get; init; }

    public string? Group { get; init; }

    public ImmutableArray<string>? Groups { get; init; }

    /// <summary>For notify.</summary>
    public NotifySocket? Notify { get; init; }

    /// <summary>For notify: hears each of its messages besides.</summary>
    public Func<NotifyWords, CancellationToken, ValueTask>? Heard { get; init; }

    /// <summary>Not passed yet in this incarnation.</summary>
    public required bool Eager { get; init; }

    /// <summary>Null when the spec names a port that the launch does not have: a spec of a newer build.</summary>
    public int? Port => Spec.Port is { } name && Launch.Ports.TryGetValue(name, out var port) ? port : null;
}
