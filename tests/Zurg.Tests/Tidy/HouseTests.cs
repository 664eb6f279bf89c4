using System.Collections.Immutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Zurg.Tests.Tidy;

/// <summary>DESIGN.md section 2: who may import whom.</summary>
public sealed class HouseTests
{
    private static readonly ImmutableSortedDictionary<string, string[]> Projects = new Dictionary<string, string[]>
    {
        ["Zurg.Protocol"] = [],
        ["Zurg.Core"] = ["Zurg.Protocol"],
        ["Zurg.Loops"] = ["Zurg.Core"],
        ["Zurg.Master"] = ["Zurg.Loops"],
        ["Zurg.Agent"] = ["Zurg.Loops"],
        ["Zurg.Sdk"] = [],
        ["Zurg.Sdk.AspNetCore"] = ["Zurg.Sdk"],
        ["Zurg.Edge"] = ["Zurg.Sdk"],
        ["Zurg.Cli"] = ["Zurg.Master", "Zurg.Agent", "Zurg.Edge"],
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    // Usings besides a project's own: what each may see of the others.
    private static readonly ImmutableSortedDictionary<string, string[]> Usings = new Dictionary<string, string[]>
    {
        ["Zurg.Protocol"] = ["Zurg.Protocol"],
        ["Zurg.Core"] = ["Zurg.Core", "Zurg.Protocol"],
        ["Zurg.Loops"] = ["Zurg.Loops", "Zurg.Core", "Zurg.Protocol"],
        ["Zurg.Master"] = ["Zurg.Master", "Zurg.Loops", "Zurg.Core", "Zurg.Protocol"],
        ["Zurg.Agent"] = ["Zurg.Agent", "Zurg.Loops", "Zurg.Core", "Zurg.Protocol"],
        ["Zurg.Sdk"] = ["Zurg.Sdk", "Zurg.Protocol.Local"],
        ["Zurg.Sdk.AspNetCore"] = ["Zurg.Sdk", "Zurg.Protocol.Self"],
        ["Zurg.Edge"] = ["Zurg.Edge", "Zurg.Sdk"],
        ["Zurg.Cli"] = ["Zurg.Cli", "Zurg.Master", "Zurg.Agent", "Zurg.Edge", "Zurg.Protocol"],
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    // The rooms of the agent meet in the loop's ports and where they are put together, at the top and in Hands. What is more is
    // named here, and goes one way only.
    private static readonly ImmutableSortedDictionary<string, string[]> AgentRooms = new Dictionary<string, string[]>
    {
        ["Artifacts"] = [],
        ["Cores"] = ["Processes"],
        ["Exec"] = ["Processes"],
        ["Journal"] = [],
        ["Local"] = ["Processes", "Templates", "Usage"],
        ["Logs"] = [],
        ["Measuring"] = ["Processes"],
        ["Ports"] = ["Processes"],
        ["Probes"] = ["Ports", "Processes"],
        ["Processes"] = [],
        ["Relay"] = ["Local", "Ports"],
        ["Session"] = [],
        ["Templates"] = ["Processes"],
        ["Usage"] = ["Processes"],
    }.ToImmutableSortedDictionary(StringComparer.Ordinal);

    [Fact]
    public void Every_project_references_only_what_the_house_allows()
    {
        var wrong =
            from file in Repository.Files
            where file.StartsWith("src/", StringComparison.Ordinal) && file.EndsWith(".csproj", StringComparison.Ordinal)
            let name = Path.GetFileNameWithoutExtension(file)
            let allowed = Projects.GetValueOrDefault(name)
            from reference in XDocument.Parse(Repository.Read(file)).Descendants("ProjectReference")
            let other = Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value)
            where allowed is null || !allowed.Contains(other, StringComparer.Ordinal)
            select $"{name} references {other}";
        Repository.AssertNone(wrong);
    }

    [Fact]
    public void Every_source_uses_only_the_namespaces_that_the_house_allows()
    {
        var wrong =
            from file in Repository.Sources
            let project = file.Split('/')[1]
            let allowed = Usings.GetValueOrDefault(project, [])
            from used in UsingsOf(file)
            where used.StartsWith("Zurg.", StringComparison.Ordinal) && !allowed.Any(a => IsWithin(used, a))
            select $"{file} uses {used}";
        Repository.AssertNone(wrong);
    }

    [Fact]
    public void Rooms_of_the_agent_do_not_import_one_another()
    {
        var wrong =
            from file in Repository.Sources
            where file.StartsWith("src/Zurg.Agent/", StringComparison.Ordinal)
            let room = file.Split('/')[2]
            where room != "Hands" && !room.EndsWith(".cs", StringComparison.Ordinal)
            from used in UsingsOf(file)
            from other in AgentRooms.Keys
            where other != room && IsWithin(used, $"Zurg.Agent.{other}")
            where !AgentRooms.GetValueOrDefault(room, []).Contains(other, StringComparer.Ordinal)
            select $"{file} imports {other}";
        Repository.AssertNone(wrong);
    }

    [Fact]
    public void Only_the_master_s_intent_reads_yaml()
    {
        var wrong = Repository.Sources.Where(f => !f.StartsWith("src/Zurg.Master/Intent/", StringComparison.Ordinal)
            && UsingsOf(f).Any(u => u.StartsWith("YamlDotNet", StringComparison.Ordinal)));
        Repository.AssertNone(wrong);
    }

    /// <summary>core-tested-elsewhere.txt names the files whose branches other tests reach; it is to become shorter.</summary>
    [Fact]
    public void Every_file_of_Core_has_a_test_file()
    {
        var elsewhere = Repository.Read("tests/Zurg.Tests/Tidy/core-tested-elsewhere.txt").Split('\n');
        var without =
            from file in Repository.Sources
            where file.StartsWith("src/Zurg.Core/", StringComparison.Ordinal)
            where HasBranches(Repository.Read(file))
            where !Repository.Files.Contains("tests/Zurg.Tests/" + file["src/Zurg.".Length..^3] + "Tests.cs")
            select file;
        Repository.AssertNone(without.Except(elsewhere, StringComparer.Ordinal));
    }

    private static bool IsWithin(string name, string space) =>
        name == space || name.StartsWith(space + ".", StringComparison.Ordinal);

    private static IEnumerable<string> UsingsOf(string file) =>
        Using.Matches(Repository.Read(file)).Select(m => m.Groups["name"].Value);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly Regex Using =
        new(@"^(global )?using (static |\w+ = )?(?<name>[\w.]+);",
            RegexOptions.Multiline | RegexOptions.ExplicitCapture, Patience);

    // Records and enums alone decide nothing, nor do the guards of lists that the wire leaves out.
    private static bool HasBranches(string code) => Regex.IsMatch(
        ShapeTests.WithoutTextAndComments(code).Replace("value.IsDefault ? [] : value", "", StringComparison.Ordinal),
        @"\b(if|switch|while|for|foreach)\b|\?\?|\s\?\s", RegexOptions.ExplicitCapture, Patience);
}
