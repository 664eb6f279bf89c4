using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Zurg.Agent;

/// <summary>An HTTP server that takes no bodies and has nothing that it was not given: one for each door of the agent.</summary>
internal static class SmallServer
{
    /// <param name="listen">Says where.</param>
    /// <param name="connectionsMax">More are closed at once.</param>
    public static WebApplication Build(Action<KestrelServerOptions> listen, int connectionsMax, ILoggerFactory logs)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            listen(kestrel);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = connectionsMax;
            kestrel.Limits.MaxRequestBodySize = 0;
        });
        builder.Services.AddRoutingCore();
        builder.Services.Replace(ServiceDescriptor.Singleton(logs));
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
        return builder.Build();
    }

    /// <summary>Signals are the composition root's business.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
