using System.Buffers.Binary;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent;
using Zurg.Agent.Cores;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Cores;

/// <summary>A directory with a kernel's settings of its own, a process's directory and an agent's.</summary>
internal sealed class CoreBench : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public CoreBench()
    {
        foreach (var name in (string[])["agent", "work", "systemd"])
        {
            Directory.CreateDirectory(_directory[name]);
        }

        Pattern("core");
        File.WriteAllText(_directory["uses_pid"], "0\n");
    }

    public string Work => _directory["work"];

    public string Systemd => _directory["systemd"];

    public AgentPaths Paths => new(_directory["agent"]);

    public CoreSettings Settings => new()
    {
        PatternFile = _directory["pattern"], UsesPidFile = _directory["uses_pid"], SystemdDirectory = Systemd,
    };

    public void Pattern(string text) => File.WriteAllText(_directory["pattern"], text + "\n");

    public CoreShelf Shelf(long quota = 1 << 30) => new(Paths, new HostId("host1"), quota, NullLogger.Instance);

    /// <summary>A file that says of itself that it is the core of a process.</summary>
    public string Core(int pid, string name = "core", int size = 8192)
    {
        var path = Path.Combine(Work, name);
        File.WriteAllBytes(path, [.. Elf(pid), .. new byte[size].Select((_, i) => (byte)i)]);
        return path;
    }

    public DumpedProcess Dumped(int pid = 41, long incarnation = 1) => new(
        AgentSamples.Assigned(),
        new Incarnation(incarnation),
        new Launch
        {
            Executable = Path.Combine(Paths.Release(ReleaseId.Parse("web@1.0.0")), "bin/run"),
            Env = ImmutableSortedDictionary<string, string>.Empty,
            WorkingDirectory = Work,
            Ports = ImmutableSortedDictionary<PortName, int>.Empty,
        },
        pid,
        Signal: 11,
        new DateTimeOffset(2030, 1, 1, 0, (int)incarnation, 0, TimeSpan.Zero));

    public void Dispose() => _directory.Dispose();

    /// <summary>A header, one segment of notes, in it another note and then NT_PRPSINFO.</summary>
    public static byte[] Elf(int pid)
    {
        const int notesAt = 64 + 56;
        byte[] notes = [.. Note(1, new byte[10]), .. Note(3, Info(pid))];
        var elf = new byte[notesAt];
        "\u007fELF\u0002\u0001\u0001"u8.CopyTo(elf);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(16), 4);
        BinaryPrimitives.WriteInt64LittleEndian(elf.AsSpan(32), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(56), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(64), 4);
        BinaryPrimitives.WriteInt64LittleEndian(elf.AsSpan(64 + 8), notesAt);
        BinaryPrimitives.WriteInt64LittleEndian(elf.AsSpan(64 + 32), notes.Length);
        return [.. elf, .. notes];
    }

    private static byte[] Info(int pid)
    {
        var info = new byte[136];
        BinaryPrimitives.WriteInt32LittleEndian(info.AsSpan(24), pid);
        return info;
    }

    private static byte[] Note(int type, byte[] value)
    {
        var head = new byte[12];
        BinaryPrimitives.WriteInt32LittleEndian(head, 5);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), value.Length);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(8), type);
        return [.. head, .. "CORE\0\0\0\0"u8, .. value, .. new byte[(4 - (value.Length % 4)) % 4]];
    }
}
