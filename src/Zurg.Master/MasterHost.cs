using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Zurg.Loops;
using Zurg.Master.Agents;
using Zurg.Master.Alerts;
using Zurg.Master.Api;
using Zurg.Master.Events;
using Zurg.Master.Naming;
using Zurg.Master.Releases;
using Zurg.Master.Roles;
using Zurg.Master.Store;
using Zurg.Master.Usage;
using Zurg.Protocol;

namespace Zurg.Master;

/// <summary>
/// A running master: the composition root of its parts. Disposing it stops it; nothing that it manages stops with it.
/// </summary>
public sealed class MasterHost : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _parts;
    private readonly WebApplication _web;
    private readonly LoopHost _loops;
    private int _disposed;

    private MasterHost(MasterOptions options, List<IAsyncDisposable> parts, WebApplication web, LoopHost loops)
    {
        (_parts, _web, _loops) = (parts, web, loops);
        Url = new Uri(web.Urls.Single());
        TokenFile = TokenFileIn(options);
        Completion = CompleteAsync();
    }

    /// <summary>Where the API answers.</summary>
    public Uri Url { get; }

    public string TokenFile { get; }

    /// <summary>Faults when a loop died; the API is then stopped too. Completes when the master was disposed of.</summary>
    public Task Completion { get; }

    /// <summary>Returns once the API answers and the roles are taken.</summary>
    /// <exception cref="ArgumentException">The options are no good: the message says why.</exception>
    /// <exception cref="StoreFaultException">The directory is in use by another master, or cannot be read or written.</exception>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<MasterHost> StartAsync(MasterOptions options, CancellationToken stop)
    {
        if (options.Validate() is { IsEmpty: false } problems)
        {
            throw new ArgumentException(string.Join("; ", problems), nameof(options));
        }

        // In the order in which they are made; disposed of the other way round.
        var parts = new List<IAsyncDisposable>();
        try
        {
            return await StartAsync(options, parts, stop);
        }
        catch
        {
            await DisposeAsync(parts);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        await DisposeAsync(_parts);
        await Completion.ContinueWith(
            static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private static async Task<MasterHost> StartAsync(MasterOptions options, List<IAsyncDisposable> parts, CancellationToken stop)
    {
        Directory.CreateDirectory(options.Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var (logs, time) = (options.Logs, options.Time);
        var store = SqliteStateStore.Open(new SqliteStoreOptions(options.Directory), logs.CreateLogger<SqliteStateStore>());
        parts.Add(store);
        var events = SqliteEventLog.Open(
            Path.Combine(options.Directory, "events.db"), EventRetention.Usual, time, logs.CreateLogger<SqliteEventLog>());
        parts.Add(events);
        var uses = UseLog.Open(Path.Combine(options.Directory, "uses.db"), time, logs.CreateLogger<UseLog>());
        parts.Add(uses);
        var token = Roles.TokenFile.ReadOrMake(TokenFileIn(options));
        var artifacts = new ArtifactStore(Path.Combine(options.Directory, "artifacts"));
        var deltas = new ReleaseDeltas(artifacts, Path.Combine(options.Directory, "deltas"), time);
        parts.Add(deltas);

        var identity = await ClusterIdentity.TakeAsync(
            store, RandomNumberGenerator.GetHexString(32, lowercase: true), Build, stop);
        var owner = $"{Environment.MachineName}:{Environment.ProcessId}";
        var deciding = await RoleTaking.TakeAsync(store, "decider", owner, time.GetUtcNow(), stop);
        var speaking = await RoleTaking.TakeAsync(store, "speaker", owner, time.GetUtcNow(), stop);

        var view = new ClusterViewLoop(store, time, logs.CreateLogger<ClusterViewLoop>());
        var decider = new DeciderLoop(store, view, events, deciding, time, logs.CreateLogger<DeciderLoop>());
        var speaker = new SpeakerLoop(store, view, events, speaking, time, logs.CreateLogger<SpeakerLoop>());
        var naming = new NamingFanOut(view);
        var sessions = new AgentSessions(identity, speaker, naming, uses, time, logs.CreateLogger<AgentSessions>());

        var alerts = new AlertLoop(
            store, view, new AlertEvents(events.LastId, events.After), deciding, time, logs.CreateLogger<AlertLoop>());
        var delivery = new AlertDelivery(alerts, view, time, logs.CreateLogger<AlertDelivery>());
        parts.Add(delivery);

        var loops = new LoopHost(logs.CreateLogger<LoopHost>());
        parts.Add(loops);
        loops.Start("view", view.RunAsync);
        await view.ReachAsync(speaking.Taken, time, stop);
        loops.Start("naming", naming.RunAsync);
        loops.Start("decider", decider.RunAsync);
        loops.Start("speaker", speaker.RunAsync);
        loops.Start("alerts", alerts.RunAsync);
        loops.Start("alert delivery", delivery.RunAsync);

        var rules = new AccessRules(token, options.Listen.Address);
        var web = MasterWeb.Build(
            options, rules, new MasterParts(store, view, events, artifacts, deltas, sessions, naming, speaker, delivery, uses));
        parts.Add(web);
        await web.StartAsync(stop);
        await events.RecordAsync(new EventRecord
        {
            Id = 0, At = time.GetUtcNow(), Kind = EventKind.MasterStarted,
            Text = $"the master started (build {Build}, process {Environment.ProcessId})",
        });
        return new MasterHost(options, parts, web, loops);
    }

    private static string Build { get; } =
        typeof(MasterHost).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? "unknown";

    private static string TokenFileIn(MasterOptions options) => Path.Combine(Path.GetFullPath(options.Directory), "token");

    private static async ValueTask DisposeAsync(List<IAsyncDisposable> parts)
    {
        foreach (var part in Enumerable.Reverse(parts))
        {
            await part.DisposeAsync();
        }
    }

    // A master without its loops must not go on answering as if it were whole.
    private async Task CompleteAsync()
    {
        try
        {
            await _loops.Completion;
        }
        catch
        {
            await _web.StopAsync(CancellationToken.None);
            throw;
        }
    }
}
