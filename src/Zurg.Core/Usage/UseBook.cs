using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>
/// What one host has seen of who uses which service within 31 days, and which of it the master has not kept yet. Each client is
/// one line however often it comes; only beginnings, ends and an hourly word are changes that are told.
/// </summary>
public sealed record UseBook
{
    /// <summary>A client that was not seen for so long is forgotten.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(31);

    /// <summary>Who asks again within this time asks all the time.</summary>
    public static readonly TimeSpan AskedFor = TimeSpan.FromMinutes(2);

    /// <summary>The kernel remembers a closed connection for a minute: seen again within this time, it is the same one.</summary>
    public static readonly TimeSpan PassedFor = TimeSpan.FromSeconds(90);

    /// <summary>A use that goes on is told again so often.</summary>
    public static readonly TimeSpan ToldEvery = TimeSpan.FromHours(1);

    /// <summary>Nobody watched for longer than this: a client could have come and gone.</summary>
    public static readonly TimeSpan GapMax = TimeSpan.FromMinutes(5);

    /// <summary>Told one by one for each service and kind of evidence; the rest is a number.</summary>
    public const int ClientsMax = 64;

    /// <summary>Lines for all services together; beyond it, those of new clients are a number.</summary>
    public const int LinesMax = 4_096;

    /// <summary>Since when there is no gap.</summary>
    public required DateTimeOffset Since { get; init; }

    public ImmutableSortedDictionary<UseKey, UseLine> Lines { get; private init; } =
        ImmutableSortedDictionary<UseKey, UseLine>.Empty;

    /// <summary>Of the newest change.</summary>
    public long Number { get; private init; }

    public static UseBook Begin(DateTimeOffset now) => new() { Since = now };

    /// <summary>Goes on with what an earlier agent of this host kept.</summary>
    /// <param name="at">When it was kept: what was open then was seen until then.</param>
    public static UseBook GoOn(
        DateTimeOffset since, DateTimeOffset at, ImmutableArray<UseSighting> sightings, DateTimeOffset now)
    {
        var book = Begin(now - at <= GapMax && since <= now ? since : now);
        foreach (var sighting in sightings.Where(s => s.Evidence != UseEvidence.Unknown).Take(LinesMax))
        {
            var seen = sighting.Open && at > sighting.Last ? sighting with { Last = at } : sighting;
            book = book.Told(UseKey.Of(seen), seen);
        }

        return book;
    }

    /// <summary>A whole look: whatever was seen by the last one and is not among these has ended.</summary>
    public UseBook Look(IEnumerable<SeenUse> seen, DateTimeOffset now)
    {
        var open = seen.GroupBy(s => (s.Service, s.Evidence, s.Client.Key)).Select(SteadyOne).ToList();
        var book = open.Aggregate(this, (book, use) => book.See(use, now));
        var still = open.Select(UseKey.Of).ToImmutableSortedSet();
        foreach (var group in open.GroupBy(s => (s.Service, s.Evidence)))
        {
            var beyond = group.Count(s => !book.Lines.ContainsKey(UseKey.Of(s)));
            if (beyond > 0)
            {
                book = book.SeeOthers(group.Key.Service, group.Key.Evidence, beyond, now);
                still = still.Add(UseKey.OfOthers(group.Key.Service, group.Key.Evidence));
            }
        }

        return book.CloseAllBut(still, now).Forget(now);
    }

    /// <summary>One use, at this moment.</summary>
    public UseBook See(SeenUse use, DateTimeOffset now)
    {
        var key = UseKey.Of(use);
        var (client, known) = (use.Client, Lines.GetValueOrDefault(key)?.Sighting);
        if (known is null && IsFull(key))
        {
            // A look counts how many there are at once; who only asks is counted here.
            return use.Evidence == UseEvidence.Asked ? SeeOthers(use.Service, use.Evidence, 1, now) : this;
        }

        return Set(key, new UseSighting
        {
            Service = use.Service,
            Evidence = use.Evidence,
            Instance = client.Instance,
            Command = client.Command,
            Address = client.Address,
            Pid = client.Pid,
            First = known?.First ?? now,
            Last = known?.Last > now ? known.Last : now,
            Open = true,
        }, now);
    }

    /// <summary>A use that has just ended and was too short to be seen while it lasted.</summary>
    public UseBook Pass(SeenUse use, DateTimeOffset now)
    {
        var known = Lines.GetValueOrDefault(UseKey.Of(use))?.Sighting;
        if (known is { Open: true } || now - known?.Last < PassedFor)
        {
            return this;
        }

        var book = See(use, now);
        var key = book.Lines.ContainsKey(UseKey.Of(use)) ? UseKey.Of(use) : null;
        return key is null ? this : book.Told(key, book.Lines[key].Sighting with { Open = false });
    }

