using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>Follows the stream of statuses, and keeps how few instances of a service were ready at any moment of it.</summary>
internal sealed class FewestReady : IAsyncDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _following;
    private int _statuses;
    private int _fewest = int.MaxValue;

    public FewestReady(HttpClient http, string service) => _following = FollowAsync(http, service);

    public int Fewest => Volatile.Read(ref _fewest);

    /// <summary>So many statuses were looked at.</summary>
    public int Statuses => Volatile.Read(ref _statuses);

    /// <exception cref="IOException">The stream had broken: what it knows is not the whole truth.</exception>
    public async Task<int> EndAsync()
    {
        await _ending.CancelAsync();
        try
        {
            await _following;
        }
        catch (OperationCanceledException)
        {
            // It was followed up to now.
        }

        return Fewest;
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ending.Dispose();
    }

    private async Task FollowAsync(HttpClient http, string service)
    {
        await using var stream = await http.GetStreamAsync(new Uri("/v1/status?watch=true", UriKind.Relative), _ending.Token);
        using var reader = new StreamReader(stream);
        while (await reader.ReadLineAsync(_ending.Token) is { } line)
        {
            var status = JsonSerializer.Deserialize(line, WireJson.Default.ClusterStatus)!;
            var ready = status.Services.Single(s => s.Service.Value == service).Ready;
            Volatile.Write(ref _fewest, Math.Min(_fewest, ready));
            Interlocked.Increment(ref _statuses);
        }

        throw new IOException("the stream of statuses has ended");
    }
}
