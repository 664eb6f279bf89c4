using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What is known of a host on its way to the store: only when it changed, and only when the store can hold it.</summary>
internal static class FactsWriting
{
    /// <param name="size">Of its facts in bytes; 0 before it has said who it is and what it runs.</param>
    public static SpeakerCommit Write(SpeakerState state, SpokenHost host, out int size)
    {
        size = 0;
        if (host.FactsOf() is not { } facts)
        {
            return new SpeakerCommit { State = state.With(host) };
        }

        var json = SpokenHost.JsonOf(facts);
        size = json.Length;
        var digest = Digest.Of(json);
        return new SpeakerCommit
        {
            State = state.With(host with { Written = digest, OwesSets = false }),
            Facts = digest == host.Written ? [] : [facts],
            Follows = host.OwesSets ? [new HostFollows(host.Host, facts.Follows)] : [],
        };
    }

    /// <summary>
    /// The same, but as if the host had said nothing when it is too much: what cannot be kept must not count, and the session
    /// ends with the reason.
    /// </summary>
    /// <param name="before">The state without what it said.</param>
    public static SpeakerCommit WriteOrRefuse(SpeakerState before, SpokenHost host)
    {
        var commit = Write(before, host, out var size);
        if (size <= SpokenHost.FactsBytesMax)
        {
            return commit;
        }

        var reason = string.Create(CultureInfo.InvariantCulture,
            $"a report of {host.Instances.Length} instances and {host.Follows.Count} services followed is {size} bytes long, "
                + $"at most {SpokenHost.FactsBytesMax} can be kept");
        return new SpeakerCommit { State = before, Refusals = [new Refusal(host.Host, reason)] };
    }

    public static EventRecord Event(EventKind kind, HostId host, DateTimeOffset now, string text) =>
        new() { Id = 0, At = now, Kind = kind, Host = host, Text = text };
}
