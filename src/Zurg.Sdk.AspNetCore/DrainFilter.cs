using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Zurg.Sdk.AspNetCore;

/// <summary>
/// Around everything else that the application does with a request: counts it until its answer is complete, or its upgraded
/// connection closed, and marks the answer while this instance is being stopped.
/// </summary>
internal sealed class DrainFilter(Traffic traffic, KeptConnections connections) : IStartupFilter
{
    private ImmutableArray<string> _healthPaths = [];

    /// <summary>Questions of the agent's, not of consumers': neither counted nor refused.</summary>
    public void Exempt(string path) => ImmutableInterlocked.Update(ref _healthPaths, paths => paths.Add(path));

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(rest => http => HandleAsync(http, rest));
        next(app);
    };

    private Task HandleAsync(HttpContext http, RequestDelegate rest)
    {
        if (IsExempt(http.Request.Path.Value))
        {
            return rest(http);
        }

        if (!traffic.TryBegin())
        {
            return RefuseAsync(http);
        }

        var request = new UnderWay(http, traffic, connections.Of(http));
        request.Kept?.Begin();
        http.Response.OnCompleted(UnderWay.EndAsync, request);
        http.Response.OnStarting(UnderWay.MarkAsync, request);
        return rest(http);
    }

    private Task RefuseAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        http.Response.ContentType = "text/plain";
        Mark(http, traffic.Instance + DrainMark.Refused);
        connections.Of(http)?.Close();
        return http.Response.WriteAsync("This instance is being replaced and takes no more requests: ask another one.\n");
    }

    private bool IsExempt(string? path)
    {
        foreach (var health in _healthPaths)
        {
            if (string.Equals(health, path, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static void Mark(HttpContext http, string mark)
    {
        http.Response.Headers[DrainMark.Header] = mark;
        if (!HttpProtocol.IsHttp2(http.Request.Protocol) && !HttpProtocol.IsHttp3(http.Request.Protocol))
        {
            http.Response.Headers.Connection = "close";
        }
    }

    private sealed class UnderWay(HttpContext http, Traffic traffic, KeptConnections.Kept? kept)
    {
        public KeptConnections.Kept? Kept => kept;

        public static Task EndAsync(object state)
        {
            ((UnderWay)state).End();
            return Task.CompletedTask;
        }

        public static Task MarkAsync(object state)
        {
            ((UnderWay)state).MarkIfLeaving();
            return Task.CompletedTask;
        }

        private void End()
        {
            kept?.End();
            traffic.End();
        }

        private void MarkIfLeaving()
        {
            // A connection that became another protocol carries no further request; its header says which protocol.
            if (traffic.State == SelfState.Running || http.Response.StatusCode == StatusCodes.Status101SwitchingProtocols)
            {
                return;
            }

            Mark(http, traffic.Instance);
            kept?.Close();
        }
    }
}
