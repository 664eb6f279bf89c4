using System.CommandLine;
using System.CommandLine.Parsing;
using Zurg.Cli.Verbs;

namespace Zurg.Cli.Rendering;

/// <summary>What --help shows.</summary>
internal static class HelpView
{
    private const int Margin = 2;

    public static void WriteOverview(Screen screen)
    {
        screen.Line(
            new Span("zurg", Tone.Strong),
            " runs services on a fleet of Linux hosts: one file says what, every change goes out in safe steps.");
        screen.Line("");
        screen.Line("usage: zurg VERB [arguments] [options]");
        foreach (var group in VerbTable.All.GroupBy(v => v.Group))
        {
            screen.Line("");
            screen.Line(new Span(group.Key, Tone.Strong));
            foreach (var verb in group)
            {
                screen.Line($"  {verb.Name,-10}{verb.Summary}");
            }
        }

        screen.Line("");
        screen.Line("zurg VERB --help tells more; every verb that shows something takes --json.");
        screen.Line("Exit codes: 0 done, 1 refused or failed, 2 bad usage.");
    }

    public static string PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{PathOf(parent)} {result.Command.Name}" : result.Command.Name;

    public static void Write(CommandResult result, Screen screen)
    {
        foreach (var line in Lines(result.Command, PathOf(result)))
        {
            screen.Line(line);
        }
    }

    /// <summary>Plain text; docs/cli.md is made of the same lines.</summary>
    public static IEnumerable<string> Lines(Command command, string path)
    {
        yield return command.Description ?? "";
        yield return "";
        yield return $"usage: {path}{Usage(command)}";
        var arguments = command.Arguments.Select(a => (Left: a.Name, a.Description)).ToList();
        var options = command.Options.Where(o => !o.Hidden).Select(o => (Left: NameOf(o), o.Description)).ToList();
        var subcommands = command.Subcommands.Select(c => (Left: c.Name + Usage(c, options: false), c.Description)).ToList();
        foreach (var line in (string[])
            [.. Section("verbs", subcommands), .. Section("arguments", arguments), .. Section("options", options)])
        {
            yield return line;
        }

        if (command is Verb { Examples: { IsEmpty: false } examples })
        {
            yield return "";
            yield return "examples:";
            foreach (var example in examples)
            {
                yield return $"  {example}";
            }
        }
    }

    private static string Usage(Command command, bool options = true)
    {
        var arguments = string.Concat(
            command.Arguments.Select(a => a.Arity.MinimumNumberOfValues == 0 ? $" [{a.Name}]" : $" {a.Name}"));
        return command.Subcommands.Count > 0 ? " VERB [arguments] [options]" : arguments + (options ? " [options]" : "");
    }

    private static string NameOf(Option option)
    {
        var value = option.ValueType == typeof(bool) ? "" : $" {option.HelpName ?? "VALUE"}";
        return string.Join(", ", option.Aliases.Order(StringComparer.Ordinal).Append(option.Name)) + value;
    }

    private static IEnumerable<string> Section(string title, List<(string Left, string? Description)> rows)
    {
        if (rows.Count == 0)
        {
            yield break;
        }

        var width = rows.Max(r => r.Left.Length) + Margin;
        yield return "";
        yield return $"{title}:";
        foreach (var (left, description) in rows)
        {
            yield return $"  {left.PadRight(width)}{description}".TrimEnd();
        }
    }
}
