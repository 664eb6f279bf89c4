using System.Collections.Immutable;
using System.Globalization;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>One service of a draft: its names, what runs, where, and the policies around it.</summary>
internal static class ServiceCheck
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    public static void Check(string name, ServiceDraft draft, SpecNames names, ProblemList problems)
    {
        var at = $"services.{name}";
        if (ServiceName.ProblemOf(name) is { } problem)
        {
            problems.Add(at, problem, Words.DnsLabelNear(name) is { } near ? $"call it '{near}'" : null);
        }
        CheckRelease(at, name, draft.Release, problems);
        CheckScale(at, draft, problems);
        CheckConstraints(at, draft, names, problems);
        CheckDependsOn(at, name, draft, names, problems);
        CheckPorts(at, draft, problems);
        RunCheck.Check(at, draft, names, problems);
        ProbeCheck.Check(at, draft, names, problems);
        CheckPolicies(at, draft, problems);
        CheckStopCommand(at, draft, names, problems);
        UpdateCheck.Check($"{at}.update", draft, problems);
    }

    /// <summary>A word of a fixed list, such as a signal's name.</summary>
    public static void CheckWord(string at, string kind, string? word, ImmutableArray<string> known, ProblemList problems)
    {
        if (word is not null && !known.Contains(word))
        {
            var bare = word.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? word[3..] : word;
            problems.Add(at, $"{Words.Quote(word)} is no {kind}", Words.DidYouMean(bare, known)
                ?? $"write one of {string.Join(", ", known)}");
        }
    }

    public static void CheckDuration(string at, string? text, TimeSpan least, TimeSpan most, ProblemList problems) =>
        problems.Add(at, text is null ? null : Measures.DurationProblem(text, least, most));

    private static void CheckRelease(string at, string service, string? release, ProblemList problems)
    {
        if (release is null)
        {
            problems.Add($"{at}.release", "it has no release",
                $"push one with `zurg release push {Words.Shorten(service)} 1.0.0 DIR` and add release: 1.0.0");
            return;
        }
        var problem = release.Contains('@', StringComparison.Ordinal) ? ReleaseId.ProblemOf(release)
            : ReleaseVersion.ProblemOf(release);
        if (problem is not null)
        {
            problems.Add($"{at}.release", problem,
                "write a version such as 1.1.0, or NAME@VERSION for a release of another name");
        }
    }

    private static void CheckScale(string at, ServiceDraft draft, ProblemList problems)
    {
        string[] written =
        [
            .. draft.Instances is null ? [] : new[] { "instances" },
            .. draft.PerHost is null ? [] : new[] { "per_host" },
            .. draft.Hosts is null ? [] : new[] { "hosts" },
        ];
        if (written.Length > 1)
        {
            problems.Add($"{at}.{written[1]}", $"{string.Join(" and ", written)} are written together",
                "keep exactly one of them");
        }
        CheckRange($"{at}.instances", draft.Instances, 0, 10_000, problems);
        CheckRange($"{at}.per_host", draft.PerHost, 1, 100, problems);
        if (draft.Hosts is { Length: 0 })
        {
            problems.Add($"{at}.hosts", "the list of hosts is empty", "name hosts, or write instances: 0 to run none");
        }
        CheckEach($"{at}.hosts", draft.Hosts, HostId.ProblemOf, "host", problems);
    }

    private static void CheckConstraints(string at, ServiceDraft draft, SpecNames names, ProblemList problems)
    {
        foreach (var (label, values) in draft.Constraints ?? ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty)
        {
            var place = $"{at}.constraints.{label}";
            if (label.Length is 0 or > 63 || !label.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or '/'))
            {
                problems.Add(place, $"{Words.Quote(label)} is no label", "use 1 to 63 letters, digits, '_', '-', '.' and '/'");
            }
            if (values.IsEmpty)
            {
                problems.Add(place, "no value is allowed, so that no host would fit",
                    $"name at least one, for example {Words.Shorten(label)}: [a, b]");
            }
            foreach (var (value, index) in values.Select((value, index) => (value, index)))
            {
                if (label == "cell" && !names.Cells.IsEmpty && !names.Cells.Contains(value))
                {
                    problems.Add(values.Length == 1 ? place : $"{place}[{index}]", $"there is no cell {Words.Quote(value)}",
                        Words.DidYouMean(value, names.Cells) ?? Words.OneOf("there are ", names.Cells, ""));
                }
            }
        }
    }

    private static void CheckDependsOn(string at, string name, ServiceDraft draft, SpecNames names, ProblemList problems)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (other, index) in (draft.DependsOn ?? []).Select((other, index) => (other, index)))
        {
            var place = $"{at}.depends_on[{index}]";
            if (other == name)
            {
                problems.Add(place, Dependencies.RestartedBy(draft) is { } template
                    ? $"a service cannot wait for itself; and with {at}.templates[{template}] (then: restart) each restart of an "
                        + "instance would wait for the restart of all others"
                    : "a service cannot wait for itself", "remove it");
            }
            else if (!names.Services.ContainsKey(other))
            {
                problems.Add(place, $"there is no service {Words.Quote(other)}", () => names.MendOfService(other));
            }
            else if (!seen.Add(other))
            {
                problems.Add(place, $"service {Words.Quote(other)} is named twice", "leave one of them out");
            }
        }
    }

    private static void CheckPorts(string at, ServiceDraft draft, ProblemList problems)
    {
        var taken = new Dictionary<int, string>();
        foreach (var (name, text) in draft.Ports ?? ImmutableSortedDictionary<string, string>.Empty)
        {
            var place = $"{at}.ports.{name}";
            if (PortName.ProblemOf(name) is { } problem)
            {
                problems.Add(place, problem);
            }
            if (text == "dynamic")
            {
                continue;
            }
            if (!int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var port))
            {
                problems.Add(place, $"{Words.Quote(text)} is no port",
                    Words.DidYouMean(text, ["dynamic"]) ?? "write dynamic, or a number from 1 to 65535");
            }
            else if (text != port.ToString(CultureInfo.InvariantCulture))
            {
                problems.Add(
                    place, $"{Words.Quote(text)} is no port", string.Create(CultureInfo.InvariantCulture, $"write {port}"));
            }
            else if (port is < 1 or > 65535)
            {
                problems.Add(place, $"port {port} is out of range", "it must be 1 to 65535, or dynamic");
            }
            else if (!taken.TryAdd(port, name))
            {
                problems.Add(place, $"port {port} is that of {Words.Quote(taken[port])} already",
                    "give them different numbers, or make one dynamic");
            }
        }
    }

    private static void CheckStopCommand(string at, ServiceDraft draft, SpecNames names, ProblemList problems)
    {
        if (draft.Stop?.Command is not { } command)
        {
            return;
        }
        if (command.Length == 0)
        {
            problems.Add($"{at}.stop.command", "the command is empty",
                "write the executable and its arguments: [bin/ctl, leave]");
        }
        if (draft.Stop.Drain is { } drain && Measures.Duration(drain) == TimeSpan.Zero)
        {
            problems.Add($"{at}.stop.command", "it has no time to run: stop.drain is 0s",
                "give stop.drain the longest time that it may take, such as 30s, or leave the command out");
        }
        foreach (var (word, index) in command.Select((word, index) => (word, index)))
        {
            RunCheck.CheckText($"{at}.stop.command[{index}]", word, RunCheck.VariablesOf(draft, names), problems);
        }
    }

    private static void CheckPolicies(string at, ServiceDraft draft, ProblemList problems)
    {
        var restart = draft.Restart ?? new RestartDraft();
        CheckDuration($"{at}.restart.delay", restart.Delay, Millisecond, Day, problems);
        CheckDuration($"{at}.restart.max_delay", restart.MaxDelay, Millisecond, Day, problems);
        CheckDuration($"{at}.restart.window", restart.Window, Second, TimeSpan.FromDays(30), problems);
        CheckRange($"{at}.restart.attempts", restart.Attempts, 0, 10_000, problems);
        var delay = Measures.Duration(restart.Delay ?? Defaults.RestartDelay);
        var delayMax = Measures.Duration(restart.MaxDelay ?? Defaults.RestartMaxDelay);
        if (delay > delayMax)
        {
            problems.Add(restart.Delay is null ? $"{at}.restart.max_delay" : $"{at}.restart.delay",
                $"delay {Measures.Show(delay.Value)} is longer than max_delay {Measures.Show(delayMax.Value)}",
                    "make max_delay at least as long");
        }
        CheckWord($"{at}.stop.signal", "signal to stop with", draft.Stop?.Signal, SpecWords.StopSignals, problems);
        CheckDuration($"{at}.stop.grace", draft.Stop?.Grace, TimeSpan.Zero, Day, problems);
        CheckDuration($"{at}.stop.drain", draft.Stop?.Drain, TimeSpan.Zero, Day, problems);
        CheckDuration($"{at}.logs.max_age", draft.Logs?.MaxAge, TimeSpan.FromMinutes(1), TimeSpan.FromDays(3650), problems);
        problems.Add($"{at}.logs.max_size", draft.Logs?.MaxSize is { } size
            ? Measures.SizeProblem(size, 1L << 20, 1L << 50) : null);
    }

    public static void CheckRange(string at, int? number, int least, int most, ProblemList problems)
    {
        if (number < least || number > most)
        {
            problems.Add(at, $"{number} is out of range", $"it must be {least} to {most}");
        }
    }

    private static void CheckEach(string at, ImmutableArray<string>? values, Func<string, string?> problemOf, string kind,
        ProblemList problems)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (value, index) in (values ?? []).Select((value, index) => (value, index)))
        {
            if (problemOf(value) is { } problem)
            {
                problems.Add($"{at}[{index}]", problem);
            }
            else if (!seen.Add(value))
            {
                problems.Add($"{at}[{index}]", $"{kind} {Words.Quote(value)} is named twice", "leave one of them out");
            }
        }
    }
}
