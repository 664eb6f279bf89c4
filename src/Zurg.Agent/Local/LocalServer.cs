using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Zurg.Agent.Local;

/// <summary>
/// HTTP on the agent's Unix socket. Every local user may connect (mode 0666): instances run as users of their own and must
/// resolve names, and besides that only numbers are offered. What changes something must ask who is calling (SO_PEERCRED).
/// </summary>
internal sealed class LocalServer : IAsyncDisposable
{
    /// <summary>A Unix address holds 107 bytes and a zero.</summary>
    public const int SocketPathBytesMax = 107;

    private const int ConnectionsMax = 10_000;

    private const UnixFileMode Everybody = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly WebApplication _app;

    private LocalServer(WebApplication app) => _app = app;

    /// <summary>Called under the agent's lock: a socket that nobody answers on is a dead agent's and is removed.</summary>
    /// <exception cref="IOException">Somebody else listens there.</exception>
    public static async Task<LocalServer> StartAsync(
        string socketPath, ConsumerDesk desk, Func<string> metrics, ILoggerFactory logs, CancellationToken stop)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(socketPath)!);
        await RemoveStaleAsync(socketPath, stop);
        var app = SmallServer.Build(kestrel => kestrel.ListenUnixSocket(socketPath), ConnectionsMax, logs);
        app.UseRouting();
        GetService.Map(app, desk, app.Lifetime.ApplicationStopping);
        WatchServices.Map(app, desk, app.Lifetime.ApplicationStopping);
        ConfirmService.Map(app, desk);
        GetSelf.Map(app, desk, app.Lifetime.ApplicationStopping);
        SayInFlight.Map(app, desk);
        GetMetrics.Map(app, metrics);
        await app.StartAsync(stop);
        File.SetUnixFileMode(socketPath, Everybody);
        return new LocalServer(app);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    private static async Task RemoveStaleAsync(string path, CancellationToken stop)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop);
        }
        catch (SocketException)
        {
            File.Delete(path);
            return;
        }

        throw new IOException($"another agent listens on {path}; give this one a socket of its own");
    }
}
