using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Zurg.Protocol.Self;

namespace Zurg.Sdk.AspNetCore;

/// <summary>
/// Follows what the agent wants of this instance, and tells it how many requests are under way: at the beginning and, while the
/// instance is being stopped, after each change. An agent that is away or older changes nothing.
/// </summary>
internal sealed partial class SelfFollower(
    ZurgClient client, Traffic traffic, KeptConnections connections, ZurgLifetime lifetime, ILogger<SelfFollower> logger)
    : BackgroundService
{
    /// <summary>While draining. A count of 0 does not wait for it.</summary>
    public static readonly TimeSpan SayEvery = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan RetryAfterMin = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RetryAfterMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryUnknownAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SayAgainAfter = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var wait = RetryAfterMin;
        while (!stoppingToken.IsCancellationRequested)
        {
            var (heard, unknown) = (false, false);
            try
            {
                await FollowAsync(() => heard = true, stoppingToken);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or JsonException or OperationCanceledException)
            {
                Log.AgentAway(logger, e.Message);
                unknown = e is HttpRequestException { StatusCode: HttpStatusCode.NotFound };
            }

            wait = heard ? RetryAfterMin
                : unknown ? RetryUnknownAfter
                : wait * 2 < RetryAfterMax ? wait * 2
                : RetryAfterMax;
            await Task.Delay(wait, client.Time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync(Action heard, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://zurg/v1/self?watch=true");
        using var response = await client.Agent.SendAsync(request, stop);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            // 404: an older agent, which may be replaced by a newer one, or a process that was not started by it.
            throw new HttpRequestException($"the agent answered {(int)response.StatusCode}", null, response.StatusCode);
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task? saying = null;
        try
        {
            var lines = await response.Content.ReadAsStreamAsync(stop);
            var states = JsonSerializer.DeserializeAsyncEnumerable(
                lines, SelfJson.Default.LocalSelf, topLevelValues: true, stop);
            await foreach (var self in states)
            {
                if (self is null)
                {
                    continue;
                }

                heard();
                await EnterAsync(self);
                saying ??= SayAsync(end.Token);
            }
        }
        finally
        {
            await end.CancelAsync();
            await (saying ?? Task.CompletedTask);
        }
    }

    private async Task EnterAsync(LocalSelf self)
    {
        var state = self.State switch
        {
            LocalSelf.Running => SelfState.Running,
            LocalSelf.Refusing => SelfState.Refusing,
            _ => SelfState.Draining,
        };
        if (state != traffic.State)
        {
            Log.Entered(logger, self.Instance, self.State, traffic.UnderWay);
        }

        traffic.Enter(state, self.Instance, self.Epoch ?? 0);
        if (state != SelfState.Draining && self.Ends != true)
        {
            return;
        }

        try
        {
            await lifetime.DrainAsync();
        }
        catch (AggregateException e)
        {
            Log.CallbackFailed(logger, e);
        }
    }

    /// <summary>Until <paramref name="stop"/>: one word at a time, the newest.</summary>
    private async Task SayAsync(CancellationToken stop)
    {
        LocalInFlight? said = null;
        while (!stop.IsCancellationRequested)
        {
            var running = traffic.State == SelfState.Running;
            if (!running)
            {
                connections.CloseIdle();
            }

            var word = traffic.Word();
            if (said is null || (said.State, said.Epoch) != (word.State, word.Epoch) || (!running && said != word))
            {
                said = await PostAsync(word, stop) ? word : null;
            }

            await WaitAsync(said is null ? SayAgainAfter : running ? Timeout.InfiniteTimeSpan : SayEvery, stop);
        }
    }

    /// <summary>For news, but not longer than <paramref name="most"/>.</summary>
    private async Task WaitAsync(TimeSpan most, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(most, client.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            await traffic.News.ReadAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            // It is time.
        }
    }

    /// <returns>False when nobody has heard it.</returns>
    private async Task<bool> PostAsync(LocalInFlight word, CancellationToken stop)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(word, SelfJson.Default.LocalInFlight);
        using var request = new HttpRequestMessage(HttpMethod.Post, "http://zurg/v1/self/in_flight")
        {
            Content = new ByteArrayContent(json) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        using var late = new CancellationTokenSource(AnswerWithin, client.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            using var answer = await client.Agent.SendAsync(request, either.Token);
            return (int)answer.StatusCode < 500;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5001, LogLevel.Information, "the agent wants {Instance} to be {State}; {UnderWay} requests are under way")]
        public static partial void Entered(ILogger logger, string instance, string state, int underWay);

        [LoggerMessage(5002, LogLevel.Debug, "nothing is heard from the agent: {Problem}")]
        public static partial void AgentAway(ILogger logger, string problem);

        [LoggerMessage(5003, LogLevel.Error, "what the application does when it begins to drain has failed")]
        public static partial void CallbackFailed(ILogger logger, Exception e);
    }
}
