using System.Collections.Immutable;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <summary>The master's API as methods; how each may fail says <see cref="MasterCalls"/>.</summary>
internal sealed class MasterClient(ClusterAddress cluster, HttpMessageHandler? handler) : IDisposable
{
    private readonly MasterCalls calls = new(cluster, handler);

    public ClusterAddress Cluster => cluster;

    public void Dispose() => calls.Dispose();

    public Task<ClusterStatus> StatusAsync(CancellationToken stop) =>
        calls.GetAsync("/v1/status", WireJson.Default.ClusterStatus, stop);

    public IAsyncEnumerable<ClusterStatus> WatchStatusAsync(CancellationToken stop) =>
        calls.StreamAsync("/v1/status?watch=true", WireJson.Default.ClusterStatus, stop);

    public Task<ServiceExplanation> ExplainAsync(ServiceName service, CancellationToken stop) =>
        calls.GetAsync($"/v1/services/{service}", WireJson.Default.ServiceExplanation, stop);

    public IAsyncEnumerable<EndpointSet> WatchEndpointsAsync(ServiceName service, CancellationToken stop) =>
        calls.StreamAsync($"/v1/services/{service}/endpoints?watch=true", WireJson.Default.EndpointSet, stop);

    public Task<ImmutableArray<HostStatus>> HostsAsync(CancellationToken stop) =>
        calls.GetAsync("/v1/hosts", WireJson.Default.ImmutableArrayHostStatus, stop);

    public Task<HostStatus> HostAsync(HostId host, CancellationToken stop) =>
        calls.GetAsync($"/v1/hosts/{host}", WireJson.Default.HostStatus, stop);

    public Task<AlertStatus> AlertsAsync(CancellationToken stop) =>
        calls.GetAsync("/v1/alerts", WireJson.Default.AlertStatus, stop);

    public Task<ImmutableArray<AlertTestResult>> TestAlertsAsync(CancellationToken stop) =>
        calls.SendAsync(HttpMethod.Post, "/v1/alerts/test", null, WireJson.Default.ImmutableArrayAlertTestResult, stop);

    /// <param name="seen">The newest spec that the author had seen; null: whatever is newest.</param>
    public Task<ApplyResult> ApplyAsync(string text, bool plan, string author, SpecNumber? seen, CancellationToken stop) =>
        ApplyAsync(text, plan, author, seen, removeUsed: false, stop);

    public Task<ApplyResult> ApplyAsync(
        string text, bool plan, string author, SpecNumber? seen, bool removeUsed, CancellationToken stop)
    {
        var content = new StringContent(text, Encoding.UTF8, "application/yaml");
        var path = $"/v1/spec?plan={(plan ? "true" : "false")}&{By(author)}{Removing(removeUsed)}";
        return calls.SendGuardedAsync(HttpMethod.Put, path, content, WireJson.Default.ApplyResult, seen, stop);
    }

    public Task<AppliedSpec> SpecAsync(SpecNumber? number, CancellationToken stop) =>
        calls.GetAsync(number is null ? "/v1/spec" : $"/v1/specs/{number}", WireJson.Default.AppliedSpec, stop);

    public Task<ImmutableArray<SpecSummary>> SpecsAsync(int limit, CancellationToken stop) =>
        calls.GetAsync($"/v1/specs?limit={limit}", WireJson.Default.ImmutableArraySpecSummary, stop);

    public Task<ApplyResult> DiffAsync(SpecNumber from, SpecNumber to, CancellationToken stop) =>
        calls.GetAsync($"/v1/specs/diff?from={from}&to={to}", WireJson.Default.ApplyResult, stop);

    public Task<ApplyResult> RevertAsync(
        SpecNumber to, string author, SpecNumber? seen, bool removeUsed, CancellationToken stop) =>
        calls.SendGuardedAsync(
            HttpMethod.Post, $"/v1/specs/revert?{By(author)}{Removing(removeUsed)}",
            MasterCalls.JsonOf(new RevertRequest(to), WireJson.Default.RevertRequest), WireJson.Default.ApplyResult, seen, stop);

