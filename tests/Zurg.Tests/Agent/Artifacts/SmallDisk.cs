using System.Diagnostics;

namespace Zurg.Tests.Agent.Artifacts;

/// <summary>A file system of a few megabytes, gone after the test. Only root may mount one: <see cref="IsAllowed"/>.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly string _path;

    public SmallDisk(int mebibytes)
    {
        _path = Directory.CreateDirectory(_directory["disk"]).FullName;
        if (!Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "tmpfs", _path))
        {
            _directory.Dispose();
            throw new InvalidOperationException("no file system could be mounted");
        }
    }

    /// <summary>Whether this process may mount: root, and not in a container that forbids it.</summary>
    public static bool IsAllowed { get; } = Try();

    public string this[string name] => Path.Combine(_path, name);

    public long Free => new DriveInfo(_path).AvailableFreeSpace;

    public void Fill(string name, long bytes)
    {
        using var file = new FileStream(this[name], FileMode.Create);
        var piece = new byte[64 * 1024];
        for (; bytes > 0; bytes -= piece.Length)
        {
            file.Write(piece.AsSpan(0, (int)Math.Min(piece.Length, bytes)));
        }
    }

    public void Dispose()
    {
        Run("umount", "-l", _path);
        _directory.Dispose();
    }

    private static bool Try()
    {
        try
        {
            using var disk = new SmallDisk(1);
            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static bool Run(string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args) { RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}

/// <summary>A fact about a small disk; skipped where none can be mounted.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute()
    {
        if (!SmallDisk.IsAllowed)
        {
            Skip = "only root may mount a small disk";
        }
    }
}
