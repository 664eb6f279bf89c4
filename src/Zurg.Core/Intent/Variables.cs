using System.Collections.Immutable;
using System.Text;

namespace Zurg.Core;

/// <summary>
/// ${NAME} in args, env, working directory and exec probes. `$${` stands for a literal `${`; a `$` before anything else is
/// itself. A value is put in as it is: what looks like a variable within it stays text.
/// </summary>
public static class Variables
{
    public const string PortPrefix = "ports.";
    public const string SettingPrefix = "settings.";
    public const string VarPrefix = "vars.";

    /// <summary>Those that need no declaration in cluster.yaml, with what each stands for.</summary>
    public static ImmutableArray<(string Name, string Meaning)> Plain { get; } =
    [
        ("instance", "the instance's id, such as web.0"),
        ("index", "its number within the service, from 0"),
        ("service", "the service's name"),
        ("host", "the host it runs on"),
        ("cell", "the cell of that host"),
        ("address", "the IP address at which others reach it"),
        ("release", "the release's version"),
        ("dir", "the instance's own directory"),
        ("release_dir", "the directory of the unpacked release"),
    ];

    /// <summary>The settings whose values the texts need.</summary>
    public static ImmutableSortedSet<string> SettingsIn(IEnumerable<string> texts) =>
        texts.SelectMany(PartsOf)
            .Where(p => p.Kind is not PartKind.Text && p.Text.StartsWith(SettingPrefix, StringComparison.Ordinal))
            .Select(p => p.Text[SettingPrefix.Length..]).ToImmutableSortedSet(StringComparer.Ordinal);

    /// <summary>What is wrong with the variables of a text, given everything that could be named in it.</summary>
    public static IEnumerable<(string Text, string Mend)> ProblemsOf(
        string text, VariableNames names)
    {
        foreach (var part in PartsOf(text))
        {
            if (part.Kind is PartKind.Open)
            {
                yield return ("a '${' has no '}' after it", "close it, or write '$${' for a literal '${'");
            }
            else if (part.Kind is PartKind.Variable && ProblemOfName(part.Text, names) is { } problem)
            {
                yield return problem;
            }
        }
    }

    /// <summary>The text with every variable replaced, or the first variable that has no value here.</summary>
    public static Replacement Replace(string text, ImmutableSortedDictionary<string, string> values)
    {
        var result = new StringBuilder(text.Length);
        foreach (var part in PartsOf(text))
        {
            if (part.Kind is PartKind.Text)
            {
                result.Append(part.Text);
            }
            else if (part.Kind is PartKind.Variable && values.TryGetValue(part.Text, out var value))
            {
                result.Append(value);
            }
            else
            {
                return new Replacement.Missing(part.Text);
            }
        }
        return new Replacement.Done(result.ToString());
    }

    private static (string Text, string Mend)? ProblemOfName(string name, VariableNames names)
    {
        var (ports, settings, vars) = names;
        if (name.StartsWith(PortPrefix, StringComparison.Ordinal))
        {
            var port = name[PortPrefix.Length..];
            return ports.Contains(port)
                ? null
                : ($"${{{Words.Shorten(name)}}}: this service has no port {Words.Quote(port)}",
                    Words.DidYouMean(port, ports) ?? Words.OneOf("it has ", ports, "give it one: ports: { http: dynamic }"));
        }
        if (name.StartsWith(SettingPrefix, StringComparison.Ordinal))
        {
            var setting = name[SettingPrefix.Length..];
            return settings.Contains(setting)
                ? null
                : ($"${{{Words.Shorten(name)}}}: there is no setting {Words.Quote(setting)}",
                    Words.DidYouMean(setting, settings) ?? "add it under settings: at the top of the file");
        }
        if (name.StartsWith(VarPrefix, StringComparison.Ordinal))
        {
            var own = name[VarPrefix.Length..];
            return vars.Contains(own)
                ? null
                : ($"${{{Words.Shorten(name)}}}: this service has no value {Words.Quote(own)} in vars",
                    Words.DidYouMean(own, vars)
                        ?? Words.OneOf("it has ", vars, $"add it: vars: {{ {Words.Shorten(own)}: VALUE }}"));
        }
        if (Plain.Any(p => p.Name == name))
        {
            return null;
        }
        string[] known = [.. Plain.Select(p => p.Name), .. ports.Select(p => PortPrefix + p),
            .. settings.Select(s => SettingPrefix + s), .. vars.Select(v => VarPrefix + v)];
        return ($"there is no variable ${{{Words.Shorten(name)}}}",
            Words.DidYouMean(name, known)
            ?? $"the variables are ports.NAME, settings.NAME, vars.NAME, {string.Join(", ", Plain.Select(p => p.Name))}; "
            + "write '$${' for a literal '${'");
    }

    private static IEnumerable<Part> PartsOf(string text)
    {
        var at = 0;
        while (at < text.Length)
        {
            var dollar = text.IndexOf("${", at, StringComparison.Ordinal);
            if (dollar < 0)
            {
                yield return new Part(PartKind.Text, text[at..]);
                yield break;
            }
            if (dollar > at && text[dollar - 1] == '$')
            {
                yield return new Part(PartKind.Text, string.Concat(text.AsSpan(at, dollar - 1 - at), "${"));
                at = dollar + 2;
                continue;
            }
            if (dollar > at)
            {
                yield return new Part(PartKind.Text, text[at..dollar]);
            }
            var close = text.IndexOf('}', dollar);
            if (close < 0)
            {
                yield return new Part(PartKind.Open, text[(dollar + 2)..]);
                yield break;
            }
            yield return new Part(PartKind.Variable, text[(dollar + 2)..close]);
            at = close + 1;
        }
    }

    private enum PartKind
    {
        Text,
        Variable,
        Open,
    }

    private readonly record struct Part(PartKind Kind, string Text);
}

/// <summary>Everything that a text of one service can name besides <see cref="Variables.Plain"/>.</summary>
public sealed record VariableNames(
    ImmutableSortedSet<string> Ports, ImmutableSortedSet<string> Settings, ImmutableSortedSet<string> Vars);

/// <summary>What became of a text with variables.</summary>
public abstract record Replacement
{
    private Replacement()
    {
    }

    public sealed record Done(string Text) : Replacement;

    /// <summary>No such variable here: validated specs do not have it, a spec of a newer build may.</summary>
    public sealed record Missing(string Name) : Replacement;
}