    public Task<ServiceUsers> UsersAsync(ServiceName service, CancellationToken stop) =>
        calls.GetAsync($"/v1/services/{service}/users", WireJson.Default.ServiceUsers, stop);

    /// <param name="seenBefore">Clients last seen before this do not count; null: all count.</param>
    public Task<ActionAccepted> RetireAsync(
        ServiceName service, DateTimeOffset? seenBefore, string author, CancellationToken stop) =>
        calls.SendAsync(
            HttpMethod.Post,
            $"/v1/services/{service}/retire?{By(author)}"
                + (seenBefore is { } time ? $"&seen_before={time.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}" : ""),
            null, WireJson.Default.ActionAccepted, stop);

    /// <param name="action">restart, stop, start or unretire.</param>
    public Task<ActionAccepted> ActAsync(
        ServiceName service, string action, InstanceId? instance, string author, CancellationToken stop) =>
        calls.SendAsync(
            HttpMethod.Post,
            $"/v1/services/{service}/{action}?{By(author)}"
                + (instance is null ? "" : $"&instance={instance}"),
            null, WireJson.Default.ActionAccepted, stop);

    public Task<ImmutableArray<RolloutStatus>> RolloutsAsync(CancellationToken stop) =>
        calls.GetAsync("/v1/rollouts", WireJson.Default.ImmutableArrayRolloutStatus, stop);

    public Task<RolloutStatus> RolloutAsync(ServiceName service, CancellationToken stop) =>
        calls.GetAsync($"/v1/services/{service}/rollout", WireJson.Default.RolloutStatus, stop);

    /// <param name="seen">The newest spec that the author had seen.</param>
    public Task<RolloutStarted> StartRolloutAsync(
        ServiceName service, string release, string author, SpecNumber? seen, CancellationToken stop) =>
        calls.SendGuardedAsync(
            HttpMethod.Post, $"/v1/services/{service}/rollout/start?{By(author)}",
            MasterCalls.JsonOf(new RolloutStart(release), WireJson.Default.RolloutStart), WireJson.Default.RolloutStarted,
            seen, stop);

    /// <param name="word">pause, resume, promote or abort.</param>
    public Task<ActionAccepted> SayOfRolloutAsync(
        ServiceName service, string word, string author, bool all, CancellationToken stop) =>
        calls.SendAsync(
            HttpMethod.Post,
            $"/v1/services/{service}/rollout/{word}?{By(author)}{(all ? "&all=true" : "")}",
            null, WireJson.Default.ActionAccepted, stop);

    public Task<ActionAccepted> DrainAsync(HostId host, string? why, string author, CancellationToken stop) =>
        calls.SendAsync(
            HttpMethod.Post, $"/v1/hosts/{host}/drain?{By(author)}",
            MasterCalls.JsonOf(new HostDrain(why), WireJson.Default.HostDrain), WireJson.Default.ActionAccepted, stop);

    public Task<ActionAccepted> UndrainAsync(HostId host, string author, CancellationToken stop) =>
        calls.SendAsync(
            HttpMethod.Post, $"/v1/hosts/{host}/undrain?{By(author)}",
            null, WireJson.Default.ActionAccepted, stop);

    public Task<ActionAccepted> LoseAsync(HostId host, string? why, string author, CancellationToken stop) =>
        calls.SendAsync(
            HttpMethod.Post, $"/v1/hosts/{host}/lost?{By(author)}",
            MasterCalls.JsonOf(new HostLoss(why), WireJson.Default.HostLoss), WireJson.Default.ActionAccepted, stop);

