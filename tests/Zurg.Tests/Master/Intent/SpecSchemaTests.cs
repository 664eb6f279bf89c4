using System.Text.Json.Nodes;
using Zurg.Master.Intent;

namespace Zurg.Tests.Master.Intent;

public sealed class SpecSchemaTests
{
    [Fact]
    public void The_schema_is_the_generated_one() => Recorded.Check("docs/cluster.schema.json", SpecSchema.Text());

    [Fact]
    public void Every_reference_of_the_schema_leads_somewhere()
    {
        var schema = JsonNode.Parse(SpecSchema.Text())!.AsObject();
        var names = schema["$defs"]!.AsObject().Select(d => d.Key).ToHashSet(StringComparer.Ordinal);
        var text = schema.ToJsonString();
        var used = text.Split("#/$defs/").Skip(1).Select(t => t[..t.IndexOf('"', StringComparison.Ordinal)])
            .ToHashSet(StringComparer.Ordinal);
        Assert.Equal(names.Order(StringComparer.Ordinal), used.Order(StringComparer.Ordinal));
        Assert.Contains("service", names);
    }

    [Fact]
    public void Every_example_of_a_key_is_valid_where_it_stands()
    {
        const string web = "services: { web: { release: 1, run: x, ports: { http: 1 } } }\n";
        foreach (var field in DraftShape.Root.Fields)
        {
            var read = SpecReader.Read($"{(field.Key == "services" ? "" : web)}{field.Key}: {field.Doc.Example}\n");
            Assert.True(read is SpecReading.Read, $"{field.Key}: {read}");
        }
        var service = (DraftShape.Section)((DraftShape.MapOf)DraftShape.Root.Find("services")!.Shape).Value;
        foreach (var field in service.Fields.Where(f => !f.Doc.Required && f.Key is not "ports"))
        {
            var read = SpecReader.Read($"services:\n  sudoku-solver: {{ release: 1, run: x, ports: {{ http: 2 }} }}\n  web:\n"
                + $"    release: 1\n    run: x\n"
                + $"    ports: {{ http: 1 }}\n{(field.Key is "vars" ? "" : "    vars: { role: x }\n")}"
                + (field.Key is "watchdog_keep" ? "    watchdog: 30s\n" : "")
                + $"    {field.Key}: {field.Doc.Example}\n");
            Assert.True(read is SpecReading.Read,
                $"{field.Key}: {string.Join('\n', (read as SpecReading.Refused)?.Problems ?? [])}");
        }
    }
}
