using System.Collections.Immutable;

namespace Zurg.Core;

/// <summary>Whether services wait for each other in a circle, in which case none of them could ever start.</summary>
internal static class Dependencies
{
    /// <summary>Reports one cycle; a service that names itself is told of elsewhere. No recursion: chains may be long.</summary>
    public static void CheckCycle(ImmutableSortedDictionary<string, ServiceDraft> services, ProblemList problems)
    {
        var waits = services.ToDictionary(
            s => s.Key,
            s => (s.Value.DependsOn ?? []).Where(d => d != s.Key && services.ContainsKey(d)).Distinct(StringComparer.Ordinal)
                .ToList(),
            StringComparer.Ordinal);
        var waiters = waits.SelectMany(w => w.Value.Select(on => (On: on, Waiter: w.Key))).ToLookup(w => w.On, w =>
            w.Waiter, StringComparer.Ordinal);
        var open = waits.ToDictionary(w => w.Key, w => w.Value.Count, StringComparer.Ordinal);
        var free = new Queue<string>(open.Where(o => o.Value == 0).Select(o => o.Key));
        while (free.TryDequeue(out var done))
        {
            open.Remove(done);
            foreach (var waiter in waiters[done].Where(w => --open[w] == 0))
            {
                free.Enqueue(waiter);
            }
        }
        if (open.Count == 0)
        {
            return;
        }
        // Each that is left waits for another that is left: walking on must come back to where it was before.
        var walk = new List<string> { open.Keys.Min(StringComparer.Ordinal)! };
        var placeOf = new Dictionary<string, int>(StringComparer.Ordinal) { [walk[0]] = 0 };
        while (true)
        {
            var next = waits[walk[^1]].First(open.ContainsKey);
            if (placeOf.TryGetValue(next, out var start))
            {
                Report(walk[start..], waits, services, problems);
                return;
            }
            placeOf[next] = walk.Count;
            walk.Add(next);
        }
    }

    private static void Report(
        List<string> cycle, Dictionary<string, List<string>> waits, ImmutableSortedDictionary<string, ServiceDraft> services,
            ProblemList problems)
    {
        const int shownMax = 10;
        var first = cycle[0];
        var second = waits[first].First(cycle.Contains);
        var index = services[first].DependsOn!.Value.IndexOf(second);
        var shown = cycle.Count <= shownMax ? cycle : [.. cycle[..shownMax], "..."];
        var circle = $"services wait for each other in a circle: {string.Join(" -> ", shown)} -> {first}";
        problems.Add($"services.{first}.depends_on[{index}]",
            cycle.All(s => RestartedBy(services[s]) is not null)
                ? $"{circle}; and each is restarted for the endpoints of the next (services.{first}.templates"
                    + $"[{RestartedBy(services[first])}], then: restart), so that no restart could end before another one has: "
                    + "each waits until the one before it has confirmed, which it does by its own restart"
                : circle,
            "remove one of these depends_on; a service that can do without the other at its start need not name it");
    }

    /// <summary>
    /// A template shows the endpoints of every service that its own depends on. Which, by index; null when none restarts it.
    /// </summary>
    internal static int? RestartedBy(ServiceDraft draft)
    {
        var index = (draft.Templates ?? []).ToList().FindIndex(t => t.Then?.Restart is true);
        return index < 0 ? null : index;
    }
}