    /// <summary>What changed after this number, oldest first, as much as one message holds; null: nothing.</summary>
    public HostUses? After(long kept)
    {
        var due = Lines.Values.Where(l => l.Changed > kept).OrderBy(l => l.Changed).Take(HostUses.SightingsMax).ToList();
        return due.Count == 0 ? null : new HostUses
        {
            Number = due[^1].Changed,
            Since = Since,
            Sightings = [.. due.Select(l => l.Sighting)],
        };
    }

    /// <summary>Of several processes of one client the one that was named before, so that naming it is no change.</summary>
    private SeenUse SteadyOne(IEnumerable<SeenUse> same)
    {
        var all = same.ToList();
        var named = Lines.GetValueOrDefault(UseKey.Of(all[0]))?.Sighting.Pid;
        return all.Find(s => s.Client.Pid == named) ?? all.MinBy(s => s.Client.Pid)!;
    }

    private UseBook SeeOthers(ServiceName service, UseEvidence evidence, int count, DateTimeOffset now)
    {
        var key = UseKey.OfOthers(service, evidence);
        var known = Lines.GetValueOrDefault(key)?.Sighting;
        return Set(key, new UseSighting
        {
            Service = service,
            Evidence = evidence,
            Others = Math.Max(count, known?.Others ?? 0),
            First = known?.First ?? now,
            Last = now,
            Open = true,
        }, now);
    }

    private UseBook CloseAllBut(ImmutableSortedSet<UseKey> still, DateTimeOffset now)
    {
        var ended = Lines.Where(l => l.Value.Sighting.Open && !still.Contains(l.Key)
            && (l.Key.Evidence != UseEvidence.Asked || now - l.Value.Sighting.Last >= AskedFor)).ToList();
        return ended.Aggregate(this, (book, line) => book.Told(line.Key, line.Value.Sighting with { Open = false }));
    }

    private UseBook Forget(DateTimeOffset now)
    {
        var old = Lines.Where(l => !l.Value.Sighting.Open && now - l.Value.Sighting.Last > KeptFor).Select(l => l.Key).ToList();
        return old.Count == 0 ? this : this with { Lines = Lines.RemoveRange(old) };
    }

    /// <summary>Told when it begins, when another process than before is meant, and each hour.</summary>
    private UseBook Set(UseKey key, UseSighting sighting, DateTimeOffset now) =>
        Lines.GetValueOrDefault(key) is not { } line || !line.Sighting.Open
            || (key.Evidence != UseEvidence.Asked && line.Sighting.Pid != sighting.Pid)
            || line.Sighting.Others != sighting.Others || now - line.ToldAt >= ToldEvery
            ? Told(key, sighting)
            : this with { Lines = Lines.SetItem(key, line with { Sighting = sighting }) };

    private UseBook Told(UseKey key, UseSighting sighting) => this with
    {
        Lines = Lines.SetItem(key, new UseLine(sighting, Number + 1, sighting.Last)),
        Number = Number + 1,
    };

    private bool IsFull(UseKey key) =>
        Lines.Count >= LinesMax || Lines.Keys.Count(k => k.Service == key.Service && k.Evidence == key.Evidence) >= ClientsMax;
}

/// <param name="Client">See <see cref="UseClient.Key"/>.</param>
public sealed record UseKey(ServiceName Service, UseEvidence Evidence, string Client) : IComparable<UseKey>
{
    public static UseKey Of(SeenUse use) => new(use.Service, use.Evidence, use.Client.Key);

    public static UseKey Of(UseSighting sighting) => new(sighting.Service, sighting.Evidence, UseClient.KeyOf(sighting));

    public static UseKey OfOthers(ServiceName service, UseEvidence evidence) => new(service, evidence, UseClient.OthersKey);

    public int CompareTo(UseKey? other) => other is null ? 1
        : Service.CompareTo(other.Service) is var byService and not 0 ? byService
        : Evidence.CompareTo(other.Evidence) is var byEvidence and not 0 ? byEvidence
        : string.CompareOrdinal(Client, other.Client);
}

/// <param name="Changed">The number of its newest change that is told.</param>
/// <param name="ToldAt">When that was.</param>
public sealed record UseLine(UseSighting Sighting, long Changed, DateTimeOffset ToldAt);