    public Task<LogChunk> LogAsync(
        InstanceId instance, HostId? host, long offset, int bytes, TimeSpan wait, DateTimeOffset? since,
        CancellationToken stop) =>
        calls.GetAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $"/v1/instances/{instance}/logs?offset={offset}&bytes={bytes}&wait={wait:c}")
                + (host is null ? "" : $"&host={host}")
                + (since is { } time ? $"&since={time.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}" : ""),
            WireJson.Default.LogChunk, stop);

    public Task<ImmutableArray<ConfigVersion>> ConfigsAsync(InstanceId instance, CancellationToken stop) =>
        calls.GetAsync($"/v1/instances/{instance}/configs", WireJson.Default.ImmutableArrayConfigVersion, stop);

    public Task<ConfigText> ConfigAsync(InstanceId instance, long number, CancellationToken stop) =>
        calls.GetAsync($"/v1/instances/{instance}/configs/{number}", WireJson.Default.ConfigText, stop);

    public Task<InstanceEnv> EnvAsync(InstanceId instance, CancellationToken stop) =>
        calls.GetAsync($"/v1/instances/{instance}/env", WireJson.Default.InstanceEnv, stop);

    /// <inheritdoc cref="MasterCalls.DialAsync"/>
    public Task<WebSocket> DialAsync(string path, string? protocol, CancellationToken stop) =>
        calls.DialAsync(path, protocol, stop);

    public Task<ImmutableArray<EventRecord>> EventsAsync(string query, CancellationToken stop) =>
        calls.GetAsync($"/v1/events?{query}", WireJson.Default.ImmutableArrayEventRecord, stop);

    public Task<History> HistoryAsync(string query, CancellationToken stop) =>
        calls.GetAsync($"/v1/history?{query}", WireJson.Default.History, stop);

    public IAsyncEnumerable<EventRecord> FollowEventsAsync(string query, CancellationToken stop) =>
        calls.StreamAsync($"/v1/events?{query}&follow=true", WireJson.Default.EventRecord, stop);

    public Task<ImmutableArray<ReleaseRecord>> ReleasesAsync(ReleaseName? name, CancellationToken stop) =>
        calls.GetAsync(
            name is null ? "/v1/releases" : $"/v1/releases?name={name}", WireJson.Default.ImmutableArrayReleaseRecord, stop);

    public Task<ReleaseRecord> ReleaseAsync(ReleaseId release, CancellationToken stop) =>
        calls.GetAsync($"/v1/releases/{release.Name}/{release.Version}", WireJson.Default.ReleaseRecord, stop);

    public Task<ReleaseManifest> ManifestAsync(ReleaseId release, CancellationToken stop) =>
        calls.GetAsync($"/v1/releases/{release.Name}/{release.Version}/manifest", WireJson.Default.ReleaseManifest, stop);

    public Task<ReleasePushAnswer> PushAsync(ReleaseManifest manifest, string author, CancellationToken stop) =>
        calls.SendAsync(
            HttpMethod.Put,
            $"/v1/releases/{manifest.Release.Name}/{manifest.Release.Version}?{By(author)}",
            MasterCalls.JsonOf(new ReleasePush(manifest), WireJson.Default.ReleasePush), WireJson.Default.ReleasePushAnswer,
            stop);

    public Task<ReleaseRecord> SignAsync(ReleaseId release, ReleaseSign sign, string author, CancellationToken stop) =>
        calls.SendAsync(
            HttpMethod.Put, $"/v1/releases/{release.Name}/{release.Version}/signature?{By(author)}",
            MasterCalls.JsonOf(sign, WireJson.Default.ReleaseSign), WireJson.Default.ReleaseRecord, stop);

    public Task UploadAsync(Digest digest, Stream bytes, CancellationToken stop) =>
        calls.UploadAsync($"/v1/artifacts/{digest}", bytes, stop);

    public Task<CoreList> CoresAsync(ServiceName? service, CancellationToken stop) =>
        calls.GetAsync(service is null ? "/v1/cores" : $"/v1/cores?service={service}", WireJson.Default.CoreList, stop);

    public Task DownloadCoreAsync(CoreDump core, long offset, Func<Stream, Task> take, CancellationToken stop) =>
        calls.DownloadAsync($"/v1/hosts/{core.Host}/cores/{core.Id}?offset={offset}", take, stop);

    public Task DownloadArtifactAsync(Digest digest, Func<Stream, Task> take, CancellationToken stop) =>
        calls.DownloadAsync($"/v1/artifacts/{digest}", take, stop);

    private static string By(string author) => $"author={Uri.EscapeDataString(author)}";

    private static string Removing(bool used) => used ? "&remove_used=true" : "";
}
