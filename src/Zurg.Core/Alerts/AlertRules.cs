using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What the rules look at.</summary>
/// <param name="Holds">All of the plan's.</param>
/// <param name="Events">Those after the book's last one, in the order of their ids.</param>
public sealed record AlertView(ClusterState State, ImmutableArray<Hold> Holds, ImmutableArray<EventRecord> Events)
{
    public AlertsSpec Spec => State.Applied?.Spec.Alerts ?? Defaults.Alerts;
}

/// <summary>
/// When people are told and when it is over. The same book, view and time give the same book; a book that nothing happened to is
/// the same object.
/// </summary>
public static class AlertRules
{
    /// <summary>Trouble that is gone for less than this and comes back was never gone: no alert flaps with it.</summary>
    public static readonly TimeSpan ResolvedAfter = TimeSpan.FromSeconds(30);

    /// <summary>What an event tells has no end of its own: it is shown for so long after it came in.</summary>
    public static readonly TimeSpan EventLasts = TimeSpan.FromMinutes(30);

    /// <summary>Resolved ones stay so long at least: Alertmanagers are told again, and people look a little later.</summary>
    public static readonly TimeSpan ResolvedKept = TimeSpan.FromMinutes(15);

    /// <summary>A webhook that is down is waited for so long; what was over before that is then not told any more.</summary>
    public static readonly TimeSpan UndeliveredKept = TimeSpan.FromDays(7);

    /// <summary>That fire and that are over, together: when there is no room, the one that was over first goes.</summary>
    public const int AlertsMax = 500;

    /// <summary>Of trouble that is there now or was a moment ago, told or not: the book is one value of the store.</summary>
    public const int SightingsMax = 2_000;

    /// <summary>Instances whose ends are counted.</summary>
    private const int CrashingMax = 1_000;

    /// <summary>In characters.</summary>
    private const int TextMax = 500;

    /// <summary>Events that are alerts by themselves. Another kind is one more line here.</summary>
    private static readonly ImmutableSortedDictionary<EventKind, AlertKind> EventAlerts =
        new Dictionary<EventKind, AlertKind>
        {
            [EventKind.ReleaseQuarantined] = AlertKind.ReleaseQuarantined,
            [EventKind.LogCut] = AlertKind.LogTrouble,
            [EventKind.JournalDamaged] = AlertKind.HistoryLost,
            [EventKind.EventsDropped] = AlertKind.HistoryLost,
        }.ToImmutableSortedDictionary();

    public static AlertBook Next(AlertBook book, AlertView view, DateTimeOffset now)
    {
        var spec = view.Spec;
        book = Welcome(book, spec);
        var crashes = Count(book.Crashes, view.Events, spec, now);
        var all = AlertConditions.Of(view.State, view.Holds, spec)
            .Concat(crashes.Where(c => c.At.Length >= spec.Crashes).Select(c => CrashLoop(c, spec, view.State)))
            .DistinctBy(c => c.Key, StringComparer.Ordinal).ToImmutableArray();
        var looping = all.Where(c => c.Kind == AlertKind.CrashLoop).Select(c => c.Instance).ToHashSet();

        // What crashes again and again is never ready for long: its holds say nothing more.
        var conditions = all
            .Where(c => c.Kind != AlertKind.HoldTooLong || c.Instance is null || !looping.Contains(c.Instance))
            .OrderBy(c => c.Key, StringComparer.Ordinal).Take(SightingsMax).ToImmutableArray();
        var sightings = See(book.Sightings, conditions, now);
        var next = Tell(book, conditions, sightings, now);
        next = view.Events.Aggregate(next, (b, happened) => TellEvent(b, happened, now));
        next = Prune(next, spec, now);
        return next with
        {
            LastEvent = view.Events.IsEmpty ? next.LastEvent : view.Events[^1].Id,
            Sightings = sightings,
            Crashes = book.Crashes.Length == crashes.Length && book.Crashes.Zip(crashes).All(c => Same(c.First, c.Second))
                ? book.Crashes
                : crashes,
        };
    }

    /// <summary>Whether people would be told something else than by the book before, or somebody was told something.</summary>
    public static bool IsNews(AlertBook before, AlertBook after) =>
        before.LastNumber != after.LastNumber || before.Alerts.Length != after.Alerts.Length
        || !before.Receipts.SequenceEqual(after.Receipts);

