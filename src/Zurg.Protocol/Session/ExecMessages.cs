using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Zurg.Protocol;

/// <summary>
/// Dial back to /v1/agents/exec/TICKET and run this there. The command's bytes take a WebSocket of their own: the session, whose
/// reports are the host's sign of life, never waits behind them.
/// </summary>
/// <param name="Ticket">One use, for a few seconds.</param>
public sealed record ExecRequest(string Ticket)
{
    /// <summary>With whose environment; null: the host's.</summary>
    public InstanceId? Instance { get; init; }

    /// <summary>The program and its arguments; empty: /bin/sh.</summary>
    public ImmutableArray<string> Command { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>
    /// Run it on a terminal; null: with three streams. Asked only of an agent that offers
    /// <see cref="ExecMessage.TerminalProtocol"/> when it dials back.
    /// </summary>
    public ExecTerminal? Terminal { get; init; }
}

/// <summary>
/// A text message on the WebSocket of a command; exactly one part is set. Binary messages are the streams: the first byte says
/// which (0 stdin, 1 stdout, 2 stderr), the rest are its bytes.
/// </summary>
public sealed record ExecMessage
{
    /// <summary>The caller's first message.</summary>
    public ExecStart? Start { get; init; }

    /// <summary>The command runs.</summary>
    public ExecStarted? Started { get; init; }

    /// <summary>The last message: everything that was written came before it.</summary>
    public ExecEnded? Ended { get; init; }

    /// <summary>To the command's process group: a signal by name without SIG.</summary>
    public string? Signal { get; init; }

    /// <summary>Stdin has come to its end; on a terminal this is the key Ctrl-D.</summary>
    public bool? InputEnds { get; init; }

    /// <summary>The caller's window has another size now. Means nothing without a terminal.</summary>
    public ExecWindow? Window { get; init; }

    public const byte Input = 0;
    public const byte Output = 1;
    public const byte Error = 2;

    /// <summary>Of one binary message with its first byte.</summary>
    public const int FrameMax = 32 * 1024;

    /// <summary>Of one text message.</summary>
    public const int TextMax = 256 * 1024;

    /// <summary>
    /// A WebSocket subprotocol (RFC 6455, 1.9) that says: this side knows terminals. Builds that do not would run the command
    /// without one, so it is agreed on before anything is asked for.
    /// </summary>
    public const string TerminalProtocol = "zurg-exec-terminal";
}

/// <summary>What to run.</summary>
public sealed record ExecStart
{
    /// <summary>The program and its arguments; empty: /bin/sh.</summary>
    public ImmutableArray<string> Command { get; init => field = value.IsDefault ? [] : value; } = [];

    /// <summary>
    /// Run it on a terminal of its own: stdout and stderr are one stream then, and keys like Ctrl-C are bytes of stdin.
    /// </summary>
    public ExecTerminal? Terminal { get; init; }
}

/// <summary>A terminal on the host for one command.</summary>
/// <param name="Window">At its start.</param>
public sealed record ExecTerminal(ExecWindow Window)
{
    /// <summary>TERM of the command: what kind of terminal the caller has; xterm when null or not a name.</summary>
    public string? Type { get; init; }
}

/// <param name="Columns">1 to 65535; others are taken as the nearest.</param>
/// <param name="Rows">1 to 65535.</param>
public sealed record ExecWindow(int Columns, int Rows);

/// <param name="Pid">On that host.</param>
public sealed record ExecStarted(HostId Host, int Pid)
{
    public InstanceId? Instance { get; init; }
}

/// <summary>How it ended: by itself, by a signal, or not as a command does.</summary>
public sealed record ExecEnded
{
    public int? Code { get; init; }

    /// <summary>The signal's number.</summary>
    public int? Signal { get; init; }

    /// <summary>Why it was not run, or is not known to have ended by itself.</summary>
    public string? Problem { get; init; }

    /// <summary>What to do about it.</summary>
    public string? Mend { get; init; }

    /// <summary>As a shell counts: 128 and the signal; null when there was a problem.</summary>
    [JsonIgnore]
    public int? ExitCode => Code ?? 128 + Signal;
}
