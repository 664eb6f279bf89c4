using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>A consumer on this host: a process, not a connection. It is gone only when its process is.</summary>
/// <param name="Part">Of a process with several independent readers, which; most have one, the empty name.</param>
public sealed record SubscriberId(ProcessIdentity Process, string Part) : IComparable<SubscriberId>
{
    public int CompareTo(SubscriberId? other) => other is null ? 1
        : Process.Pid.CompareTo(other.Process.Pid) is var byPid and not 0 ? byPid
        : Process.StartTicks.CompareTo(other.Process.StartTicks) is var byStart and not 0 ? byStart
        : string.CompareOrdinal(Process.BootId, other.Process.BootId) is var byBoot and not 0 ? byBoot
        : string.CompareOrdinal(Part, other.Part);
}

/// <summary>What one subscriber makes of one service.</summary>
/// <param name="Name">For people.</param>
/// <param name="Uses">The lowest revision that it may still act on; null: it was given nothing yet.</param>
/// <param name="BehindSince">When it was told of a newer one than that; null: it was not.</param>
public sealed record SubscriberUse(SubscriberId Subscriber, string Name, Revision? Uses, DateTimeOffset? BehindSince);

/// <summary>What became of a subscriber's word.</summary>
public enum ConfirmOutcome
{
    Taken,

    /// <summary>It does not follow the service on this host.</summary>
    NotFollowing,

    /// <summary>This host has never had that revision: nobody can use it.</summary>
    NeverGiven,
}

/// <summary>
/// Which revision of each service the consumers of one host use (DESIGN.md promise 2). What a subscriber uses only ever grows by
/// its own word: a broken stream, a stopped process and a restarted agent leave it where it was.
/// </summary>
public sealed record LocalConfirmations
{
    public static LocalConfirmations Empty { get; } = new();

    public ImmutableSortedDictionary<ServiceName, Followed> Services { get; init; } =
        ImmutableSortedDictionary<ServiceName, Followed>.Empty;

    /// <param name="Newest">The newest that this host has; null: it has none.</param>
    /// <param name="NewestAt">When it came.</param>
    public sealed record Followed(
        Revision? Newest, DateTimeOffset NewestAt, ImmutableSortedDictionary<SubscriberId, SubscriberUse> Uses)
    {
        public static Followed Nothing { get; } = new(
            null, DateTimeOffset.MinValue, ImmutableSortedDictionary<SubscriberId, SubscriberUse>.Empty);
    }

    /// <summary>Subscriptions of processes to services.</summary>
    public int Count => Services.Values.Sum(s => s.Uses.Count);

    /// <summary>The host has a set now. To be called before anybody is told of it.</summary>
    public LocalConfirmations Took(ServiceName service, Revision revision, DateTimeOffset now) =>
        Of(service) is var known && known.Newest is { } newest && newest >= revision
            ? this
            : With(service, known with { Newest = revision, NewestAt = now });

    /// <summary>It will be given sets. Whoever comes again keeps what it used.</summary>
    public LocalConfirmations Join(ServiceName service, SubscriberId subscriber, string name) =>
        Of(service) is var known && known.Uses.ContainsKey(subscriber)
            ? this
            : With(service, known with { Uses = known.Uses.Add(subscriber, new(subscriber, name, null, null)) });

    /// <summary>A subscriber from before this agent's start: it uses this or something newer.</summary>
    /// <param name="atLeast">0 when it is not known what it was given last.</param>
    public LocalConfirmations Remember(
        ServiceName service, SubscriberId subscriber, string name, Revision atLeast, DateTimeOffset now) =>
        With(service, Of(service), new SubscriberUse(subscriber, name, atLeast, now));

    /// <summary>
    /// To be called before a set is written to it: from then on it may use it. This alone can lower what it uses, and a lower
    /// use is to be written down before the set is: what is kept for the next agent is never newer than the truth.
    /// </summary>
    public LocalConfirmations Tell(ServiceName service, SubscriberId subscriber, Revision revision, DateTimeOffset now) =>
        Of(service) is var known && known.Uses.GetValueOrDefault(subscriber) is not { } use ? this
        // Older than what it uses: this agent lost sets over a restart, and what it says last is believed.
        : use.Uses is not { } uses || revision < uses ? With(service, known, use with { Uses = revision })
        : revision > uses && use.BehindSince is null ? With(service, known, use with { BehindSince = now })
        : this;

