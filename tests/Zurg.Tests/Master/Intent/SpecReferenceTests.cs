using Zurg.Master.Intent;

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
        Assert.Equal(2, blocks.Count);
        Assert.All(blocks, block => Assert.IsType<SpecReading.Read>(SpecReader.Read(block)));
    }
}
