using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Zurg.Sdk;

/// <summary>
/// Sends http://SERVICE/path to one of the service's endpoints. The Host header keeps the service's name, unless the request has
/// one of its own.
/// </summary>
internal sealed class ServiceHandler : HttpMessageHandler
{
    /// <summary>Long enough for the agent to hear of an end and tell, short enough for one that was only restarted.</summary>
    private const int AvoidSeconds = 1;

    private readonly ConcurrentDictionary<string, Pool> _pools = new(StringComparer.Ordinal);
    private readonly ZurgClient _client;
    private readonly ZurgHandlerOptions _options;
    private readonly HttpMessageInvoker _services;
    private readonly HttpMessageInvoker _network = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    public ServiceHandler(ZurgClient client, ZurgHandlerOptions options)
    {
        _client = client;
        _options = options;
        _services = new HttpMessageInvoker(new SocketsHttpHandler
        {
            // A redirect may name a service, which this transport cannot resolve; cookies of one service are no other's.
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = Timeout.InfiniteTimeSpan,
            ConnectCallback = ConnectAsync,
        });
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var uri = request.RequestUri ?? throw new InvalidOperationException("the request has no URL");
        if (!ServiceAddress.NamesService(uri))
        {
            return _options.PassOthersToNetwork
                ? await _network.SendAsync(request, cancellationToken).ConfigureAwait(false)
                : throw new HttpRequestException($"'{uri.Host}' is no service name, and this handler asks services only");
        }

        if (!uri.IsDefaultPort)
        {
            throw new HttpRequestException(
                $"{uri} names the service '{uri.Host}' with a port number: leave it out, "
                + $"and name the port in {nameof(ZurgHandlerOptions)}.{nameof(ZurgHandlerOptions.Port)} if need be");
        }

        return await SendToServiceAsync(request, uri, cancellationToken).ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _services.Dispose();
            _network.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<HttpResponseMessage> SendToServiceAsync(HttpRequestMessage request, Uri uri, CancellationToken stop)
    {
        var pool = _pools.GetOrAdd(uri.Host, name => new Pool(_client.WatchOf(name), _options.Port));
        var (tried, refused) = (new List<Target>(), new List<Target>());
        var attempts = ImmutableArray<ServiceAttempt>.Empty;
        while (true)
        {
            var target = Pick(pool, refused, tried)
                ?? await WaitForTargetAsync(pool, refused, tried, stop).ConfigureAwait(false);
            try
            {
                var answer = await SendToAsync(target, request, uri, stop).ConfigureAwait(false);
                target.Leaves = DrainMark.IsOn(answer, target.Endpoint);
                if (!DrainMark.IsRefusal(answer, target.Endpoint) || !RetryRule.IsReplayable(request.Content))
                {
                    return answer;
                }

                answer.Dispose();
                refused.Add(target);
            }
            catch (HttpRequestException e) when (RetryRule.NothingWasSent(e) || RetryRule.ConnectionBroke(e))
            {
                tried.Add(target);
                target.Load.Avoid(_client.Time.GetTimestamp() + (_client.Time.TimestampFrequency * AvoidSeconds));
                var problem = (e.InnerException ?? e).Message;
                attempts = attempts.Add(new ServiceAttempt(target.Endpoint.Instance, target.Address, problem));
                if (!RetryRule.NothingWasSent(e) && !RetryRule.MayRepeat(request))
                {
                    throw new ServiceUnavailableException(
                        uri.Host, attempts, $"{request.Method} was not repeated: the instance may have acted on it", e);
                }

                if (attempts.Length >= _options.AttemptsMax || Pick(pool, refused, tried) is null)
                {
                    throw new ServiceUnavailableException(uri.Host, attempts, "No more endpoints were tried", e);
                }
            }
        }
    }

    /// <param name="refused">Not to be asked again, unless a newer set lists them: they may accept again by then.</param>
    private Target? Pick(Pool pool, List<Target> refused, List<Target> tried) => EndpointChoice.Pick(
        pool.Targets().RemoveRange(refused), tried, _client.Time.GetTimestamp(), RandomNumberGenerator.GetInt32);

    private async Task<HttpResponseMessage> SendToAsync(Target target, HttpRequestMessage request, Uri uri,
        CancellationToken stop)
    {
        var (host, content) = (request.Headers.Host, request.Content);
        request.RequestUri = new UriBuilder(uri) { Host = target.Endpoint.Address, Port = target.Port }.Uri;
        request.Headers.Host ??= uri.Host;

        // The transport itself repeats a request without content, whatever its method, when a kept connection turns out to be
        // closed; it never repeats one whose content has begun. Empty content is on the wire what none would be.
        request.Content ??= RetryRule.IsIdempotent(request.Method) ? null : new ByteArrayContent([]);
        target.Load.Begin();
        try
        {
            return await _services.SendAsync(request, stop).ConfigureAwait(false);
        }
        finally
        {
            target.Load.End();
            (request.RequestUri, request.Headers.Host, request.Content) = (uri, host, content);
        }
    }

    /// <summary>Nobody has acted on the request, so waiting for an endpoint is safe whatever it asks.</summary>
    private async Task<Target> WaitForTargetAsync(
        Pool pool, List<Target> refused, List<Target> tried, CancellationToken stop) =>
        await pool.Watch.UntilAsync(_ => Pick(pool, refused, tried), _options.WaitForEndpoint, stop).ConfigureAwait(false)
            ?? throw new ServiceUnavailableException(pool.Watch.Service, refused is [.., var last]
                ? $"its instances refuse new requests, last {last.Endpoint.Instance}, and no other came in time"
                : pool.WhyEmpty());

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var late = new CancellationTokenSource(_options.ConnectTimeout, _client.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            return await ZurgClient.ConnectAsync(socket, context.DnsEndPoint, either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            throw new NotConnectedException(
                e is SocketException ? e.Message : $"no connection within {_options.ConnectTimeout.TotalSeconds} s", e);
        }
    }

    /// <summary>A service's targets, made anew only when its set has changed.</summary>
    private sealed class Pool(ServiceWatch watch, string? port)
    {
        private readonly Lock _lock = new();
        private ImmutableArray<Target> _targets = [];
        private ServiceEndpoints? _set;

        public ServiceWatch Watch => watch;

        public ImmutableArray<Target> Targets()
        {
            var set = watch.Seen.Set;
            lock (_lock)
            {
                if (set is not null && !ReferenceEquals(set, _set))
                {
                    (_set, _targets) = (set, EndpointChoice.Targets(set, port, _targets));
                }

                return _targets;
            }
        }

        public string WhyEmpty() => watch.Seen switch
        {
            { Set: null } seen => $"the agent of this host has not told of it: {seen.Problem}",
            { Set.Revision: 0 } => "no such service is known; is the name right?",
            { Set.Endpoints: [] } => "it has no ready instance",
            { Set: { } set } => $"none of its {set.Endpoints.Length} endpoints has a port {port ?? "http"}; "
                + $"{set.Endpoints[0].Instance} has: {string.Join(", ", set.Endpoints[0].Ports.Keys)}",
        };
    }
}
