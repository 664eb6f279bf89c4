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

    public static TemplateOutcome Render(TemplateSpec template, string source, TemplateData data)
    {
        var values = data.ToValues();
        try
        {
            var handlebars = Handlebars.Create(new HandlebarsConfiguration
            {
                ThrowOnUnresolvedBindingExpression = true,
                NoEscape = true,
            });
            var text = handlebars.Compile(source)(values);
            return text.Length <= LengthMax
                ? new TemplateOutcome.Rendered(text)
                : Held($"template {template.From} makes a file of more than {LengthMax} characters", null);
        }
        catch (HandlebarsUndefinedBindingException e)
        {
            var (where, names) = WhatExists(values, e.Path);
            return Held($"template {template.From} names '{e.Path}', which does not exist", $"{where} has: {names}");
        }
        catch (HandlebarsException e)
        {
            return Held(
                $"template {template.From} cannot be read: {FirstLine(e.Message)}", "correct it and push a new release version");
        }
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
