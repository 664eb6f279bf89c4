using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Exec;

/// <summary>What a request comes to on this host.</summary>
internal abstract record ExecPlan
{
    private ExecPlan()
    {
    }

    /// <param name="Request">Without descriptors.</param>
    public sealed record Ready(SpawnRequest Request) : ExecPlan;

    public sealed record Refused(string Problem, string? Mend) : ExecPlan;
}

/// <summary>One command that runs for somebody elsewhere, with everything that comes of it: nothing outlives it.</summary>
internal sealed class ExecCommand : IDisposable
{
    /// <summary>From the polite signal to SIGKILL, when the caller has gone.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly ProcessIdentity _process;
    private readonly string _token;
    private readonly TimeProvider _time;

    private ExecCommand(ExecPipes pipes, ProcessIdentity process, string token, TimeProvider time)
    {
        (Pipes, _process, _token, _time) = (pipes, process, token, time);
        Exit = ExitWatcher.Shared.WatchAsync(process);
    }

    public ExecPipes Pipes { get; }

    public int Pid => _process.Pid;

    /// <summary>Done when the main process has ended.</summary>
    public Task<ProcessExit> Exit { get; }

    /// <param name="token">ZURG_INCARNATION of it and of all its descendants: told from every other one on this machine.</param>
    /// <returns>Null with the reason when it could not be started.</returns>
    public static ExecCommand? Start(SpawnRequest request, string token, TimeProvider time, out Hold? hold)
    {
        var pipes = new ExecPipes();
        var outcome = Spawner.Spawn(request with
        {
            Env = request.Env.SetItem(ProcessTree.TokenVariable, token),
            Input = pipes.Theirs[ExecMessage.Input],
            Output = pipes.Theirs[ExecMessage.Output],
            Error = pipes.Theirs[ExecMessage.Error],
        });
        hold = (outcome as SpawnOutcome.Held)?.Hold;
        if (outcome is SpawnOutcome.Started started)
        {
            pipes.Begin();
            return new ExecCommand(pipes, started.Process, token, time);
        }

        pipes.Dispose();
        return null;
    }

    /// <summary>To its process group.</summary>
    public void Signal(string name)
    {
        if (UnixSignal.NumberOf(name) is { } number && ProcessStat.IsAlive(_process))
        {
            _ = Libc.Kill(-_process.Pid, number);
        }
    }

    /// <summary>The caller has gone: a polite signal, and after the grace the end.</summary>
    public async Task HangUpAsync(CancellationToken stop)
    {
        Signal("TERM");
        await Task.WhenAny(Exit, Task.Delay(Grace, _time, stop));
    }

    /// <summary>Kills what is left of the tree.</summary>
    public async Task EndAsync(CancellationToken stop)
    {
        await ProcessTree.KillAsync(_process, _token, watched: true, _time, stop);
        Pipes.EndOutput();
    }

    public void Dispose() => Pipes.Dispose();
}
