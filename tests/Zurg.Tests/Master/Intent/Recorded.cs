using System.Runtime.CompilerServices;

namespace Zurg.Tests.Master.Intent;

/// <summary>Files of the repository that a test checks against what is generated, and writes anew when ZURG_RECORD=1 is
/// set.</summary>
internal static class Recorded
{
    public static string Read(string path) => File.ReadAllText(Path.Combine(Root(), path));

    public static void Check(string path, string generated)
    {
        var file = Path.Combine(Root(), path);
        if (Environment.GetEnvironmentVariable("ZURG_RECORD") == "1")
        {
            File.WriteAllText(file, generated);
        }
        Assert.True(File.Exists(file) && File.ReadAllText(file) == generated,
            $"{path} is not what the code generates: run the tests once with ZURG_RECORD=1 and commit what changed");
    }

    private static string Root([CallerFilePath] string here = "")
    {
        var directory = Path.GetDirectoryName(here);
        while (!File.Exists(Path.Combine(directory!, "Directory.Packages.props")))
        {
            directory = Path.GetDirectoryName(directory);
        }
        return directory!;
    }
}
