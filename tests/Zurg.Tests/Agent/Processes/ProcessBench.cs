using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Zurg.Agent.Logs;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Processes;

/// <summary>A directory and the processes started in it; what is left of both goes at the end, also when a test fails.</summary>
internal sealed class ProcessBench : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private static int _count;

    private readonly List<ProcessIdentity> _started = [];
    private readonly int _output;

    public ProcessBench()
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("zurg-processes-").FullName;
        File.SetUnixFileMode(Directory, (UnixFileMode)Convert.ToInt32("755", 8));
        Token = string.Create(CultureInfo.InvariantCulture, $"test-{Environment.ProcessId}/{Interlocked.Increment(ref _count)}");
        _output = LogFile.Open(Path.Combine(Directory, "output"));
    }

    public string Directory { get; }

    public string Token { get; }

    public string Output => File.ReadAllText(Path.Combine(Directory, "output"));

    public string Script(string text, string name = "script")
    {
        var path = Path.Combine(Directory, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32("755", 8));
        return path;
    }

    public SpawnRequest Request(string executable, params string[] args) => new()
    {
        Executable = executable,
        Args = [.. args],
        Env = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal)
            .Add("PATH", "/usr/bin:/bin").Add(ProcessTree.TokenVariable, Token),
        WorkingDirectory = Directory,
        Output = _output,
    };

    public ProcessIdentity Start(SpawnRequest request)
    {
        var process = Assert.IsType<SpawnOutcome.Started>(Spawner.Spawn(request)).Process;
        lock (_started)
        {
            _started.Add(process);
        }

        return process;
    }

    public ProcessIdentity Shell(string script) => Start(Request("/bin/sh", "-c", script));

    public static Hold HoldOf(SpawnRequest request) => Assert.IsType<SpawnOutcome.Held>(Spawner.Spawn(request)).Hold;

    public static Task<ProcessExit> ExitOf(ProcessIdentity process) => ExitWatcher.Shared.WatchAsync(process).WaitAsync(Deadline);

    /// <summary>Starts it, waits for its end and gives what it wrote.</summary>
    public async Task<string> RunAsync(SpawnRequest request)
    {
        var exit = await ExitOf(Start(request));
        Assert.True(exit.Code == 0, $"it ended with {exit}: {Output}");
        return Output;
    }

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Deadline, $"never came: {what}");
            await Task.Delay(5);
        }
    }

    public void Dispose()
    {
        // Everything has the same token, so one search of /proc finds what outlived its leader; a search each would take minutes.
        var living = _started.Where(p => ProcessStat.Read(p.Pid) is { } stat && stat.Is(p));
        foreach (var process in living.Concat(_started.TakeLast(1)).Distinct().ToList())
        {
            using var stop = new CancellationTokenSource(Deadline);
            ProcessTree.KillAsync(process, Token, true, TimeProvider.System, stop.Token).Wait();
            _ = ExitWatcher.Shared.WatchAsync(process);
        }

        LogFile.Close(_output);
        System.IO.Directory.Delete(Directory, true);
    }
}
