using System.Collections.Concurrent;
using HandlebarsDotNet;
using HandlebarsDotNet.Compiler;
using Zurg.Protocol;

namespace Zurg.Agent.Templates;

/// <summary>What came of a template.</summary>
internal abstract record TemplateOutcome
{
    private TemplateOutcome()
    {
    }

    public sealed record Rendered(string Text) : TemplateOutcome;

    public sealed record Held(Hold Hold) : TemplateOutcome;
}

/// <summary>
/// Handlebars, strictly: a name that does not exist fails instead of leaving a hole in a file that something will read. Values
/// are put in as they are, since the files are no HTML.
/// </summary>
internal static class TemplateRenderer
{
    /// <summary>Templates and what comes of them are at most so many characters.</summary>
    public const int LengthMax = 1024 * 1024;

    /// <summary>A file for thousands of endpoints takes milliseconds.</summary>
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(5);

    private const string TooMuchMend = "look at its loops: one over endpoints within another grows with the square of them";

    /// <summary>Compiling takes far longer than rendering, and instances of one service share their templates.</summary>
    private const int CompiledMax = 256;

    private static readonly ConcurrentDictionary<string, HandlebarsTemplate<TextWriter, object, object>> Compiled = new();

    public static TemplateOutcome Render(TemplateSpec template, string source, TemplateData data)
    {
        var values = data.ToValues();
        try
        {
            using var text = new BoundedWriter(LengthMax, Within, TimeProvider.System);
            CompiledOf(source)(text, values, null!);
            return new TemplateOutcome.Rendered(text.ToString());
        }
        catch (TooMuchException e)
        {
            return Held($"template {template.From} {e.Message}", TooMuchMend);
        }
        catch (HandlebarsUndefinedBindingException e)
        {
            var (where, names) = WhatExists(values, e.Path);
            return Held($"template {template.From} names '{e.Path}', which does not exist", $"{where} has: {names}");
        }
        catch (HandlebarsException e) when (e.InnerException is TooMuchException inner)
        {
            return Held($"template {template.From} {inner.Message}", TooMuchMend);
        }
        catch (HandlebarsException e)
        {
            return Held(
                $"template {template.From} cannot be read: {FirstLine(e.Message)}", "correct it and push a new release version");
        }
    }

    private static HandlebarsTemplate<TextWriter, object, object> CompiledOf(string source)
    {
        if (!Compiled.TryGetValue(source, out var compiled))
        {
            if (Compiled.Count >= CompiledMax)
            {
                Compiled.Clear();
            }

            var handlebars = Handlebars.Create(new HandlebarsConfiguration
            {
                ThrowOnUnresolvedBindingExpression = true,
                NoEscape = true,
            });
            compiled = Compiled[source] = handlebars.Compile(new StringReader(source));
        }

        return compiled;
    }

    public static TemplateOutcome.Held Held(string text, string? mend) => new(new Hold(HoldReason.TemplateFailed, text, mend));

    /// <summary>The names beside the missing one: as deep as its path goes.</summary>
    private static (string Where, string Names) WhatExists(Dictionary<string, object> values, string? path)
    {
        var (where, here) = ("a template", values);
        foreach (var part in (path ?? "").Split(['.', '/', '[', ']'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (!here.TryGetValue(part, out var next) || next is not Dictionary<string, object> deeper)
            {
                break;
            }

            (where, here) = ($"'{part}'", deeper);
        }

        return (where, here.Count == 0 ? "nothing" : string.Join(", ", here.Keys.Order(StringComparer.Ordinal)));
    }

    private static string FirstLine(string text) => text.Split('\n')[0].Trim();
}
