using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Zurg.Core;

namespace Zurg.Master.Intent;

/// <summary>The JSON schema of cluster.yaml (draft 2020-12) for editors, generated from the draft records:
/// docs/cluster.schema.json.</summary>
public static class SpecSchema
{
    private static readonly JsonSerializerOptions Layout = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NewLine = "\n",
    };

    private const string DnsLabel = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";

    public static string Text()
    {
        var definitions = new JsonObject();
        var root = Section(DraftShape.Root, definitions);
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "cluster.yaml of Zurg",
        };
        foreach (var (key, value) in root)
        {
            schema[key] = value?.DeepClone();
        }
        schema["$defs"] = definitions;
        return schema.ToJsonString(Layout) + "\n";
    }

    private static JsonObject Section(DraftShape.Section section, JsonObject definitions)
    {
        var properties = new JsonObject();
        foreach (var field in section.Fields)
        {
            properties[field.Key] = Described(field, Shape(field.Shape, field, definitions));
        }
        var schema = new JsonObject
        {
            ["description"] = section.Doc.Text,
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["properties"] = properties,
        };
        var required = section.Fields.Where(f => f.Doc.Required).Select(f => (JsonNode)f.Key).ToArray();
        if (required.Length > 0)
        {
            schema["required"] = new JsonArray(required);
        }
        return schema;
    }

    private static JsonObject Shape(DraftShape shape, DraftShape.Field field, JsonObject definitions) => shape switch
    {
        DraftShape.Text => FormOf(field.Doc.Form),
        DraftShape.Number => new JsonObject { ["type"] = "integer" },
        DraftShape.Fraction => new JsonObject { ["type"] = "number" },
        DraftShape.Flag => new JsonObject { ["type"] = "boolean" },
        DraftShape.ListOf list => List(list, field, definitions),
        DraftShape.MapOf map => new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = Shape(map.Value, field, definitions),
        },
        DraftShape.Section section => Reference(section, definitions),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static JsonObject List(DraftShape.ListOf list, DraftShape.Field field, JsonObject definitions)
    {
        var many = new JsonObject { ["type"] = "array", ["items"] = Shape(list.Item, field, definitions) };
        return list.OneAlone ? new JsonObject { ["anyOf"] = new JsonArray(FormOf(DraftForm.Plain), many) } : many;
    }

    private static JsonObject Reference(DraftShape.Section section, JsonObject definitions)
    {
        var name = JsonNamingPolicy.SnakeCaseLower.ConvertName(section.Type.Name.Replace("Draft", "", StringComparison.Ordinal));
        if (!definitions.ContainsKey(name))
        {
            // Its place first, so that a section may hold itself one day.
            definitions[name] = null;
            definitions[name] = Section(section, definitions);
        }
        var reference = new JsonObject { ["$ref"] = $"#/$defs/{name}" };
        var words = section.Words.Select(w => (JsonNode)w.Key).ToArray();
        return words.Length == 0
            ? reference
            : new JsonObject { ["anyOf"] = new JsonArray(new JsonObject { ["enum"] = new JsonArray(words) }, reference) };
    }

    /// <summary>YAML editors see 1.1 as a number where we see a version: every text may be one.</summary>
    private static JsonObject FormOf(DraftForm form) => form switch
    {
        DraftForm.Name => Pattern(DnsLabel),
        DraftForm.Duration => Pattern(@"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$"),
        DraftForm.Size => Pattern(@"^([0-9]+(\.[0-9]+)?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB))+$"),
        DraftForm.FreeLimit => Pattern(@"^([0-9]+(\.[0-9]+)?%|([0-9]+(\.[0-9]+)?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB))+)$"),
        DraftForm.Batch => new JsonObject
        {
            ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["maximum"] = 10_000 },
                Pattern("^[0-9]+%?$")),
        },
        DraftForm.Port => new JsonObject
        {
            ["anyOf"] = new JsonArray(
                new JsonObject { ["const"] = "dynamic" },
                new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["maximum"] = 65535 }),
        },
        DraftForm.StopSignal => Enum(SpecWords.StopSignals),
        DraftForm.ReloadSignal => Enum(SpecWords.ReloadSignals),
        DraftForm.AutoOrManual => Enum(SpecWords.AutoOrManual),
        DraftForm.WatchdogKeep => Enum(SpecWords.WatchdogKeeps),
        DraftForm.Enforce => Enum(SpecWords.Enforces),
        DraftForm.Limit => Pattern(@"^(unlimited|0|([0-9]+(\.[0-9]+)?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB))+)$"),
        DraftForm.Plain or DraftForm.Release or DraftForm.Word or DraftForm.OneOrMany =>
            new JsonObject { ["type"] = new JsonArray("string", "number", "boolean") },
    };

    private static JsonObject Described(DraftShape.Field field, JsonObject schema)
    {
        var described = new JsonObject
        {
            ["description"] = field.Doc.Text + (field.Doc.Default is { } value ? $" Default: {value}." : ""),
        };
        foreach (var (key, part) in schema)
        {
            described[key] = part?.DeepClone();
        }
        return described;
    }

    private static JsonObject Pattern(string pattern) => new() { ["type"] = "string", ["pattern"] = pattern };

    private static JsonObject Enum(IEnumerable<string> words) =>
        new() { ["enum"] = new JsonArray([.. words.Select(w => (JsonNode)w)]) };
}
