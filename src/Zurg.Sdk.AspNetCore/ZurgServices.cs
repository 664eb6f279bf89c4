using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Zurg.Sdk.AspNetCore;

public static class ZurgServices
{
    /// <summary>
    /// All that an application needs to be stopped without anybody noticing: its requests are counted for the agent, and while it
    /// is being stopped its answers tell clients to go. Also registers <see cref="ZurgClient"/> and <see cref="ZurgLifetime"/>.
    /// Where no agent started the process, it does nothing, and only asking for a <see cref="ZurgClient"/> fails.
    /// </summary>
    /// <param name="socketPath">The agent's Unix socket; when null, the one that ZURG_SOCKET names.</param>
    public static IServiceCollection AddZurg(this IServiceCollection services, string? socketPath = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(s => s.ServiceType == typeof(ZurgLifetime)))
        {
            return services;
        }

        var path = socketPath ?? Environment.GetEnvironmentVariable(ZurgClient.SocketVariable);
        services.TryAddSingleton(_ => string.IsNullOrEmpty(path) ? ZurgClient.FromEnvironment() : new ZurgClient(path));
        services.AddSingleton<ZurgLifetime>();
        if (string.IsNullOrEmpty(path))
        {
            return services;
        }

        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(s => Traffic.Begin(s.GetRequiredService<TimeProvider>(), Environment.GetEnvironmentVariable));
        services.AddSingleton<KeptConnections>();
        services.AddSingleton<DrainFilter>();

        // The first filter is the outermost: what other filters answer by themselves is counted, too.
        services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter>(s => s.GetRequiredService<DrainFilter>()));
        services.AddHostedService<SelfFollower>();
        return services;
    }

    /// <summary>
    /// What a service's probe asks. Good while this instance drains or refuses, since it is well; with health checks registered
    /// (AddHealthChecks), what they say. It is not counted as a request under way.
    /// </summary>
    /// <param name="path">A whole path without parameters; call it on the application, not on a group of routes.</param>
    public static IEndpointConventionBuilder MapZurgHealth(this IEndpointRouteBuilder routes, string path = "/healthz")
    {
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path[0] != '/' || path.Contains('{', StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"'{path}' is no path such as /healthz: it must begin with / and have no parameters", nameof(path));
        }

        routes.ServiceProvider.GetService<DrainFilter>()?.Exempt(path);
        return routes.ServiceProvider.GetService<HealthCheckService>() is null
            ? routes.MapGet(path, (RequestDelegate)(http => http.Response.WriteAsync("ready\n")))
            : routes.MapHealthChecks(path);
    }
}
