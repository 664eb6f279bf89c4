using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Agent.Templates;

/// <summary>
/// What a generated file was made from, as lines of name and value; and, from two of them, why its text changed. Names begin with
/// their kind, so that a history written by one build can be compared by another.
/// </summary>
internal static class TemplateInputs
{
    /// <summary>More are only counted.</summary>
    private const int ChangesMax = 10;

    private const int ValueMax = 60;

    public static ImmutableSortedDictionary<string, string> Of(TemplateData data)
    {
        var spec = data.Assigned.Spec;
        var inputs = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        inputs["release"] = spec.Release.Version.Value;
        inputs["host"] = data.Host.Value;
        inputs["cell"] = data.Cell.Value;
        inputs["address"] = data.Address;
        inputs.AddRange(data.Ports.Select(p => KeyValuePair.Create($"port {p.Key}", $"{p.Value}")));
        inputs.AddRange(spec.Vars?.Select(v => KeyValuePair.Create($"var {v.Key}", v.Value)) ?? []);
        inputs.AddRange(data.Settings.Select(s => KeyValuePair.Create($"setting {s.Key}", s.Value)));
        inputs.AddRange(data.Hosts.Select(h => KeyValuePair.Create($"host {h.Host}", TextOf(h))));
        foreach (var (service, set) in data.Endpoints)
        {
            inputs.AddRange(set.Endpoints.Select(e => KeyValuePair.Create($"endpoint {service} {e.Instance}", TextOf(e))));
        }

        return inputs.ToImmutable();
    }

    /// <summary>In plain words. Changes of what the template does not name are left out, unless nothing else changed.</summary>
    /// <param name="before">Null when nobody knows what the last text was made from.</param>
    /// <param name="source">The template.</param>
    public static string Why(
        ImmutableSortedDictionary<string, string>? before, ImmutableSortedDictionary<string, string> now, string source)
    {
        if (before is null)
        {
            return "what it was made from before is not known";
        }

        var differing = before.Keys.Union(now.Keys, StringComparer.Ordinal)
            .Where(k => before.GetValueOrDefault(k) != now.GetValueOrDefault(k)).Order(StringComparer.Ordinal).ToList();
        var named = differing.Where(k => IsNamed(k, source)).ToList();
        var told = (named.Count > 0 ? named : differing)
            .Select(k => Words(k, before.GetValueOrDefault(k), now.GetValueOrDefault(k))).ToList();
        return told.Count == 0 ? "the template itself is another one"
            : string.Join("; ", told.Take(ChangesMax)) + (told.Count > ChangesMax ? $"; and {told.Count - ChangesMax} more" : "");
    }

    /// <summary>A release brings the template itself along.</summary>
    private static bool IsNamed(string key, string source)
    {
        var words = key.Split(' ');
        var name = words switch
        {
            ["release"] => "",
            ["host", _] => "hosts",
            ["endpoint", var service, _] => service,
            [_, var own] => own,
            _ => words[0],
        };
        return source.Contains(name, StringComparison.Ordinal);
    }

    private static string Words(string key, string? before, string? now) => (key.Split(' '), before, now) switch
    {
        (["endpoint", var service, var instance], null, { } joined) => $"{instance} joined the endpoints of {service} ({joined})",
        (["endpoint", var service, var instance], _, null) => $"{instance} left the endpoints of {service}",
        (["endpoint", var service, var instance], { } was, { } moved) =>
            $"{instance} of the endpoints of {service}: {was} -> {moved}",
        (["host", var host], null, { } joined) => $"host {host} joined the cluster ({joined})",
        (["host", var host], _, null) => $"host {host} left the cluster",
        (_, null, { } added) => $"{key} is new: '{Short(added)}'",
        (_, { } gone, null) => $"{key} is gone: it was '{Short(gone)}'",
        _ => $"{key} '{Short(before!)}' -> '{Short(now!)}'",
    };

    private static string Short(string text) => text.Length <= ValueMax ? text : text[..ValueMax] + "…";

    private static string TextOf(ClusterHost host) =>
        string.Join(' ', [host.Cell.Value, host.Address, .. host.Labels.Select(l => $"{l.Key}={l.Value}")]);

    private static string TextOf(Endpoint endpoint) => string.Join(' ',
        [endpoint.Address, .. endpoint.Ports.Select(p => $"{p.Key}={p.Value}"), WireEnum.NameOf(endpoint.State)]);
}
