using Zurg.Cli.Verbs;

namespace Zurg.Tests.Cli.Verbs;

public sealed class DevVerbTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("zurg-cells-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("cells: [north, south]\nservices: {}\n", "north south")]
    [InlineData("services: {}\n", null)]
    [InlineData("cells: [", null)]
    [InlineData(null, null)]
    public void Hosts_are_dealt_to_the_cells_of_the_file_beside_the_state(string? file, string? cells)
    {
        if (file is not null)
        {
            File.WriteAllText(Path.Combine(_directory, "cluster.yaml"), file);
        }

        var found = DevVerb.CellsBeside(Path.Combine(_directory, ".zurg"));
        Assert.Equal(cells, found is { } names ? string.Join(' ', names.Select(c => c.Value)) : null);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 3)]
    [InlineData(7, 3)]
    public void Without_any_there_are_as_many_cells_as_hosts_up_to_three(int hosts, int cells) =>
        Assert.Equal(cells, DevVerb.Cells(hosts).Length);
}
