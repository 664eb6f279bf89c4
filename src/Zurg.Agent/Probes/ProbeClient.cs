using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Probes;

/// <summary>Asks once: http, tcp or exec. An answer is always given, and within the spec's timeout.</summary>
internal sealed class ProbeClient(TimeProvider time) : IDisposable
{
    // Each question is a connection of its own: a pooled one would say nothing of whether new ones are accepted.
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        PooledConnectionLifetime = TimeSpan.Zero,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
        MaxResponseHeadersLength = 64,
    });

    private static readonly ProbeAnswer Accepted = new(true, "accepted a connection");

    public async Task<ProbeAnswer> AskAsync(ProbeTarget target, CancellationToken stop)
    {
        var spec = target.Spec;
        if (spec.Kind == ProbeKind.Tcp && target.Port is { } known && TcpQuestion.IsAccepted(target.Address, known))
        {
            return Accepted;
        }

        using var timeout = new CancellationTokenSource(spec.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stop);
        try
        {
            return spec.Kind switch
            {
                ProbeKind.Http when target.Port is { } port => await AskHttpAsync(
                    target.Address, port, spec.Path ?? "/", either.Token),
                ProbeKind.Tcp when target.Port is { } port => await AskTcpAsync(target.Address, port, either.Token),
                ProbeKind.Exec => await ExecProbe.AskAsync(target, time, either.Token),
                ProbeKind.Http or ProbeKind.Tcp or ProbeKind.Notify or ProbeKind.Unknown =>
                    new ProbeAnswer(false, "this build of the agent does not understand the probe"),
            };
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new ProbeAnswer(false, $"no answer within {Seconds(spec.Timeout)}{About(target)}");
        }
        catch (Exception e) when (e is SocketException or HttpRequestException or IOException)
        {
            return new ProbeAnswer(false, $"{Reason(e)}{About(target)}");
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<ProbeAnswer> AskHttpAsync(IPAddress address, int port, string path, CancellationToken stop)
    {
        var uri = new Uri($"http://{new IPEndPoint(address, port)}{path}");
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        request.Headers.ConnectionClose = true;
        request.Headers.TryAddWithoutValidation("User-Agent", "zurg-probe");
        using var response = await _http.SendAsync(request, stop);
        var status = (int)response.StatusCode;
        var refused = IsRefusal(response);
        var text = $"answered {status.ToString(CultureInfo.InvariantCulture)} to GET {path}";
        return new ProbeAnswer(
            status is >= 200 and < 400, refused ? $"{text}: it refuses new requests" : text, Refused: refused);
    }

    /// <summary>As Zurg.Sdk.AspNetCore says it on each path that is not exempt, and whoever does as it does.</summary>
    private static bool IsRefusal(HttpResponseMessage response) =>
        response.StatusCode == HttpStatusCode.ServiceUnavailable
        && response.Headers.NonValidated.TryGetValues("zurg-draining", out var mark)
        && mark.ToString().EndsWith("; refused", StringComparison.Ordinal);

    private static async Task<ProbeAnswer> AskTcpAsync(IPAddress address, int port, CancellationToken stop)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(address, port), stop);
        return Accepted;
    }

    private static string Reason(Exception e) => e switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "connection refused",
        { InnerException: SocketException inner } => Reason(inner),
        HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } => "closed the connection without an answer",
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } => "answered something that is not HTTP",
        _ => e.Message,
    };

    private static string About(ProbeTarget target) =>
        target.Port is { } port ? $" on {new IPEndPoint(target.Address, port)}" : "";

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s";
}
