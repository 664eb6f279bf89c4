using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Processes;

/// <summary>
/// Starts processes by posix_spawn(3): each leads a session and a process group of its own, every signal is back at its default
/// (.NET ignores SIGPIPE, and that would be inherited), nothing is masked, and only stdin, stdout and stderr are open. About a
/// millisecond each; lives beside System.Diagnostics.Process, which reaps only its own children.
/// </summary>
internal static unsafe class Spawner
{
    // Sizes on glibc x86-64 and arm64 are 336, 80 and 128 bytes: room to spare for a later one.
    private const int AttributesSize = 1024;
    private const int ActionsSize = 512;
    private const int SignalSetSize = 256;

    private const short SetDefaultSignals = 0x04;
    private const short SetMask = 0x08;
    private const short SetSession = 0x80;

    private const string UserTool = "/usr/bin/setpriv";

    /// <summary>Blocks until the process runs or could not be made to.</summary>
    public static SpawnOutcome Spawn(SpawnRequest request)
    {
        if (ProblemOf(request, out var credentials) is { } problem)
        {
            return new SpawnOutcome.Held(problem);
        }

        var argv = ImmutableArray.CreateBuilder<string>();
        if (credentials is { Arguments: { IsEmpty: false } arguments })
        {
            // It becomes the program in the same process. Why no thread of the agent does this: decision 009.
            argv.Add(UserTool);
            argv.AddRange(arguments);
            argv.Add("--");
        }

        argv.Add(request.Executable);
        argv.AddRange(request.Args);
        return request.IsDressed
            ? DressedSpawn.Run(request, argv.ToImmutable())
            : Outcome(request, Spawn(request, argv.ToImmutable(), gate: null, out var pid), pid, Libc.ThreadId());
    }

    /// <summary>What can be told of a start before it: the program, its directory, its user and what that one may.</summary>
    public static Hold? ProblemOf(SpawnRequest request, out Credentials? credentials)
    {
        credentials = null;
        if (ExecutableCheck.ProblemOf(request.Executable, out var interpreter) is { } problem)
        {
            return problem;
        }

        if (!Directory.Exists(request.WorkingDirectory))
        {
            return Reason(
                $"the working directory {request.WorkingDirectory} does not exist", "create it, or correct working_directory:");
        }

        var who = Accounts.Find(request.RunAs);
        credentials = who.Credentials;
        return who.Hold
            ?? (credentials is { } found ? AccessCheck.ProblemOf(found, request, interpreter) : null)
            ?? (credentials is { Arguments.IsEmpty: false } && !File.Exists(UserTool)
                ? Reason($"user: needs {UserTool}, which this host does not have", "install the package util-linux")
                : null);
    }

    /// <param name="error">Of posix_spawn(3).</param>
    public static SpawnOutcome Outcome(SpawnRequest request, int error, int pid, int thread) => error == 0
        ? new SpawnOutcome.Started(
            new ProcessIdentity(pid, ProcessStat.Read(pid)?.StartTicks ?? 0, ProcessStat.BootId), thread)
        : new SpawnOutcome.Held(Explain(request, error));

