using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Zurg.Master;

/// <summary>What a master is started with.</summary>
public sealed record MasterOptions
{
    /// <summary>Everything it keeps: state.db, events.db, artifacts/, token. Made when it is not there, mode 0700.</summary>
    public required string Directory { get; init; }

    /// <summary>Port 0: the kernel chooses. Only loopback addresses: others would need TLS.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public ILoggerFactory Logs { get; init; } = NullLoggerFactory.Instance;

    /// <summary>What is wrong with them, in plain language; empty when a master can be started.</summary>
    public ImmutableArray<string> Validate() =>
    [
        .. Directory.Length == 0 ? (string[])["a master needs a directory"] : [],
        .. IPAddress.IsLoopback(Listen.Address) ? (string[])[]
            : [
                $"a master does not listen on {Listen.Address}: this build has no TLS, "
                    + "so it serves loopback addresses only, such as 127.0.0.1",
            ],
    ];
}
