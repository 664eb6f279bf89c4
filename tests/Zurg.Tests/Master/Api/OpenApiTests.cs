using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Zurg.Tests.Master.Api;

public sealed class OpenApiTests(MasterFixture fixture) : IClassFixture<MasterFixture>
{
    /// <summary>ZURG_RECORD=1 writes it anew; the difference is then reviewed like any other.</summary>
    [Fact]
    public async Task The_document_served_is_the_one_checked_in()
    {
        var served = (await fixture.Master.Http.GetStringAsync("/openapi/v1.json")).ReplaceLineEndings("\n").TrimEnd() + "\n";
        var path = Path.Combine(Root(), "docs", "openapi.json");
        if (Environment.GetEnvironmentVariable("ZURG_RECORD") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, served);
        }

        Assert.True(File.Exists(path), $"{path} is missing: run this test with ZURG_RECORD=1");
        Assert.Equal(await File.ReadAllTextAsync(path), served);
    }

    [Fact]
    public async Task Every_endpoint_has_a_summary_and_lists_its_refusals()
    {
        var document = JsonNode.Parse(await fixture.Master.Http.GetStringAsync("/openapi/v1.json"))!;
        var operations = document["paths"]!.AsObject()
            .SelectMany(p => p.Value!.AsObject().Select(o => (p.Key, o.Key, Operation: o.Value!)))
            .ToList();

        Assert.Equal(51, operations.Count);
        Assert.All(operations, o => Assert.False(string.IsNullOrEmpty(o.Operation["summary"]?.GetValue<string>()), o.ToString()));
        var apply = operations.Single(o => o.Operation["operationId"]!.GetValue<string>() == "applySpec").Operation;
        Assert.Equal(["200", "400", "404", "409", "413", "428"], apply["responses"]!.AsObject().Select(r => r.Key).Order());
        var events = operations.Single(o => o.Operation["operationId"]!.GetValue<string>() == "listEvents").Operation;
        Assert.Equal(
            ["application/json", "application/x-ndjson"], events["responses"]!["200"]!["content"]!.AsObject().Select(c => c.Key));
        Assert.NotNull(apply["requestBody"]!["content"]!["application/yaml"]);
        Assert.NotNull(apply["responses"]!["409"]!["content"]!["application/problem+json"]);
    }

    private static string Root([CallerFilePath] string here = "")
    {
        var directory = Path.GetDirectoryName(here)!;
        while (!File.Exists(Path.Combine(directory, "global.json")))
        {
            directory = Path.GetDirectoryName(directory)!;
        }

        return directory;
    }
}
