using System.Collections.Immutable;
using System.Diagnostics;

namespace Zurg.Tests.Tidy;

/// <summary>The tracked files of this checkout.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Paths relative to the root, with '/'. Files that are not ignored count before they are committed, too.</summary>
    public static ImmutableArray<string> Files { get; } = List();

    public static ImmutableArray<string> Sources { get; } =
        [.. Files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal) && f.StartsWith("src/", StringComparison.Ordinal))];

    public static ImmutableArray<string> AllCode { get; } = [.. Files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal))];

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    /// <summary>Fails with every entry, each on a line of its own.</summary>
    public static void AssertNone(IEnumerable<string> wrong)
    {
        var all = wrong.ToImmutableArray();
        Assert.True(all.IsEmpty, string.Join('\n', all));
    }

    private static string FindRoot()
    {
        for (var at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            if (File.Exists(Path.Combine(at, "Zurg.slnx")))
            {
                return at;
            }
        }

        throw new InvalidOperationException("the tests do not run inside the checkout");
    }

    private static ImmutableArray<string> List()
    {
        var start = new ProcessStartInfo("git", ["-C", Root, "ls-files", "--cached", "--others", "--exclude-standard"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using var git = Process.Start(start)!;
        var listed = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        return [.. listed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(f => File.Exists(Path.Combine(Root, f)))];
    }
}
