using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>Everything that is wrong with what a person wrote, at once, each with its place and what would be right.</summary>
public static class SpecValidator
{
    public static ImmutableArray<Problem> Problems(ClusterDraft draft)
    {
        var problems = new ProblemList();
        if (draft.Cluster is { } cluster && ClusterName.ProblemOf(cluster) is { } wrong)
        {
            problems.Add("cluster", wrong);
        }
        var names = new SpecNames(draft);
        CheckCells(draft, problems);
        CheckSettings(draft, problems);
        ReserveCheck.Check(draft.Reserve, problems);
        KeysCheck.Check(draft.Keys, problems);
        AlertsCheck.Check(draft.Alerts, problems);
        foreach (var (name, service) in names.Services)
        {
            if (problems.Full)
            {
                break;
            }
            ServiceCheck.Check(name, service, names, problems);
        }
        UsesCheck.Check(names, problems);
        Dependencies.CheckCycle(names.Services, problems);
        CheckRoutes(draft, names, problems);
        return problems.ToImmutable();
    }

    private static void CheckCells(ClusterDraft draft, ProblemList problems)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (cell, index) in (draft.Cells ?? []).Select((cell, index) => (cell, index)))
        {
            if (CellName.ProblemOf(cell) is { } problem)
            {
                problems.Add($"cells[{index}]", problem);
            }
            else if (!seen.Add(cell))
            {
                problems.Add($"cells[{index}]", $"cell {Words.Quote(cell)} is named twice", "leave one of them out");
            }
        }
    }

    private static void CheckSettings(ClusterDraft draft, ProblemList problems)
    {
        foreach (var (name, value) in draft.Settings ?? ImmutableSortedDictionary<string, string>.Empty)
        {
            if (!SpecWords.IsValueName(name))
            {
                problems.Add($"settings.{name}", $"{Words.Quote(name)} is no name of a setting", SpecWords.ValueNameRule);
            }
            if (value.Contains('\0', StringComparison.Ordinal))
            {
                problems.Add($"settings.{name}", "the value holds a NUL character, which no process could be given",
                    "leave it out");
            }
        }
    }

    private static void CheckRoutes(ClusterDraft draft, SpecNames names, ProblemList problems)
    {
        var seen = new Dictionary<(string? Host, string Path), int>();
        foreach (var (route, index) in (draft.Routes ?? []).Select((route, index) => (route, index)))
        {
            var at = $"routes[{index}]";
            if (route.Host is { } host && !IsHostName(host))
            {
                problems.Add($"{at}.host", $"{Words.Quote(host)} is no host name",
                    "write one such as www.example.org, or leave it out for any");
            }
            if (route.Path is not { } path)
            {
                problems.Add($"{at}.path", "the route has no path", "add one, for example path: /");
            }
            else if (!path.StartsWith('/') || path.Any(c => c <= ' ' || c is '?' or '#'))
            {
                problems.Add($"{at}.path", $"{Words.Quote(path)} is no path of a URL",
                    "it must begin with '/' and hold no space, '?' or '#'");
            }
            else if (!seen.TryAdd((route.Host?.ToLowerInvariant(), path), index))
            {
                problems.Add($"{at}.path",
                    $"routes[{seen[(route.Host?.ToLowerInvariant(), path)]}] has the same host and path already",
                        "leave one of them out");
            }
            CheckRouteService(at, route.Service, names, problems);
        }
    }

    private static void CheckRouteService(string at, string? service, SpecNames names, ProblemList problems)
    {
        if (service is null)
        {
            problems.Add($"{at}.service", "the route has no service", () =>
                Words.OneOf("add one of: ", names.ServiceNames, "add service: NAME, and the service"));
        }
        else if (!names.Services.TryGetValue(service, out var target))
        {
            problems.Add($"{at}.service", $"there is no service {Words.Quote(service)}", () => names.MendOfService(service));
        }
        else if (target.Ports is not { Count: > 0 })
        {
            problems.Add($"{at}.service", $"service {Words.Quote(service)} has no port that requests could go to",
                $"add ports: {{ http: dynamic }} to services.{service}");
        }
    }

    private static bool IsHostName(string host) =>
        host.Length <= 253 && host.ToLowerInvariant().Split('.').All(label => Id.DnsLabelProblem("host name", label) is null);
}

/// <summary>Every name that a draft declares, gathered once for lookups and guesses.</summary>
internal sealed class SpecNames(ClusterDraft draft)
{
    public ImmutableSortedDictionary<string, ServiceDraft> Services { get; } =
        draft.Services ?? ImmutableSortedDictionary.Create<string, ServiceDraft>(StringComparer.Ordinal);

    public ImmutableArray<string> Cells { get; } = draft.Cells ?? [];

    public ImmutableSortedSet<string> Settings { get; } = (draft.Settings?.Keys ?? [])
        .ToImmutableSortedSet(StringComparer.Ordinal);

    public ImmutableArray<string> ServiceNames => field.IsDefault ? field = [.. Services.Keys] : field;

    public string MendOfService(string service) =>
        Words.DidYouMean(service, ServiceNames) ?? Words.OneOf("there are ", ServiceNames, "this file has no services");
}
