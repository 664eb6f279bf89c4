using System.Collections.Immutable;
using System.Globalization;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Core dumps.</summary>
internal static class CoreView
{
    public static ImmutableArray<Block> List(CoreList list, DateTimeOffset now) =>
    [
        list.Cores.IsEmpty
            ? Block.Line.Of("no core dump is kept; a service makes them when limits: { core: unlimited } allows it")
            : new Block.Table(
                ["CORE", "HOST", "RELEASE", "PID", "SIGNAL", "WHEN", "DISK"],
                [
                    .. list.Cores.Select(c => (ImmutableArray<Span>)
                    [
                        new Span(c.Id, Tone.Strong), c.Host.Value, c.Release.Value, Number(c.Pid), Number(c.Signal),
                        $"{Measures.Age(now - c.At)} ago", Measures.Size(c.DiskSize),
                    ]),
                ]),
        .. list.Silent.IsEmpty
            ? (ImmutableArray<Block>)[]
            : [Block.Line.Of($"not asked: {string.Join(", ", list.Silent)} did not answer")],
    ];

    public static ImmutableArray<Block> Brought(CoreDump core, BroughtCore brought) =>
    [
        Block.Line.Of(
            new Span(brought.Core, Tone.Strong), $"  {core.Instance} on {core.Host}, {core.Release}, {Measures.Moment(core.At)}"),
        Block.Line.Of(core.File == "core"
            ? $"open it: gdb {brought.Program} {brought.Core}"
            : $"unpack {brought.Core}, then: gdb {brought.Program} core"),
        .. brought.Program == core.Executable
            ? (ImmutableArray<Block>)[Block.Line.Of($"{core.Executable} is a program of {core.Host} itself: use that host's")]
            : [],
    ];

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
