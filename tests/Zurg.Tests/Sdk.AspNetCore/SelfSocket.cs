using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent;

namespace Zurg.Tests.Sdk.AspNetCore;

/// <summary>The part of an agent that tells web.0 what is wanted of it, and that does as the test says.</summary>
internal sealed class SelfSocket : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Lock _lock = new();
    private readonly List<Channel<string>> _streams = [];
    private WebApplication _app = null!;
    private ImmutableArray<(int Count, string State)> _words = [];
    private ImmutableArray<long?> _epochs = [];
    private string _state = "\"running\"";
    private int _asked;
    private int _saying;
    private int _sayingMost;

    public string Path => _directory["agent.sock"];

    /// <summary>What was said of the requests under way, in its order.</summary>
    public ImmutableArray<(int Count, string State)> Words
    {
        get
        {
            lock (_lock)
            {
                return _words;
            }
        }
    }

    /// <summary>The epochs of these words.</summary>
    public ImmutableArray<long?> Epochs
    {
        get
        {
            lock (_lock)
            {
                return _epochs;
            }
        }
    }

    /// <summary>Words that were on their way at one time.</summary>
    public int SayingMost => Volatile.Read(ref _sayingMost);

    /// <summary>Streams that were asked for.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public int AskStatus { get; set; } = 200;

    public int SayStatus { get; set; } = 204;

    public Func<Task> BeforeSaid { get; set; } = () => Task.CompletedTask;

    public static async Task<SelfSocket> StartAsync()
    {
        var socket = new SelfSocket();
        await socket.ListenAsync();
        return socket;
    }

    public async Task ListenAsync()
    {
        _app = SmallServer.Build(Listen, 100, NullLoggerFactory.Instance);
        _app.UseRouting();
        _app.MapGet("/v1/self", (RequestDelegate)WatchAsync);
        _app.MapPost("/v1/self/in_flight", (RequestDelegate)SayAsync);
        await _app.StartAsync();
    }

    public void Want(string state, long? epoch = null, bool ends = false)
    {
        lock (_lock)
        {
            _state = $"\"{state}\"{(epoch is null ? "" : $",\"epoch\":{epoch}")}{(ends ? ",\"ends\":true" : "")}";
            _streams.ForEach(s => s.Writer.TryWrite(_state));
        }
    }

    /// <summary>The newest word is this one, and it was said after <see cref="Want"/>.</summary>
    public Task HeardAsync(int count, string state) =>
        Eventually.TrueAsync(() => Words is [.., var last] && last == (count, state), $"{count} {state}");

    public async Task HangUpAsync()
    {
        lock (_lock)
        {
            _streams.ForEach(s => s.Writer.TryComplete());
            _streams.Clear();
        }

        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await HangUpAsync();
        _directory.Dispose();
    }

    private void Listen(KestrelServerOptions kestrel) => kestrel.ListenUnixSocket(Path);

    private async Task WatchAsync(HttpContext http)
    {
        Interlocked.Increment(ref _asked);
        http.Response.StatusCode = AskStatus;
        if (AskStatus != 200)
        {
            return;
        }

        var stream = Channel.CreateBounded<string>(100);
        lock (_lock)
        {
            _streams.Add(stream);
            stream.Writer.TryWrite(_state);
        }

        await foreach (var state in stream.Reader.ReadAllAsync(_app.Lifetime.ApplicationStopping))
        {
            await http.Response.WriteAsync($$"""{"instance":"web.0","service":"web","state":{{state}}}""" + "\n");
            await http.Response.Body.FlushAsync();
        }
    }

    private async Task SayAsync(HttpContext http)
    {
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = 1_000;
        using var word = await JsonDocument.ParseAsync(http.Request.Body);
        var said = (word.RootElement.GetProperty("count").GetInt32(), word.RootElement.GetProperty("state").GetString()!);
        var saying = Interlocked.Increment(ref _saying);
        await BeforeSaid();
        lock (_lock)
        {
            _sayingMost = Math.Max(_sayingMost, saying);
            _words = _words.Add(said);
            _epochs = _epochs.Add(word.RootElement.TryGetProperty("epoch", out var epoch) ? epoch.GetInt64() : null);
        }

        Interlocked.Decrement(ref _saying);
        http.Response.StatusCode = SayStatus;
    }
}
