using System.Net;
using System.Text.Json;
using Zurg.Protocol.Local;

namespace Zurg.Sdk;

/// <summary>
/// One service, followed in the background: the newest set that the agent has sent, kept while the agent is away. The set is
/// replaced by whatever comes next, not by revision: the agent withdraws what it knows to be dead without a new one.
/// </summary>
internal sealed class ServiceWatch
{
    private static readonly TimeSpan RetryAfterMin = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RetryAfterMax = TimeSpan.FromSeconds(1);

    private readonly HttpMessageInvoker _agent;
    private readonly TimeProvider _time;
    private Sighting _seen = new(null, "no answer yet");

    public ServiceWatch(string service, HttpMessageInvoker agent, TimeProvider time, CancellationToken stop)
    {
        Service = service;
        _agent = agent;
        _time = time;
        Confirm = new ServiceConfirm(service, agent, time);
        Running = Task.WhenAll(
            Task.Run(() => RunAsync(stop), CancellationToken.None),
            Task.Run(() => Confirm.RunAsync(stop), CancellationToken.None));
    }

    public string Service { get; }

    public ServiceConfirm Confirm { get; }

    /// <summary>Ends, without an exception, when the client is disposed.</summary>
    public Task Running { get; }

    public Sighting Seen => Volatile.Read(ref _seen);

    /// <summary>The newest sighting, once there is one newer than this.</summary>
    public async Task<Sighting> AfterAsync(Sighting seen, CancellationToken stop)
    {
        await seen.Replaced.Task.WaitAsync(stop).ConfigureAwait(false);
        return Seen;
    }

    /// <summary>What is looked for in the newest sighting, or in one of the next; null when it has not come in time.</summary>
    public async Task<T?> UntilAsync<T>(Func<Sighting, T?> found, TimeSpan within, CancellationToken stop)
        where T : class
    {
        using var late = new CancellationTokenSource(within, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        var seen = Seen;
        try
        {
            while (true)
            {
                if (found(seen) is { } result)
                {
                    return result;
                }

                seen = await AfterAsync(seen, either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task RunAsync(CancellationToken stop)
    {
        var wait = RetryAfterMin;
        while (!stop.IsCancellationRequested)
        {
            var before = Seen.Set;
            try
            {
                await FollowAsync(stop).ConfigureAwait(false);
                Publish(Seen.Set, "the agent ended the stream");
            }
            catch (Exception e) when (e is HttpRequestException or IOException or JsonException or OperationCanceledException)
            {
                Publish(Seen.Set, e.Message);
            }

            wait = ReferenceEquals(before, Seen.Set) ? wait : RetryAfterMin;
            await Task.Delay(wait, _time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            wait = wait * 2 < RetryAfterMax ? wait * 2 : RetryAfterMax;
        }
    }

    private async Task FollowAsync(CancellationToken stop)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get, $"http://zurg/v1/services/{Service}?watch=true&{Confirm.Query}");
        using var response = await _agent.SendAsync(request, stop).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new HttpRequestException($"the agent answered {(int)response.StatusCode}");
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Confirm.Begin(end);
        var lines = await response.Content.ReadAsStreamAsync(stop).ConfigureAwait(false);
        var sets = JsonSerializer.DeserializeAsyncEnumerable(
            lines, LocalJson.Default.LocalEndpointSet, topLevelValues: true, end.Token);
        await foreach (var set in sets.ConfigureAwait(false))
        {
            if (set is not null)
            {
                Publish(ServiceEndpoints.From(set), "");
                Confirm.Published(set.Revision);
            }
        }
    }

    private void Publish(ServiceEndpoints? set, string problem)
    {
        var before = Seen;
        if (ReferenceEquals(before.Set, set) && before.Problem == problem)
        {
            return;
        }

        Volatile.Write(ref _seen, new Sighting(set, problem));
        before.Replaced.TrySetResult();
    }
}

/// <summary>What is known of a service at one moment.</summary>
/// <param name="Set">Null before the first answer.</param>
/// <param name="Problem">Why the agent says nothing at the moment; empty while it does.</param>
internal sealed record Sighting(ServiceEndpoints? Set, string Problem)
{
    /// <summary>Done when there is a newer one.</summary>
    public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
