using System.Diagnostics;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Demo;

/// <summary>Publishes the example's releases, unless they are there already and no source is newer.</summary>
internal static class ExampleReleases
{
    private static readonly (string Name, string Version, string Project)[] Releases =
    [
        ("sudoku-solver", "1.0.0", "examples/sudoku/Solver"),
        ("sudoku-solver", "1.1.0", "examples/sudoku/Solver"),
        ("sudoku-solver", "1.2.0", "examples/sudoku/Solver"),
        ("web", "1.0.0", "examples/sudoku/Web"),
    ];

    // What the example is built from.
    private static readonly string[] Sources = ["examples/sudoku", "src/Zurg.Sdk", "src/Zurg.Protocol/Local"];
    private static readonly string[] Settings = ["Directory.Build.props", "Directory.Packages.props", "global.json"];

    public static async Task<IReadOnlyList<(
        ReleaseId Release, string Directory)>> PublishAsync(
        string root, Screen screen, CancellationToken stop)
    {
        var published = new List<(ReleaseId, string)>();
        var newest = Newest(root);
        foreach (var (name, version, project) in Releases)
        {
            var release = new ReleaseId(new ReleaseName(name), new ReleaseVersion(version));
            var directory = Path.Combine(root, ".build/demo", $"{name}-{version}");
            if (!Directory.Exists(directory) || Directory.GetLastWriteTimeUtc(directory) < newest)
            {
                await PublishAsync(root, project, version, directory, screen, stop);
            }

            published.Add((release, directory));
        }

        return published;
    }

    private static DateTime Newest(string root) => Sources
        .SelectMany(s => new DirectoryInfo(Path.Combine(root, s)).EnumerateFiles("*", SearchOption.AllDirectories))
        .Concat(Settings.Select(s => new FileInfo(Path.Combine(root, s))))
        .Where(f => !f.FullName.Contains("/obj/", StringComparison.Ordinal))
        .Where(f => !f.FullName.Contains("/bin/", StringComparison.Ordinal))
        .Where(f => f.Extension is not (".yaml" or ".md"))
        .Max(f => f.LastWriteTimeUtc);

    private static async Task PublishAsync(
        string root, string project, string version, string directory, Screen screen, CancellationToken stop)
    {
        // Beside its place first: a publish that was cut short must not look like a whole one.
        var draft = directory + ".new";
        if (Directory.Exists(draft))
        {
            Directory.Delete(draft, recursive: true);
        }

        var what = $"building {Path.GetFileName(directory)}";
        screen.Progress(what + " …");
        if (!screen.ShowsProgress)
        {
            screen.Note(what);
        }

        string[] arguments =
        [
            "publish", Path.Combine(root, project), "-c", "Release", $"-p:SolverRelease={version}", "-o", draft,
            // The commit in the version would give the same sources other bytes, and a release never changes its bytes.
            "-p:IncludeSourceRevisionInInformationalVersion=false",
            "--artifacts-path", Path.Combine(root, ".build/demo-artifacts", Path.GetFileName(directory)),
            "-v", "quiet", "-nologo", "-clp:NoSummary",
        ];
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
            Environment = { ["DOTNET_NOLOGO"] = "1", ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1", ["MSBUILDDISABLENODEREUSE"] = "1" },
        };
        using var process = Process.Start(start) ?? throw new VerbFailedException("dotnet could not be started");
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(stop);
        var errors = process.StandardError.ReadToEndAsync(stop);
        try
        {
            await process.WaitForExitAsync(stop);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        screen.Progress("");
        if (process.ExitCode != 0)
        {
            throw new VerbFailedException($"{what} failed:\n{await output}{await errors}");
        }

        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }

        Directory.Move(draft, directory);
    }
}
