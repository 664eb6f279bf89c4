using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zurg.Loops;
using Zurg.Master.Agents;
using Zurg.Master.Alerts;
using Zurg.Master.Api;
using Zurg.Master.Events;
using Zurg.Master.Naming;
using Zurg.Master.Releases;
using Zurg.Master.Usage;

namespace Zurg.Master;

/// <summary>What the endpoints work with.</summary>
internal sealed record MasterParts(
    IStateStore Store, IClusterView View, SqliteEventLog Events, ArtifactStore Artifacts, ReleaseDeltas Deltas,
    AgentSessions Sessions, NamingFanOut Naming, SpeakerLoop Speaker, AlertDelivery Alerts, UseLog Uses);

/// <summary>
/// The web server of a master: Kestrel, the two middlewares, the endpoints. It reads no configuration but its options.
/// </summary>
internal static class MasterWeb
{
    /// <summary>In bytes, of a request's body where its endpoint says nothing else: 1 MiB.</summary>
    private const long BodyBytesMax = 1024 * 1024;

    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(5);

    public static WebApplication Build(MasterOptions options, AccessRules rules, MasterParts parts)
    {
        var builder = WebApplication.CreateEmptyBuilder(
            new WebApplicationOptions { ApplicationName = "zurg", ContentRootPath = options.Directory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, options));

        // A flush writes to its socket itself instead of waking another thread for it. On Linux "unsafe" only means that what
        // handles a request runs where its bytes arrived: on a thread of the pool.
        builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
        AddFramework(builder.Services, options);
        AddParts(builder.Services, options, parts);
        var web = builder.Build();
        web.UseMiddleware<ProblemPages>();
        web.UseMiddleware<AccessCheck>(rules);
        web.UseRouting();

        // No pings: a client whose loop is dead was seen to answer them. Reports are the sign of life (DESIGN.md section 3).
        web.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.Zero });
        Endpoints.MapAll(web);
        web.MapOpenApi("/openapi/{documentName}.json");
        return web;
    }

    private static void Configure(KestrelServerOptions kestrel, MasterOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = BodyBytesMax;
        kestrel.Listen(options.Listen, listen => listen.Protocols = HttpProtocols.Http1);
    }

    private static void AddFramework(IServiceCollection services, MasterOptions options)
    {
        services.AddRoutingCore();
        services.AddSingleton(options.Logs);
        services.AddSingleton<IHostLifetime, NoSignals>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        services.Configure<JsonOptions>(json => ApiJson.Configure(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(handlers => handlers.ThrowOnBadRequest = true);
        services.AddZurgOpenApi();
    }

    private static void AddParts(IServiceCollection services, MasterOptions options, MasterParts parts)
    {
        var (store, view, events, artifacts, deltas, sessions, naming, speaker, alerts, uses) = parts;
        var releases = new ReleasePushing(store, artifacts, options.Time);
        services.AddSingleton(options.Time).AddSingleton(store).AddSingleton(view).AddSingleton<IEventLog>(events);
        services.AddSingleton(events).AddSingleton(artifacts).AddSingleton(deltas).AddSingleton(sessions).AddSingleton(naming);
        services.AddSingleton(speaker).AddSingleton(alerts).AddSingleton(new WriteLanes());
        var retiring = new Retiring(store, view, speaker, uses, events, options.Time);
        var (archive, applying) = (new SpecArchive(store), new SpecApplying(store, view, events, retiring, options.Time));
        services.AddSingleton(archive).AddSingleton(applying);
        services.AddSingleton(new InstanceAsking(view, sessions, options.Time));
        var counter = new ExecCounter();
        services.AddSingleton(counter);
        services.AddSingleton(new ExecRelaying(view, sessions, counter, events, options.Time));
        var intents = new IntentChanging(store, view, events, options.Time);
        services.AddSingleton(intents).AddSingleton(new RolloutTelling(intents, view));
        services.AddSingleton(new StartContext(store, archive, applying, intents));
        services.AddSingleton(new HostIntentChanging(store, view, events, options.Time));
        services.AddSingleton(retiring);
        services.AddSingleton(new PushContext(releases, view, events, options.Time));
        services.AddSingleton(new SignContext(new ReleaseVouching(store, options.Time), view, events, options.Time));
    }

    /// <summary>
    /// Signals are the process's affair: zurg dev runs agents beside this master and stops all of them in order.
    /// </summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
