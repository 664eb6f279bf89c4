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
    private readonly ExecEnds _ends;

    private ExecCommand(ExecEnds ends, ExecPipes pipes, ProcessIdentity process, string token, TimeProvider time)
    {
        (_ends, Pipes, _process, _token, _time) = (ends, pipes, process, token, time);
        Exit = ExitWatcher.Shared.WatchAsync(process);
    }

    public ExecPipes Pipes { get; }

    public int Pid => _process.Pid;

    /// <summary>Done when the main process has ended.</summary>
    public Task<ProcessExit> Exit { get; }

    /// <param name="token">ZURG_INCARNATION of it and of all its descendants: told from every other one on this machine.</param>
    /// <param name="terminal">Null: three pipes.</param>
    /// <returns>Null with the reason when it could not be started.</returns>
    public static ExecCommand? Start(
        SpawnRequest request, ExecTerminal? terminal, string token, TimeProvider time, out Hold? hold)
    {
        ExecEnds ends;
        try
        {
            ends = terminal is null ? ExecEnds.OfPipes() : ExecEnds.OfTerminal(terminal.Window);
        }
        catch (IOException e)
        {
            hold = new Hold(HoldReason.SpawnFailed, e.Message, "look at the agent's open files, and for a terminal at /dev/pts");
            return null;
        }

        var pipes = new ExecPipes(ends);
        var env = request.Env.SetItem(ProcessTree.TokenVariable, token);
        if (terminal is not null && Accounts.Find(request.RunAs).Credentials?.Account is { } account)
        {
            // Its programs may open their terminal by its name, too.
            const uint same = uint.MaxValue;
            _ = Libc.ChangeOwner(ends.Terminal!, account.User, same);
        }

        var outcome = Spawner.Spawn(request with
        {
            Env = terminal is null ? env : env.SetItem("TERM", TypeOf(terminal)),
            Input = ends.Theirs(ExecMessage.Input),
            Output = ends.Theirs(ExecMessage.Output),
            Error = ends.Theirs(ExecMessage.Error),
            Terminal = ends.Terminal,
        });
        hold = (outcome as SpawnOutcome.Held)?.Hold;
        if (outcome is SpawnOutcome.Started started)
        {
            pipes.Begin();
            return new ExecCommand(ends, pipes, started.Process, token, time);
        }

        pipes.Dispose();
        return null;
    }

    public void Resize(ExecWindow window) => _ends.Resize(window);

    /// <summary>To its process group.</summary>
    public void Signal(string name)
    {
        if (UnixSignal.NumberOf(name) is { } number && ProcessStat.IsAlive(_process))
        {
            _ = Libc.Kill(-_process.Pid, number);
        }
    }

    /// <summary>The caller has gone: a polite signal, or the hang-up of a terminal, and after the grace the end.</summary>
    public async Task HangUpAsync(CancellationToken stop)
    {
        if (_ends.Terminal is not null)
        {
            Pipes.HangUp();
        }
        else
        {
            Signal("TERM");
        }

        await Task.WhenAny(Exit, Task.Delay(Grace, _time, stop));
    }

    /// <summary>Kills what is left of the tree.</summary>
    public async Task EndAsync(CancellationToken stop)
    {
        await ProcessTree.KillAsync(_process, _token, watched: true, _time, stop);
        Pipes.EndOutput();
    }

    public void Dispose() => Pipes.Dispose();

    private static string TypeOf(ExecTerminal terminal)
    {
        const int typeMax = 64;
        return terminal.Type is { Length: > 0 and <= typeMax } type
            && type.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '+')
            ? type
            : "xterm";
    }
}
