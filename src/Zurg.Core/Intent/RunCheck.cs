using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What one instance runs: executable, args, env and templates of a draft.</summary>
internal static class RunCheck
{
    public static void Check(string at, ServiceDraft draft, SpecNames names, ProblemList problems)
    {
        var variables = VariablesOf(draft, names);
        CheckExecutable(at, draft.Run, problems);
        foreach (var (arg, index) in (draft.Args ?? []).Select((arg, index) => (arg, index)))
        {
            CheckText($"{at}.args[{index}]", arg, variables, problems);
        }
        CheckEnv(at, draft, variables, problems);
        if (draft.WorkingDirectory is { } directory)
        {
            CheckText($"{at}.working_directory", directory, variables, problems);
            if (!directory.StartsWith('/') && !directory.StartsWith("${", StringComparison.Ordinal))
            {
                CheckInside($"{at}.working_directory", directory, "instance's directory", problems);
            }
        }
        LimitsCheck.Check(at, draft, problems);
        CheckTemplates(at, draft, names, problems);
        VarsCheck.Check(at, draft, problems);
    }

    public static VariableNames VariablesOf(ServiceDraft draft, SpecNames names) => new(
        PortsOf(draft), names.Settings, (draft.Vars?.Keys ?? []).ToImmutableSortedSet(StringComparer.Ordinal));

    public static ImmutableSortedSet<string> PortsOf(ServiceDraft draft) =>
        (draft.Ports?.Keys ?? []).ToImmutableSortedSet(StringComparer.Ordinal);

    /// <summary>A text in which variables are replaced.</summary>
    public static void CheckText(string at, string text, VariableNames variables, ProblemList problems)
    {
        CheckNul(at, text, problems);
        foreach (var problem in Variables.ProblemsOf(text, variables))
        {
            if (problems.Full)
            {
                return;
            }
            problems.Add(at, problem);
        }
    }

    private static void CheckExecutable(string at, string? run, ProblemList problems)
    {
        if (run is null)
        {
            problems.Add($"{at}.run", "it does not say what to run",
                "add run: with a path inside the release, for example run: bin/server");
            return;
        }
        var place = $"{at}.run";
        if (run.Contains(' ', StringComparison.Ordinal) && !run.Contains('/', StringComparison.Ordinal))
        {
            problems.Add(place, $"{Words.Quote(run)} is no path: no shell reads it",
                "write the executable in run: and the rest in args: [a, b]");
        }
        else if (run.Contains("${", StringComparison.Ordinal))
        {
            problems.Add(place, "variables are not replaced in run",
                "write the path itself; variables work in args, env and working_directory");
        }
        else
        {
            CheckInside(place, run.StartsWith('/') ? run[1..] : run, "release", problems);
        }
    }

    private static void CheckEnv(string at, ServiceDraft draft, VariableNames variables, ProblemList problems)
    {
        foreach (var (name, value) in draft.Env ?? ImmutableSortedDictionary<string, string>.Empty)
        {
            var place = $"{at}.env.{name}";
            var valid = name.Length is > 0 and <= 255 && !char.IsAsciiDigit(name[0])
                && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
            if (!valid)
            {
                problems.Add(place, $"{Words.Quote(name)} is no name of an environment variable",
                    "use letters, digits and '_', with no digit first");
            }
            else if (name.StartsWith(LaunchBuilder.EnvPrefix, StringComparison.Ordinal) || LaunchBuilder.NotifyEnv.Contains(name)
                || variables.Ports.Any(p => LaunchBuilder.PortEnv(new PortName(p)) == name))
            {
                problems.Add(place, $"{Words.Quote(name)} is set by Zurg itself", "choose another name");
            }
            CheckText(place, value, variables, problems);
        }
    }

    private static void CheckTemplates(string at, ServiceDraft draft, SpecNames names, ProblemList problems)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (template, index) in (draft.Templates ?? []).Select((template, index) => (template, index)))
        {
            var place = $"{at}.templates[{index}]";
            if (template.From is not { } from)
            {
                problems.Add($"{place}.from", "the template has no from",
                    "add the template's path inside the release, for example from: conf/web.conf.hbs");
            }
            else
            {
                CheckInside($"{place}.from", from, "release", problems);
            }
            if (template.To is not { } to)
            {
                problems.Add($"{place}.to", "the template has no to",
                    "add the file's path inside the instance's directory, for example to: conf/web.conf");
            }
            else if (CheckInside($"{place}.to", to, "instance's directory", problems) && !seen.TryAdd(to, index))
            {
                problems.Add($"{place}.to", $"templates[{seen[to]}] generates {Words.Quote(to)} already",
                    "give each its own file");
            }
            CheckThen(place, template, problems);
            CheckDone(place, draft, template, names, problems);
        }
    }

    private static void CheckThen(string at, TemplateDraft template, ProblemList problems)
    {
        var then = template.Then ?? new ThenDraft();
        var written = new[] { then.Restart is not null, then.Nothing is not null, then.Reload is not null,
            template.Reload is not null };
        var chosen = written.Count(w => w);
        if (chosen > 1)
        {
            problems.Add(template.Then is null ? $"{at}.reload" : $"{at}.then",
                "more than one thing is to happen when the text changes",
                "keep one of then: restart, then: nothing and reload: HUP");
        }
        else if (then.Restart is false || then.Nothing is false || (template.Then is not null && chosen == 0))
        {
            problems.Add($"{at}.then", "it does not say what happens when the text changes",
                "write then: restart, then: nothing or reload: HUP");
        }
        ServiceCheck.CheckWord($"{at}.then.reload", "signal to reload with", then.Reload, SpecWords.ReloadSignals, problems);
        ServiceCheck.CheckWord($"{at}.reload", "signal to reload with", template.Reload, SpecWords.ReloadSignals, problems);
    }

    private static void CheckDone(string at, ServiceDraft draft, TemplateDraft template, SpecNames names, ProblemList problems)
    {
        if (template.Then?.Done is not { } done)
        {
            return;
        }
        if (template.Then.Reload is null)
        {
            problems.Add($"{at}.then.done", "there is no reload that could be done",
                "write it beside the signal: then: { reload: HUP, done: [bin/ctl, reloaded] }");
        }
        if (done.IsDefaultOrEmpty)
        {
            problems.Add($"{at}.then.done", "the command is empty",
                "write the executable and its arguments: [bin/ctl, reloaded]");
        }
        foreach (var (word, index) in done.Select((word, index) => (word, index)))
        {
            CheckText($"{at}.then.done[{index}]", word, VariablesOf(draft, names), problems);
        }
    }

    /// <summary>A relative path that cannot lead out of where it belongs.</summary>
    private static bool CheckInside(string at, string path, string inside, ProblemList problems)
    {
        var wrong = path.StartsWith('/') || path.Split('/').Any(part => part is "" or "." or "..") || path.Any(char.IsControl)
            || path.Length > 1024;
        if (wrong)
        {
            problems.Add(at, $"{Words.Quote(path)} is no path inside the {inside}",
                "write it relative, without '.', '..' or empty parts, for example conf/web.conf");
        }
        return !wrong;
    }

    private static void CheckNul(string at, string text, ProblemList problems)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            problems.Add(at, "it holds a NUL character, which no process could be given", "leave it out");
        }
    }
}
