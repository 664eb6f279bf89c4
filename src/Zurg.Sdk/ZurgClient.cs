using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Zurg.Sdk;

/// <summary>
/// What the agent of this host knows, for an application: where services answer, kept current in the background from the first
/// question on. Thread-safe; one per process is enough. An agent that is away changes nothing: the last known sets stay in use.
/// </summary>
public sealed class ZurgClient : IAsyncDisposable
{
    /// <summary>The environment variable that names the agent's Unix socket.</summary>
    public const string SocketVariable = "ZURG_SOCKET";

    /// <summary>So many services may be followed by one client; each holds one stream open.</summary>
    public const int ServicesMax = 1_000;

    /// <summary>The first answer for a service is waited for so long.</summary>
    public static readonly TimeSpan FirstSetWithin = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _disposed = new();
    private readonly ConcurrentDictionary<string, Lazy<ServiceWatch>> _watches = new(StringComparer.Ordinal);
    private readonly string _socketPath;

    /// <param name="socketPath">The agent's Unix socket, at most 107 bytes.</param>
    /// <param name="time">The system's clock when null.</param>
    public ZurgClient(string socketPath, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(socketPath);
        var address = new UnixDomainSocketEndPoint(socketPath);
        _socketPath = socketPath;
        Time = time ?? TimeProvider.System;
        Agent = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            ConnectCallback = (_, stop) =>
                ConnectAsync(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified), address, stop),
        });
    }

    /// <summary>The client of the agent that started this process.</summary>
    /// <exception cref="InvalidOperationException">ZURG_SOCKET is not set: no agent started this process.</exception>
    public static ZurgClient FromEnvironment() =>
        Environment.GetEnvironmentVariable(SocketVariable) is { Length: > 0 } path
            ? new ZurgClient(path)
            : throw new InvalidOperationException(
                $"{SocketVariable} is not set: an agent sets it for every process it starts; by hand, name the agent's socket");

    internal TimeProvider Time { get; }

    /// <summary>Asks the agent; its host part is of no meaning.</summary>
    internal HttpMessageInvoker Agent { get; }

    /// <summary>The endpoints of a service as they are now; waits only for the very first answer.</summary>
    /// <exception cref="ArgumentException">No service can have this name.</exception>
    /// <exception cref="ServiceUnavailableException">The agent said nothing within <see cref="FirstSetWithin"/>.</exception>
    public async ValueTask<ServiceEndpoints> ResolveAsync(string service, CancellationToken stop)
    {
        var watch = WatchOf(service);
        return watch.Seen.Set
            ?? await watch.UntilAsync(seen => seen.Set, FirstSetWithin, stop).ConfigureAwait(false)
            ?? throw new ServiceUnavailableException(
                service, $"the agent at {_socketPath} said nothing of it: {watch.Seen.Problem}");
    }

    /// <summary>
    /// The endpoints of a service: the known ones at once, then each newer set; a slow reader gets the newest only. Ends only
    /// with <paramref name="stop"/>; an agent that is away is waited for. Whoever asks for the next set says that it no longer
    /// uses the ones before: what they list is not stopped on purpose until then.
    /// </summary>
    /// <exception cref="ArgumentException">No service can have this name.</exception>
    public async IAsyncEnumerable<ServiceEndpoints> WatchAsync(string service, [EnumeratorCancellation] CancellationToken stop)
    {
        var watch = WatchOf(service);
        using var reader = watch.Confirm.Read();
        ServiceEndpoints? given = null;
        for (var seen = watch.Seen; ; seen = await watch.AfterAsync(seen, stop).ConfigureAwait(false))
        {
            if (seen.Set is { } set && !ReferenceEquals(set, given))
            {
                given = set;
                reader.Given(set.Revision);
                yield return set;
                reader.CameBack(set.Revision);
            }
        }
    }

    /// <summary>
    /// A handler for <see cref="HttpClient"/> that takes the host of a URL such as http://solver/solve as a service's name.
    /// Redirects are not followed. It uses this client, which must live as long.
    /// </summary>
    public HttpMessageHandler CreateHandler(ZurgHandlerOptions? options = null) =>
        new ServiceHandler(this, options ?? new ZurgHandlerOptions());

    /// <summary>Ends every watch.</summary>
    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync().ConfigureAwait(false);
        foreach (var watch in _watches.Values)
        {
            await watch.Value.Running.ConfigureAwait(false);
        }

        Agent.Dispose();
    }

    internal ServiceWatch WatchOf(string service)
    {
        ObjectDisposedException.ThrowIf(_disposed.IsCancellationRequested, this);
        if (!ServiceAddress.IsServiceName(service))
        {
            throw new ArgumentException(
                $"'{service}' is no service name: it must be 1 to 63 of a-z, 0-9 and '-', with a letter or digit first and last",
                nameof(service));
        }

        if (_watches.Count >= ServicesMax && !_watches.ContainsKey(service))
        {
            throw new InvalidOperationException(
                $"one client follows at most {ServicesMax} services; '{service}' would be one more");
        }

        return _watches.GetOrAdd(service,
            name => new Lazy<ServiceWatch>(() => new ServiceWatch(name, Agent, Time, _disposed.Token))).Value;
    }

    /// <summary>A stream that owns the socket; of a connection that does not come about, nothing is left.</summary>
    internal static async ValueTask<Stream> ConnectAsync(Socket socket, EndPoint address, CancellationToken stop)
    {
        try
        {
            await socket.ConnectAsync(address, stop).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
