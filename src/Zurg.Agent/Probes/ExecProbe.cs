using System.Text;
using Zurg.Agent.Processes;
using Zurg.Core;

namespace Zurg.Agent.Probes;

/// <summary>Runs a command with the instance's own environment, directory and user: exit code 0 passes.</summary>
internal static class ExecProbe
{
    /// <summary>What of its output is told; a pipe holds 64 KiB before the command would have to wait.</summary>
    private const int TextMax = 200;

    public static async Task<ProbeAnswer> AskAsync(ProbeTarget target, TimeProvider time, CancellationToken stop)
    {
        if (target.Command.IsEmpty)
        {
            return new ProbeAnswer(false, "the probe has no command");
        }

        var (read, write) = OpenPipe();
        try
        {
            // A token of its own: when the command hangs, it is killed without touching the instance.
            var token = target.Token + "/probe";
            var outcome = Spawner.Spawn(new SpawnRequest
            {
                Executable = target.Command[0],
                Args = target.Command[1..],
                Env = target.Launch.Env.SetItem(ProcessTree.TokenVariable, token),
                WorkingDirectory = target.Launch.WorkingDirectory,
                Output = write,
                User = target.User,
                Group = target.Group,
                Groups = target.Groups,
            });
            _ = Libc.Close(write);
            write = -1;
            return outcome is SpawnOutcome.Started started
                ? await WaitAsync(target.Command[0], started.Process, token, read, time, stop)
                : new ProbeAnswer(false, ((SpawnOutcome.Held)outcome).Hold.Text);
        }
        finally
        {
            _ = Libc.Close(read);
            if (write >= 0)
            {
                _ = Libc.Close(write);
            }
        }
    }

    private static async Task<ProbeAnswer> WaitAsync(
        string command, ProcessIdentity process, string token, int output, TimeProvider time, CancellationToken stop)
    {
        var exited = ExitWatcher.Shared.WatchAsync(process);
        try
        {
            var exit = await exited.WaitAsync(stop);
            return exit.Code == 0
                ? new ProbeAnswer(true, "exit code 0")
                : new ProbeAnswer(false, $"{Path.GetFileName(command)} ended with {Describe(exit)}{Said(output)}");
        }
        finally
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5), time);
            await ProcessTree.KillAsync(process, token, true, time, limit.Token);
        }
    }

    private static string Describe(ProcessExit exit) =>
        exit.Code is { } code ? $"exit code {code}"
            : exit.Signal is { } signal ? UnixSignal.NameOf(signal) : "an unknown exit code";

    private static unsafe (int Read, int Write) OpenPipe()
    {
        const int closeOnExec = 0x80000;
        var fds = stackalloc int[2];
        return Libc.Pipe(fds, closeOnExec) == 0
            ? (fds[0], fds[1])
            : throw new IOException($"no pipe for the probe: {Libc.Text(Libc.LastError)}");
    }

    /// <summary>The command has ended and its tree may hold the other end open: only what is there already.</summary>
    private static unsafe string Said(int output)
    {
        if (!Libc.HasInput(output))
        {
            return "";
        }

        var buffer = stackalloc byte[TextMax];
        var length = (int)Libc.Read(output, buffer, TextMax);
        var text = length <= 0 ? "" : Encoding.UTF8.GetString(buffer, length).Trim().ReplaceLineEndings(" ");
        return text.Length == 0 ? "" : $": {text}";
    }
}
