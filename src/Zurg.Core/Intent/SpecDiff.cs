using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What one spec changes of another, and which instances each change starts, stops or restarts.</summary>
public static class SpecDiff
{
    /// <param name="before">Null when nothing was applied yet.</param>
    /// <param name="placements">
    /// Of every host, as they are now. What `per_host` will start is told for these hosts only, and not for a service with
    /// constraints: which hosts fit is known to the decider alone.
    /// </param>
    public static ImmutableArray<SpecChange> Between(ClusterSpec? before, ClusterSpec after,
        IEnumerable<HostPlacements> placements)
    {
        var placed = new Placed([.. placements.SelectMany(h => h.Instances.Select(i => (h.Host, i.Instance)))],
            [.. placements.Select(h => h.Host)]);
        return
        [
            .. Lines(before is null ? [] : SpecLines.OfCluster(before), SpecLines.OfCluster(after))
                .Select(l => new SpecChange(l.Path, l.Before, l.After, [])),
            .. Settings(before, after, placed),
            .. Services(before, after, placed),
        ];
    }

    private static IEnumerable<SpecChange> Settings(ClusterSpec? before, ClusterSpec after, Placed placed) =>
        Lines(before is null ? [] : before.Settings.Select(s => (s.Key, s.Value)), after.Settings.Select(s => (s.Key, s.Value)))
            .Select(l => new SpecChange($"settings.{l.Path}", l.Before, l.After,
            [
                .. after.Services
                    .Where(s => s.Instance.Settings.ContainsKey(l.Path)
                        && before?.Find(s.Name)?.Instance.Settings.ContainsKey(l.Path) is true)
                    .SelectMany(s => placed.Staying(s)),
            ]));

    private static IEnumerable<SpecChange> Services(ClusterSpec? before, ClusterSpec after, Placed placed)
    {
        var old = (before?.Services ?? []).ToImmutableSortedDictionary(s => s.Name, s => s);
        var now = after.Services.ToImmutableSortedDictionary(s => s.Name, s => s);
        foreach (var name in old.Keys.Union(now.Keys).Order())
        {
            var path = $"services.{name}";
            if (!now.TryGetValue(name, out var wanted))
            {
                yield return new SpecChange(path, SpecLines.Summary(old[name]), null, [.. placed.Of(name)]);
            }
            else if (!old.TryGetValue(name, out var was))
            {
                yield return new SpecChange(path, null, SpecLines.Summary(wanted), placed.Scaled(wanted));
            }
            else
            {
                foreach (var change in Service(path, was, wanted, placed))
                {
                    yield return change;
                }
            }
        }
    }

    private static IEnumerable<SpecChange> Service(string path, ServiceSpec was, ServiceSpec wanted, Placed placed)
    {
        var parts = SpecLines.OfService(was).Concat(SpecLines.OfService(wanted)).ToLookup(l => l.Path, l => l.Part);
        var lines = Lines(
            SpecLines.OfService(was).Select(l => (l.Path, l.Value)), SpecLines.OfService(wanted).Select(l => (l.Path, l.Value)))
                .ToList();
        foreach (var line in lines)
        {
            yield return new SpecChange(line.Path, line.Before, line.After, parts[line.Path].First() switch
            {
                SpecPart.Instance => [.. placed.Staying(wanted).Where(i => Differs(was, wanted, i))],
                SpecPart.Scale => placed.Scaled(wanted),
                SpecPart.Policy => [],
            });
        }
        var indexes = SpecLines.OfInstances(was).Concat(SpecLines.OfInstances(wanted)).ToLookup(l => l.Path, l => l.Index);
        foreach (var line in Lines(
            SpecLines.OfInstances(was).Select(l => (l.Path, l.Value)),
            SpecLines.OfInstances(wanted).Select(l => (l.Path, l.Value))))
        {
            yield return new SpecChange(line.Path, line.Before, line.After,
                [.. placed.Staying(wanted).Where(i => indexes[line.Path].Contains(i.Index) && Differs(was, wanted, i))]);
        }
        // A change of settings is told at the setting. Anything else that changes the digest and has no line would be a silent
        // restart.
        var told = lines.Exists(l => parts[l.Path].First() is SpecPart.Instance)
            || !was.Instance.Settings.SequenceEqual(wanted.Instance.Settings);
        if (!told && SpecDigest.Of(was.Instance) is var from && SpecDigest.Of(wanted.Instance) is var to && from != to)
        {
            yield return new SpecChange(path, from.ToString(), to.ToString(), [.. placed.Staying(wanted)]);
        }
    }

