using System.Runtime.CompilerServices;
using Zurg.Sdk;

namespace Zurg.Tests.Sdk;

/// <summary>DESIGN.md section 2: the SDK is small and needs nothing but the base class library.</summary>
public sealed class SdkSizeTests
{
    [Fact]
    public void The_sdk_and_the_local_protocol_stay_under_a_thousand_lines()
    {
        string[] rooms = ["Zurg.Sdk", "Zurg.Protocol/Local"];
        var lines = rooms
            .SelectMany(room => Directory.EnumerateFiles(Path.Combine(Sources(), room), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .Sum(f => File.ReadLines(f).Count());
        Assert.InRange(lines, 100, 999);
    }

    [Fact]
    public void The_sdk_imports_only_the_base_class_library()
    {
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        Assert.All(typeof(ZurgClient).Assembly.GetReferencedAssemblies(), a =>
            Assert.True(File.Exists(Path.Combine(framework, $"{a.Name}.dll")), $"{a.Name} is not of the base class library"));
    }

    private static string Sources([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../../src"));
}
