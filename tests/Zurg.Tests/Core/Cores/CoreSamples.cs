using System.Collections.Immutable;
using Zurg.Protocol;

namespace Zurg.Tests.Core.Cores;

internal static class CoreSamples
{
    public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <param name="number">Of the incarnation; each is a minute after the one before.</param>
    public static CoreDump Dump(string instance, long number, long bytes = 10) => new()
    {
        Id = $"{instance}-{number}",
        Host = new HostId("host1"),
        Instance = InstanceId.Parse(instance),
        Incarnation = new Incarnation(number),
        Release = ReleaseId.Parse($"web@{number}"),
        Manifest = Digest.Of("manifest"u8),
        Executable = "bin/run",
        Pid = 41,
        Signal = 11,
        At = Start + TimeSpan.FromMinutes(number),
        File = "core",
        Size = bytes,
        DiskSize = bytes,
    };

    public static ImmutableArray<CoreDump> Dumps(string instance, int count) =>
        [.. Enumerable.Range(1, count).Select(n => Dump(instance, n))];
}