    /// <summary>An instance's own value hides the service's: a change of that one does not reach it.</summary>
    private static bool Differs(ServiceSpec was, ServiceSpec wanted, InstanceId instance) =>
        (was.PerInstance is null && wanted.PerInstance is null)
        || SpecDigest.Of(was.InstanceOf(instance.Index)) != SpecDigest.Of(wanted.InstanceOf(instance.Index));

    /// <summary>The lines that differ, those of before in their order, then the new ones in theirs.</summary>
    private static IEnumerable<(string Path, string? Before, string? After)> Lines(
        IEnumerable<(string Path, string Value)> before, IEnumerable<(string Path, string Value)> after)
    {
        var old = before.ToDictionary(l => l.Path, l => l.Value, StringComparer.Ordinal);
        var now = after.ToDictionary(l => l.Path, l => l.Value, StringComparer.Ordinal);
        return old.Keys.Union(now.Keys, StringComparer.Ordinal)
            .Select(path => (Path: path, Before: old.GetValueOrDefault(path), After: now.GetValueOrDefault(path)))
            .Where(l => l.Before != l.After);
    }

    /// <summary>Who is where now.</summary>
    private sealed record Placed(ImmutableArray<(HostId Host, InstanceId Instance)> All, ImmutableArray<HostId> Hosts)
    {
        public IEnumerable<InstanceId> Of(ServiceName service) =>
            All.Where(p => p.Instance.Service == service).Select(p => p.Instance).Order();

        /// <summary>Those that run on, whatever the scale becomes.</summary>
        public IEnumerable<InstanceId> Staying(ServiceSpec service) => Of(service.Name).Except(Stopping(service)).Order();

        /// <summary>What the scale starts and stops.</summary>
        public ImmutableArray<InstanceId> Scaled(ServiceSpec service) => [.. Stopping(service).Concat(Starting(service)).Order()];

        /// <summary>Too many: the highest index goes first.</summary>
        private IEnumerable<InstanceId> Stopping(ServiceSpec service)
        {
            var mine = All.Where(p => p.Instance.Service == service.Name);
            return service.Scale switch
            {
                { Instances: { } count } => mine.Where(p => p.Instance.Index >= count).Select(p => p.Instance),
                { PerHost: { } count } => mine.GroupBy(p => p.Host)
                    .SelectMany(h => h.OrderBy(p => p.Instance.Index).Skip(count)).Select(p => p.Instance),
                { Hosts: var hosts } => mine.Where(p => !hosts.Contains(p.Host)).Select(p => p.Instance)
                    .Concat(mine.Where(p => hosts.Contains(p.Host)).GroupBy(p => p.Host)
                        .SelectMany(h => h.OrderBy(p => p.Instance.Index).Skip(1)).Select(p => p.Instance)),
            };
        }

        private IEnumerable<InstanceId> Starting(ServiceSpec service)
        {
            var taken = Of(service.Name).Select(i => i.Index).ToHashSet();
            int CountOn(HostId host) => All.Count(p => p.Host == host && p.Instance.Service == service.Name);
            if (service.Scale.Instances is { } count)
            {
                return Enumerable.Range(0, count).Where(i => !taken.Contains(i)).Select(i => new InstanceId(service.Name, i));
            }
            var missing = service.Scale.PerHost is { } each
                ? service.Constraints.IsEmpty ? Hosts.Sum(h => Math.Max(0, each - CountOn(h))) : 0
                : service.Scale.Hosts.Count(h => CountOn(h) == 0);
            return Enumerable.Range(0, taken.Count + missing).Where(i => !taken.Contains(i)).Take(missing)
                .Select(i => new InstanceId(service.Name, i));
        }
    }
}