    /// <summary>Whether anything but the times of the last looks changed: worth keeping, but not at once.</summary>
    public static bool IsChanged(AlertBook before, AlertBook after) =>
        IsNews(before, after) || before.LastEvent != after.LastEvent || before.Crashes != after.Crashes
        || !before.Sightings.Select(s => (s.Key, s.Since)).SequenceEqual(after.Sightings.Select(s => (s.Key, s.Since)));

    /// <summary>A webhook has been told of the changes up to this one.</summary>
    public static AlertBook Delivered(AlertBook book, string receiver, long number) => book with
    {
        Receipts =
        [
            .. book.Receipts.Where(r => r.Receiver != receiver)
                .Append(new AlertReceipt(receiver, Math.Max(number, Receipt(book, receiver) ?? 0)))
                .OrderBy(r => r.Receiver, StringComparer.Ordinal),
        ],
    };

    /// <summary>What a webhook has not been told yet, in order; of each alert its newest change.</summary>
    /// <param name="told">It has been told up to here; null: as far as the book says.</param>
    public static IEnumerable<Alert> Undelivered(AlertBook book, string receiver, long? told)
    {
        var number = Math.Max(told ?? 0, Receipt(book, receiver) ?? 0);
        return book.Alerts.Where(a => a.Number > number).OrderBy(a => a.Number);
    }

    /// <summary>A new webhook is told what fires when it comes, not what was over before.</summary>
    private static AlertBook Welcome(AlertBook book, AlertsSpec spec)
    {
        foreach (var id in spec.Receivers.Where(r => r.Kind == ReceiverKind.Webhook).Select(ReceiverNames.IdOf))
        {
            if (Receipt(book, id) is null)
            {
                var firing = book.Alerts.Where(a => a.ResolvedAt is null).Select(a => a.Number).ToImmutableArray();
                book = Delivered(book, id, firing.IsEmpty ? book.LastNumber : firing.Min() - 1);
            }
        }

        return book;
    }

    private static long? Receipt(AlertBook book, string receiver) =>
        book.Receipts.FirstOrDefault(r => r.Receiver == receiver)?.Number;

    private static AlertBook Tell(
        AlertBook book, ImmutableArray<AlertCondition> conditions, ImmutableArray<AlertSighting> sightings, DateTimeOffset now)
    {
        var since = sightings.ToDictionary(s => s.Key, s => s.Since, StringComparer.Ordinal);
        foreach (var condition in conditions)
        {
            var began = condition.Since is { } known && known < since[condition.Key] ? known : since[condition.Key];
            var firing = book.Alerts.Any(a => a.Key == condition.Key && a.ResolvedAt is null);
            if (!firing && now - began >= condition.After)
            {
                book = Fire(book, AlertOf(condition, began, now));
            }
        }

        foreach (var over in book.Alerts.Where(a => a.ResolvedAt is null && !EventAlerts.ContainsValue(a.Kind)
            && !since.ContainsKey(a.Key)))
        {
            book = Put(book, over with { ResolvedAt = now });
        }

        return book;
    }

    private static AlertBook TellEvent(AlertBook book, EventRecord happened, DateTimeOffset now)
    {
        if (!EventAlerts.TryGetValue(happened.Kind, out var kind))
        {
            return book;
        }

        var subject = happened.Instance?.Value ?? happened.Service?.Value ?? "";
        var condition = new AlertCondition(
            kind, $"{WireEnum.NameOf(happened.Kind)}/{happened.Host}/{subject}", happened.Text, happened.At, TimeSpan.Zero)
        {
            Service = happened.Service,
            Instance = happened.Instance,
            Host = happened.Host,
        };
        // The same again while it is shown: it is shown for longer, and told once.
        return book.Alerts.FirstOrDefault(a => a.Key == condition.Key && a.ResolvedAt is null) is { } firing
            ? book with { Alerts = book.Alerts.Replace(firing, firing with { FiredAt = now }) }
            : Fire(book, AlertOf(condition, happened.At, now));
    }

    private static AlertBook Prune(AlertBook book, AlertsSpec spec, DateTimeOffset now)
    {
        foreach (var over in book.Alerts.Where(a => a.ResolvedAt is null && EventAlerts.ContainsValue(a.Kind)
            && now - a.FiredAt >= EventLasts))
        {
            book = Put(book, over with { ResolvedAt = now });
        }

        var webhooks = spec.Receivers.Where(r => r.Kind == ReceiverKind.Webhook).Select(ReceiverNames.IdOf).ToHashSet();
        var done = webhooks.Count == 0 ? long.MaxValue : webhooks.Min(w => Receipt(book, w) ?? 0);
        var alerts = book.Alerts.RemoveAll(a => a.ResolvedAt is { } at
            && now - at >= (a.Number <= done ? ResolvedKept : UndeliveredKept));
        var receipts = book.Receipts.RemoveAll(r => !webhooks.Contains(r.Receiver));
        return alerts.Length == book.Alerts.Length && receipts.Length == book.Receipts.Length
            ? book
            : book with { Alerts = alerts, Receipts = receipts };
    }

