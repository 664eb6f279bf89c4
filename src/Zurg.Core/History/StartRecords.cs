using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Starts and ends of the event log, put together by instance, host and incarnation.</summary>
public static class StartRecords
{
    /// <param name="events">In any order; those that are neither a start nor an end are left aside.</param>
    /// <returns>In the order of their starts.</returns>
    public static ImmutableArray<StartRecord> Of(IEnumerable<EventRecord> events)
    {
        var records = new SortedDictionary<(HostId, InstanceId, Incarnation), StartRecord>();
        foreach (var happened in events)
        {
            if (happened is not { Instance: { } instance, Host: { } host }
                || (happened.Start?.Incarnation ?? happened.Exit?.Incarnation) is not { } incarnation)
            {
                continue;
            }

            var known = records.GetValueOrDefault((host, instance, incarnation));
            records[(host, instance, incarnation)] = happened switch
            {
                { Start: { } start } => new StartRecord
                {
                    Instance = instance,
                    Host = host,
                    Incarnation = incarnation,
                    StartedAt = happened.At,
                    StartReason = start.Reason,
                    Release = start.Release,
                    Spec = start.Spec,
                    Pid = start.Pid,
                    Exit = known?.Exit,
                },
                { Exit: { } exit } when known is not null => known with { Exit = exit },
                _ => new StartRecord
                {
                    Instance = instance,
                    Host = host,
                    Incarnation = incarnation,
                    StartedAt = happened.Exit!.At - happened.Exit.Ran,
                    StartReason = happened.Exit.StartReason,
                    Exit = happened.Exit,
                },
            };
        }

        return [.. records.Values.OrderBy(r => r.StartedAt).ThenBy(r => r.Instance).ThenBy(r => r.Incarnation)];
    }
}
