using System.Collections.Immutable;
using System.Globalization;

namespace Zurg.Core;

/// <summary>
/// A draft's own values: `vars`, and what single instances have in their place. Every name must be in `vars`, so that it has a
/// value in each instance and a mistyped one is noticed.
/// </summary>
internal static class VarsCheck
{
    /// <summary>The highest index is one below the most instances that a service can have.</summary>
    public const int IndexMax = 9_999;

    private static readonly ImmutableSortedDictionary<string, string> None = ImmutableSortedDictionary<string, string>.Empty;

    private static readonly ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, string>> NoInstances =
        ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, string>>.Empty;

    public static void Check(string at, ServiceDraft draft, ProblemList problems)
    {
        var vars = draft.Vars ?? None;
        CheckValues($"{at}.vars", vars, problems);
        foreach (var (index, values) in draft.PerInstance ?? NoInstances)
        {
            var place = $"{at}.per_instance.{index}";
            CheckIndex(place, index, draft, problems);
            CheckValues(place, values, problems);
            foreach (var name in values.Keys.Where(n => !vars.ContainsKey(n)))
            {
                problems.Add($"{place}.{name}",
                    $"vars has no {Words.Quote(name)}, so that the other instances have no value for it",
                    () => Words.DidYouMean(name, vars.Keys)
                        ?? $"add it to vars: of {at}, with the value of the instances that are not named");
            }
        }
    }

    private static void CheckIndex(string place, string index, ServiceDraft draft, ProblemList problems)
    {
        var isNumber = int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        if (!isNumber || number > IndexMax || number.ToString(CultureInfo.InvariantCulture) != index)
        {
            problems.Add(place, $"{Words.Quote(index)} is no index of an instance", $"write a number from 0 to {IndexMax}");
        }
        else if (draft is { PerHost: null, Hosts: null } && number >= (draft.Instances ?? 1))
        {
            var there = draft.Instances ?? 1;
            problems.Add(place, there == 1 ? $"there is no instance {number}: the service has one, with the index 0"
                : $"there is no instance {number}: the service has {there}", "correct the index, or raise instances:");
        }
    }

    private static void CheckValues(string at, ImmutableSortedDictionary<string, string> values, ProblemList problems)
    {
        foreach (var (name, value) in values)
        {
            if (!SpecWords.IsValueName(name))
            {
                problems.Add($"{at}.{name}", $"{Words.Quote(name)} is no name of a value", SpecWords.ValueNameRule);
            }
            if (value.Contains('\0', StringComparison.Ordinal))
            {
                problems.Add($"{at}.{name}", "the value holds a NUL character, which no process could be given", "leave it out");
            }
        }
    }
}
