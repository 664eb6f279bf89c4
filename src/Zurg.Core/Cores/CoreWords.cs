using Zurg.Protocol;

namespace Zurg.Core;

/// <summary>What people are told of a core dump.</summary>
public static class CoreWords
{
    public static string Kept(CoreDump core) =>
        $"core dump {core.Id} is kept ({Who(core.Pid, core.Signal)}; {Phrases.OfBytes(core.DiskSize)} of disk): "
        + $"zurg cores get {core.Id}";

    public static string NotKept(int pid, int signal, string why) => $"its core dump is not kept ({Who(pid, signal)}): {why}";

    public static string TooBig(long size, long quota, string path) => quota == 0
        ? $"this host keeps none (see zurg agent --cores): it is left at {path}"
        : $"it takes {Phrases.OfBytes(size)}, and this host keeps at most {Phrases.OfBytes(quota)}: it is left at {path}";

    private static string Who(int pid, int signal) => $"pid {pid}, ended by {Phrases.SignalName(signal)}";
}