    /// <param name="gate">What the child waits at before it becomes the program; null: it does not.</param>
    /// <returns>An error of errno(3); 0 when it runs.</returns>
    public static int Spawn(SpawnRequest request, ImmutableArray<string> argv, SpawnGate? gate, out int pid)
    {
        var attributes = stackalloc byte[AttributesSize];
        var actions = stackalloc byte[ActionsSize];
        var signals = stackalloc byte[SignalSetSize];
        using var arguments = new NativeStrings(argv);
        using var env = new NativeStrings([.. request.Env.Select(v => $"{v.Key}={v.Value}")]);
        _ = Libc.AttributesInit(attributes);
        _ = Libc.ActionsInit(actions);
        try
        {
            // Not sigfillset: it leaves out the two signals of glibc's own, and the child would find those ignored.
            new Span<byte>(signals, SignalSetSize).Fill(0xff);
            _ = Libc.AttributesSetDefaultSignals(attributes, signals);
            _ = Libc.SignalSetEmpty(signals);
            _ = Libc.AttributesSetMask(attributes, signals);
            _ = Libc.AttributesSetFlags(attributes, SetDefaultSignals | SetMask | SetSession);
            if (gate is not null)
            {
                const int directory = 0x10000;
                _ = Libc.ActionsOpen(actions, 0, gate.Path, 0, 0);
                _ = Libc.ActionsOpen(actions, 0, gate.Path, directory, 0);
            }

            AddStreams(actions, request);
            _ = Libc.ActionsChangeDirectory(actions, request.WorkingDirectory);
            _ = Libc.ActionsCloseFrom(actions, 3);
            return Libc.Spawn(out pid, arguments.First, actions, attributes, arguments.Pointer, env.Pointer);
        }
        finally
        {
            _ = Libc.ActionsDestroy(actions);
            _ = Libc.AttributesDestroy(attributes);
        }
    }

    private static void AddStreams(void* actions, SpawnRequest request)
    {
        if (request.Terminal is { } terminal)
        {
            // The first terminal that the leader of a session opens becomes its controlling one, and the session began before.
            const int readAndWrite = 2;
            _ = Libc.ActionsOpen(actions, 0, terminal, readAndWrite, 0);
            _ = Libc.ActionsDuplicate(actions, 0, 1);
            _ = Libc.ActionsDuplicate(actions, 0, 2);
            return;
        }

        _ = Libc.ActionsDuplicate(actions, request.Output, 1);
        _ = Libc.ActionsDuplicate(actions, request.Error ?? request.Output, 2);
        _ = request.Input is { } input
            ? Libc.ActionsDuplicate(actions, input, 0)
            : Libc.ActionsOpen(actions, 0, "/dev/null", 0, 0);
    }

    private static Hold Explain(SpawnRequest request, int error) => error switch
    {
        Libc.Errno.NotFound => new Hold(HoldReason.ExecutableMissing,
            $"{request.Executable} or the program that it names as its interpreter is not on this host"),
        Libc.Errno.NotAllowed => new Hold(HoldReason.ExecutableMissing,
            $"{request.Executable} may not be executed: permission denied",
            "check the modes of its directories, and that the file system is not mounted noexec"),
        Libc.Errno.NotAProgram => new Hold(HoldReason.ExecutableMissing,
            $"the kernel does not know how to run {request.Executable}", "build it for this machine, or start it with a #! line"),
        Libc.Errno.ArgumentsTooLong => Reason(
            "args and env together are too long for the kernel", "shorten them: a file holds more"),
        Libc.Errno.TryAgain or Libc.Errno.NoMemory => Reason(
            $"the host has no room for another process: {Libc.Text(error)}", "look at its memory and at pids.max"),
        _ => Reason($"starting {request.Executable} failed: {Libc.Text(error)}"),
    };

    private static Hold Reason(string text, string? mend = null) => new(HoldReason.SpawnFailed, text, mend);

    /// <summary>A null-terminated array of null-terminated UTF-8 strings outside the garbage collector's reach.</summary>
    private sealed class NativeStrings : IDisposable
    {
        private readonly byte** _pointers;
        private readonly int _count;

        public NativeStrings(ImmutableArray<string> texts)
        {
            _count = texts.Length;
            _pointers = (byte**)NativeMemory.AllocZeroed((nuint)(_count + 1), (nuint)sizeof(byte*));
            for (var i = 0; i < _count; i++)
            {
                _pointers[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
            }
        }

        public byte** Pointer => _pointers;

        public byte* First => _pointers[0];

        public void Dispose()
        {
            for (var i = 0; i < _count; i++)
            {
                Marshal.FreeCoTaskMem((nint)_pointers[i]);
            }

            NativeMemory.Free(_pointers);
        }
    }
}
