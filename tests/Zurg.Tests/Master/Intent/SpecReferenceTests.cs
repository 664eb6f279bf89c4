using System.Text.Json;
using Zurg.Master.Intent;
using Zurg.Protocol;

namespace Zurg.Tests.Master.Intent;

public sealed class SpecReferenceTests
{
    [Fact]
    public void The_reference_page_is_the_generated_one()
    {
        var written = Recorded.Read("docs/cluster-yaml.md");
        var end = written.IndexOf(SpecReference.Mark, StringComparison.Ordinal) + SpecReference.Mark.Length + 1;
        Recorded.Check("docs/cluster-yaml.md", written[..end] + SpecReference.Text());
    }

    [Fact]
    public void Every_example_of_the_page_is_valid()
    {
        var blocks = Recorded.Read("docs/cluster-yaml.md").Split("```yaml\n").Skip(1).Select(b =>
            b[..b.IndexOf("```", StringComparison.Ordinal)]).ToList();
        Assert.Equal(3, blocks.Count);
        Assert.All(blocks, block => Assert.IsType<SpecReading.Read>(SpecReader.Read(block)));
    }

    [Theory]
    [InlineData("restart")]
    [InlineData("stop")]
    [InlineData("update")]
    [InlineData("probe")]
    public void Every_documented_default_is_the_one_filled_in(string key)
    {
        const string web = "services:\n  web:\n    release: 1\n    run: x\n    ports: { http: dynamic }\n";
        var kind = key == "probe" ? "tcp: http, " : "";
        var service = (DraftShape.Section)((DraftShape.MapOf)DraftShape.Root.Find("services")!.Shape).Value;
        var documented = ((DraftShape.Section)service.Find(key)!.Shape).Fields
            .Where(f => f.Doc.Default is not (null or "none")).ToList();
        Assert.NotEmpty(documented);
        var lines = string.Join(", ", documented.Select(f => $"{f.Key}: {f.Doc.Default}"));
        Assert.Equal(Spec(web), Spec($"{web}    {key}: {{ {kind}{lines} }}\n"));
    }

    private static string Spec(string text) =>
        JsonSerializer.Serialize(Assert.IsType<SpecReading.Read>(SpecReader.Read(text)).Spec, WireJson.Default.ClusterSpec);
}
