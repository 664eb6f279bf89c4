using System.Text;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// How far the preparation of what an instance gets next is. Part of a journal record; a restarted agent begins anew.
/// </summary>
public sealed record NextState
{
    /// <summary>The digest of the spec that is prepared.</summary>
    public required Digest Spec { get; init; }

    /// <summary>Of the manifest and of what it must be signed by: another one under the same spec is prepared anew.</summary>
    public required Digest Release { get; init; }

    /// <summary>The hands are at it.</summary>
    public bool IsAsked { get; init; }

    public bool IsReady { get; init; }

    /// <summary>Failures in a row.</summary>
    public int Failures { get; init; }

    /// <summary>Not tried again before this.</summary>
    public DateTimeOffset? NotBefore { get; init; }

    public Hold? Hold { get; init; }
}

/// <summary>
/// What an instance gets next is laid out and checked while it still runs, so that the time between its stop and its next start
/// holds no fetch, and what cannot start is known before anything is stopped.
/// </summary>
internal static class InstanceNext
{
    /// <summary>Does what is due now; harmless at any time.</summary>
    public static InstanceTurn Settle(InstanceState s, Moment m)
    {
        if (s.Leaving || m.ShuttingDown || s.Assigned.Next is not { } wanted)
        {
            return s.Next is null ? s.Unchanged : new InstanceTurn(s with { Next = null });
        }

        var release = ReleaseOf(wanted);
        var next = s.Next is { } known && known.Spec == wanted.SpecDigest && known.Release == release
            ? known
            : new NextState { Spec = wanted.SpecDigest, Release = release };
        if (next.IsReady || next.IsAsked || next.NotBefore > m.Now)
        {
            return s.Unchanged;
        }

        var assigned = Of(s.Assigned, wanted);
        return Understanding.HoldOf(assigned, m.Host) is { } hold
            ? next.Hold?.Reason == hold.Reason ? s.Unchanged : Held(s, next, hold, m)
            : new InstanceTurn(s with { Next = next with { IsAsked = true, NotBefore = null } })
                .Do(new AgentEffect.PrepareNext(assigned, release));
    }

    public static InstanceTurn Heard(InstanceState s, AgentInput.NextChecked heard, Moment m) =>
        s.Next is not { IsAsked: true } next || next.Spec != heard.Spec || next.Release != heard.Release ? s.Unchanged
        : heard.Hold is not { } hold
            ? new InstanceTurn(s with { Next = next with { IsAsked = false, IsReady = true, Failures = 0, Hold = null } })
        : Held(
            s,
            next with
            {
                IsAsked = false,
                Failures = next.Failures + 1,
                NotBefore = m.Now + RestartDecision.Backoff(s.Assigned.Restart, next.Failures + 1, InstanceEnd.Jitter(s, m)),
            },
            hold, m);

    /// <summary>The instance as it will be assigned.</summary>
    private static AssignedInstance Of(AssignedInstance assigned, NextInstance next) => assigned with
    {
        Spec = next.Spec,
        SpecDigest = next.SpecDigest,
        Manifest = next.Manifest,
        Signing = next.Signing,
        Next = null,
    };

    private static InstanceTurn Held(InstanceState s, NextState next, Hold hold, Moment m)
    {
        var turn = new InstanceTurn(s with { Next = next with { Hold = InstanceEnd.HoldOf(s, m, hold) } });
        return next.Hold?.Reason == hold.Reason
            ? turn
            : turn.Tell(EventKind.InstanceHeld, $"what it gets next cannot be started here yet: {hold.Text}");
    }

    private static Digest ReleaseOf(NextInstance next)
    {
        if (next.Signing is not { } terms)
        {
            return next.Manifest;
        }

        var text = new StringBuilder(next.Manifest.Value);
        foreach (var (name, key) in terms.Keys)
        {
            text.Append('\n').Append(name).Append('=').Append(key);
        }

        foreach (var signature in terms.Signatures)
        {
            text.Append('\n').Append(signature.Key).Append(' ').Append(signature.Value);
        }

        return Digest.Of(Encoding.UTF8.GetBytes(text.ToString()));
    }
}