    /// <summary>It says that no new request of it goes by an older set than this.</summary>
    public (LocalConfirmations After, ConfirmOutcome Outcome) Confirm(
        ServiceName service, SubscriberId subscriber, Revision revision)
    {
        var known = Of(service);
        if (known.Uses.GetValueOrDefault(subscriber) is not { } use)
        {
            return (this, ConfirmOutcome.NotFollowing);
        }

        if (known.Newest is not { } newest || revision > newest)
        {
            return (this, ConfirmOutcome.NeverGiven);
        }

        return use.Uses is { } uses && uses >= revision
            ? (this, ConfirmOutcome.Taken)
            : (With(service, known, use with { Uses = revision, BehindSince = revision >= newest ? null : use.BehindSince }),
                ConfirmOutcome.Taken);
    }

    /// <summary>It said goodbye: it will ask again before it uses the service again.</summary>
    public LocalConfirmations Leave(ServiceName service, SubscriberId subscriber) =>
        Of(service) is var known && known.Uses.ContainsKey(subscriber)
            ? With(service, known with { Uses = known.Uses.Remove(subscriber) })
            : this;

    /// <summary>These processes have ended: nothing of them can use anything.</summary>
    public LocalConfirmations End(IReadOnlySet<ProcessIdentity> gone) => this with
    {
        Services = Services.SetItems(
            from s in Services
            let ended = s.Value.Uses.Keys.Where(u => gone.Contains(u.Process)).ToList()
            where ended.Count > 0
            select KeyValuePair.Create(s.Key, s.Value with { Uses = s.Value.Uses.RemoveRange(ended) })),
    };

    /// <summary>The host does not follow it any more; nothing happens while it has a subscriber.</summary>
    public LocalConfirmations Forget(ServiceName service) =>
        Follows(service) ? this : this with { Services = Services.Remove(service) };

    /// <summary>What a subscriber makes of a service; null: it does not follow it.</summary>
    public SubscriberUse? UseOf(ServiceName service, SubscriberId subscriber) => Of(service).Uses.GetValueOrDefault(subscriber);

    /// <summary>Somebody here uses it, or will.</summary>
    public bool Follows(ServiceName service) => !Of(service).Uses.IsEmpty;

    /// <summary>What may be said to the master.</summary>
    public NamingConfirmation Word() => new()
    {
        Services =
        [
            .. Services.Where(s => s.Value.Newest is not null || s.Value.Uses.Values.Any(u => u.Uses is not null))
                .Select(s => WordOf(s.Key, s.Value)),
        ],
    };

    private static ConfirmedRevision WordOf(ServiceName service, Followed known)
    {
        // Somebody uses something, and this host has no set: it was restarted and lost it. Nothing is certain then.
        var newest = known.Newest ?? new Revision(0);
        var uses = known.Uses.Values.Where(u => u.Uses is not null).ToList();
        var lowest = uses.Select(u => u.Uses!.Value).Append(newest).Min();
        var late = uses.Where(u => u.Uses!.Value < newest || known.Newest is null)
            .Select(u => new LateSubscriber(u.Name, u.Uses!.Value, u.BehindSince ?? known.NewestAt))
            .OrderBy(l => l.Since).ThenBy(l => l.Name, StringComparer.Ordinal).Take(ConfirmedRevision.LateMax);
        return new ConfirmedRevision(service, lowest) { Late = [.. late] };
    }

    private Followed Of(ServiceName service) => Services.GetValueOrDefault(service) ?? Followed.Nothing;

    private LocalConfirmations With(ServiceName service, Followed followed) =>
        this with { Services = Services.SetItem(service, followed) };

    private LocalConfirmations With(ServiceName service, Followed followed, SubscriberUse use) =>
        With(service, followed with { Uses = followed.Uses.SetItem(use.Subscriber, use) });
}
