using System.Collections.Immutable;

namespace Zurg.Core;

/// <summary>The probe of a draft: exactly one question, of a port that exists, at a pace that makes sense.</summary>
internal static class ProbeCheck
{
    private static readonly TimeSpan Ten = TimeSpan.FromMilliseconds(10);

    public static void Check(string at, ServiceDraft draft, SpecNames names, ProblemList problems)
    {
        if (draft.Probe is not { } probe)
        {
            return;
        }
        var place = $"{at}.probe";
        var ports = RunCheck.PortsOf(draft);
        CheckKind(place, probe, problems);
        if (probe.Http is { } path && (!path.StartsWith('/') || path.Any(c => c <= ' ')))
        {
            problems.Add($"{place}.http", $"{Words.Quote(path)} is no path of a URL",
                "it must begin with '/', for example http: /healthz");
        }
        CheckPort(place, at, probe, ports, problems);
        if (probe.Exec is { Length: 0 })
        {
            problems.Add($"{place}.exec", "the command is empty", "write the executable and its arguments: [bin/check, --quick]");
        }
        foreach (var (word, index) in (probe.Exec ?? []).Select((word, index) => (word, index)))
        {
            RunCheck.CheckText($"{place}.exec[{index}]", word, RunCheck.VariablesOf(draft, names), problems);
        }
        ServiceCheck.CheckDuration($"{place}.every", probe.Every, Ten, TimeSpan.FromHours(1), problems);
        ServiceCheck.CheckDuration($"{place}.timeout", probe.Timeout, Ten, TimeSpan.FromMinutes(5), problems);
        ServiceCheck.CheckDuration($"{place}.start_timeout", probe.StartTimeout, TimeSpan.FromMilliseconds(100),
            TimeSpan.FromDays(1), problems);
        ServiceCheck.CheckRange($"{place}.fail_after", probe.FailAfter, 1, 1_000, problems);
    }

    private static void CheckKind(string place, ProbeDraft probe, ProblemList problems)
    {
        string[] written =
        [
            .. probe.Http is null ? [] : new[] { "http" },
            .. probe.Tcp is null ? [] : new[] { "tcp" },
            .. probe.Exec is null ? [] : new[] { "exec" },
            .. probe.Notify is true ? new[] { "notify" } : [],
            .. probe.None is true ? new[] { "none" } : [],
        ];
        if (written.Length > 1)
        {
            problems.Add($"{place}.{written[1]}", $"{string.Join(" and ", written)} are written together",
                "keep exactly one of them");
        }
        else if (written.Length == 0)
        {
            problems.Add(place, "it does not say what to ask",
                "add one of http: /healthz, tcp: PORT, exec: [COMMAND] and notify: true, or write probe: none");
        }
    }

    private static void CheckPort(string place, string at, ProbeDraft probe, ImmutableSortedSet<string> ports,
        ProblemList problems)
    {
        foreach (var (key, port) in new[] { ("port", probe.Port), ("tcp", probe.Tcp) })
        {
            if (port is not null && !ports.Contains(port))
            {
                problems.Add($"{place}.{key}", $"this service has no port {Words.Quote(port)}",
                    Words.DidYouMean(port, ports)
                        ?? Words.OneOf("it has ", ports, $"declare it: ports: {{ {Words.Shorten(port)}: dynamic }}"));
            }
        }
        if (probe.Port is not null && probe.Http is null)
        {
            problems.Add($"{place}.port", "port goes with http only", probe.Tcp is null
                ? "remove it, or ask http: /healthz or tcp: PORT" : "remove it: tcp names the port itself");
        }
        if (probe.Http is not null && probe.Port is null && ports.Count != 1)
        {
            problems.Add(place, ports.Count == 0 ? "http needs a port, and this service has none"
                : "it does not say which port to ask",
                ports.Count == 0 ? $"add ports: {{ http: dynamic }} to {at}" : Words.OneOf("add port: with one of ", ports, ""));
        }
    }
}
