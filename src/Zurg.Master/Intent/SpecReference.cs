using System.Text;
using System.Text.Json;
using Zurg.Core;

namespace Zurg.Master.Intent;

/// <summary>The generated half of docs/cluster-yaml.md: every key with its type, default and an example.</summary>
public static class SpecReference
{
    /// <summary>Everything after this line of the page is generated.</summary>
    public const string Mark = "<!-- From here on generated from the draft records. -->";

    public static string Text()
    {
        var page = new StringBuilder();
        Section(page, "The file", DraftShape.Root, []);
        page.Append("\n## Variables\n\nIn args, env, working_directory and exec probes; `$${` is a literal `${`.\n\n"
            + "| Variable | Stands for |\n| --- | --- |\n"
            + "| `${ports.NAME}` | the number of a port of this service |\n| `${settings.NAME}` | a setting of the file |\n"
            + "| `${vars.NAME}` | a value of the service's vars, or of the instance's own in per_instance |\n");
        foreach (var (name, meaning) in Variables.Plain)
        {
            page.Append("| `${").Append(name).Append("}` | ").Append(meaning).Append(" |\n");
        }
        return page.ToString();
    }

    private static void Section(StringBuilder page, string title, DraftShape.Section section, HashSet<Type> told)
    {
        if (!told.Add(section.Type))
        {
            return;
        }
        page.Append("\n## ").Append(title).Append("\n\n").Append(section.Doc.Text)
            .Append("\n\n| Key | Type | Default | Example | Meaning |\n| --- | --- | --- | --- | --- |\n");
        foreach (var field in section.Fields)
        {
            var standard = field.Doc.Required ? "**required**" : field.Doc.Default ?? "";
            page.Append("| `").Append(field.Key).Append("` | ").Append(TypeOf(field.Shape, field.Doc.Form)).Append(" | ")
                .Append(standard)
                .Append(" | `").Append(field.Doc.Example).Append("` | ").Append(field.Doc.Text).Append(" |\n");
        }
        foreach (var field in section.Fields)
        {
            if (Inner(field.Shape) is { } inner)
            {
                Section(page, TitleOf(inner.Type), inner, told);
            }
        }
    }

    private static string TitleOf(Type type)
    {
        var name = JsonNamingPolicy.SnakeCaseLower.ConvertName(type.Name.Replace("Draft", "", StringComparison.Ordinal));
        return name is "service" or "route" or "template" ? $"A {name}" : $"`{name}`";
    }

    private static DraftShape.Section? Inner(DraftShape shape) => shape switch
    {
        DraftShape.Section section => section,
        DraftShape.ListOf list => Inner(list.Item),
        DraftShape.MapOf map => Inner(map.Value),
        _ => null,
    };

    private static string TypeOf(DraftShape shape, DraftForm form) => shape switch
    {
        DraftShape.Text => form switch
        {
            DraftForm.Name => "name",
            DraftForm.Duration => "duration",
            DraftForm.Size => "size",
            DraftForm.Release => "version",
            DraftForm.FreeLimit => "per cent or size",
            DraftForm.Batch => "number or per cent",
            DraftForm.Port => "port",
            DraftForm.StopSignal or DraftForm.ReloadSignal => "signal",
            DraftForm.AutoOrManual => "auto or manual",
            DraftForm.WatchdogKeep => "nothing, stacks or core",
            DraftForm.Enforce => "best_effort or required",
            DraftForm.Limit => "size, 0 or unlimited",
            DraftForm.Plain or DraftForm.Word or DraftForm.OneOrMany => "text",
        },
        DraftShape.Number => "number",
        DraftShape.Fraction => "number",
        DraftShape.Flag => "true or false",
        DraftShape.ListOf { OneAlone: true } list =>
            $"{TypeOf(list.Item, DraftForm.Plain)} or list of {TypeOf(list.Item, DraftForm.Plain)}",
        DraftShape.ListOf list => $"list of {TypeOf(list.Item, DraftForm.Plain)}",
        DraftShape.MapOf map => $"map of {TypeOf(map.Value, form)}",
        DraftShape.Section section when section.Words.Any() =>
            $"section or {string.Join(", ", section.Words.Select(w => w.Key))}",
        DraftShape.Section => "section",
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