    private static AlertBook Fire(AlertBook book, Alert alert)
    {
        var firing = book.Alerts.Count(a => a.ResolvedAt is null);
        if (firing >= AlertsMax)
        {
            return book;   // so much is wrong that one more would tell nobody anything
        }

        var crowded = book.Alerts.Length >= AlertsMax
            ? book.Alerts.Where(a => a.ResolvedAt is not null).MinBy(a => a.ResolvedAt)
            : null;
        return Put(crowded is null ? book : book with { Alerts = book.Alerts.Remove(crowded) }, alert);
    }

    private static AlertBook Put(AlertBook book, Alert alert)
    {
        var numbered = alert with { Number = book.LastNumber + 1 };
        return book with
        {
            LastNumber = numbered.Number,
            Alerts =
            [
                .. book.Alerts.Where(a => a.Key != alert.Key).Append(numbered).OrderBy(a => a.Key, StringComparer.Ordinal),
            ],
        };
    }

    private static Alert AlertOf(AlertCondition condition, DateTimeOffset since, DateTimeOffset now) => new()
    {
        Key = condition.Key,
        Kind = condition.Kind,
        Text = condition.Text.Length <= TextMax ? condition.Text : condition.Text[..TextMax] + "...",
        Mend = condition.Mend,
        Service = condition.Service,
        Instance = condition.Instance,
        Host = condition.Host,
        Since = since,
        FiredAt = now,
        Number = 0,
    };

    private static AlertCondition CrashLoop(CrashTimes crashes, AlertsSpec spec, ClusterState state)
    {
        var host = state.Facts.Values.FirstOrDefault(f => f.Find(crashes.Instance) is not null)?.Host;
        var text = string.Create(
            CultureInfo.InvariantCulture, $"{crashes.At.Length} times within {Measures.Show(spec.CrashWindow)}");
        return AlertConditions.CrashLoop(crashes.Instance, host, text, crashes.At[0]);
    }

    /// <summary>What is there keeps its beginning; what is gone stays for a moment, in case it comes back.</summary>
    private static ImmutableArray<AlertSighting> See(
        ImmutableArray<AlertSighting> before, ImmutableArray<AlertCondition> conditions, DateTimeOffset now)
    {
        var known = before.ToDictionary(s => s.Key, StringComparer.Ordinal);
        var seen = conditions.Select(c => new AlertSighting(c.Key, known.GetValueOrDefault(c.Key)?.Since ?? now, now));
        var there = conditions.Select(c => c.Key).ToHashSet(StringComparer.Ordinal);
        var gone = before.Where(s => !there.Contains(s.Key) && (now - s.Seen).Duration() < ResolvedAfter);
        return [.. seen.Concat(gone).OrderBy(s => s.Key, StringComparer.Ordinal).Take(SightingsMax)];
    }

    private static ImmutableArray<CrashTimes> Count(
        ImmutableArray<CrashTimes> before, ImmutableArray<EventRecord> events, AlertsSpec spec, DateTimeOffset now)
    {
        // Counted by when the master heard of it if that is later than now says: a host's clock may be ahead.
        var fresh = events.Where(e => e is { Kind: EventKind.InstanceExited, Instance: not null, Exit: { Asked: false } })
            .Select(e => (Instance: e.Instance!.Value, At: e.At < now ? e.At : now));
        return
        [
            .. before.SelectMany(c => c.At.Select(at => (c.Instance, At: at))).Concat(fresh)
                .Where(c => now - c.At < spec.CrashWindow)
                .GroupBy(c => c.Instance).OrderBy(g => g.Key).Take(CrashingMax)
                .Select(g => new CrashTimes(g.Key, [.. g.Select(c => c.At).Order().TakeLast(spec.Crashes)])),
        ];
    }

    private static bool Same(CrashTimes left, CrashTimes right) =>
        left.Instance == right.Instance && left.At.SequenceEqual(right.At);
}
