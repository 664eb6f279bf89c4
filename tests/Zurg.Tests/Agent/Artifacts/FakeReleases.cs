using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent;
using Zurg.Agent.Artifacts;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Agent.Artifacts;

/// <summary>A master that has releases, and an agent's store that asks it.</summary>
internal sealed class FakeReleases : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, byte[]> _bytes = new(StringComparer.Ordinal);
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler());
    private readonly LoopbackServer _server;

    private FakeReleases(TemporaryDirectory directory, Func<FakeReleases, RequestDelegate> handle)
    {
        Directory = directory;
        _server = LoopbackServer.StartAsync(http => handle(this)(http)).GetAwaiter().GetResult();
        File.WriteAllText(directory["token"], "secret\n");
        Store = NewStore();
    }

    public TemporaryDirectory Directory { get; }

    public Uri Url => _server.Url;

    public ReleaseStore Store { get; }

    /// <summary>Every path asked for.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>Runs before an answer: may delay it, or change it.</summary>
    public Func<HttpContext, Task<bool>> Before { get; set; } = _ => Task.FromResult(false);

    /// <summary>Hears what an agent's store tells, and forgets it.</summary>
    public static ValueTask Nobody(AgentInput.Happened told, CancellationToken stop) => ValueTask.CompletedTask;

    /// <summary>What the stores told, in order.</summary>
    public ConcurrentQueue<AgentInput.Happened> Told { get; } = new();

    public static FakeReleases Start() => new(new TemporaryDirectory(), fake => fake.HandleAsync);

    /// <summary>What the agent says that it needs.</summary>
    public FakeUse Use { get; } = new();

    /// <summary>Of the newest store.</summary>
    public ReleaseShelf Shelf { get; private set; } = null!;

    /// <param name="time">Of the marks; null: the system's.</param>
    /// <param name="agent">The agent's directory; null: the usual one.</param>
    /// <param name="sharesAs">The agent's host, which asks its neighbours first; null: it takes no part.</param>
    public ReleaseStore NewStore(TimeProvider? time = null, string? agent = null, HostId? sharesAs = null) => new(
        Shelf = new ReleaseShelf(
            new ReleasePaths(agent ?? Directory["agent"]), [Use], time ?? TimeProvider.System, NullLogger<ReleaseShelf>.Instance),
        new ArtifactSource(_http, _server.Url, Directory["token"], TimeProvider.System) { SharesAs = sharesAs },
        HearAsync, time ?? TimeProvider.System, NullLogger<ReleaseStore>.Instance);

    /// <returns>The manifest's digest.</returns>
    public Digest Push(string release, params (string Path, string Text)[] files) =>
        PushRaw(release, [.. files.Select(f => new ReleaseFile(f.Path,
            f.Path.StartsWith("bin/", StringComparison.Ordinal) ? 0x1ed : 0x1a4, f.Text.Length, Keep(f.Text)))]);

    public Digest PushRaw(string release, params ReleaseFile[] files)
    {
        var id = ReleaseId.Parse(release);
        var manifest = JsonSerializer.SerializeToUtf8Bytes(new ReleaseManifest { Release = id, Files = [.. files] },
            WireJson.Default.ReleaseManifest);
        _bytes[$"/v1/releases/{id.Name}/{id.Version}/manifest"] = manifest;
        return Digest.Of(manifest);
    }

    public Digest Keep(string text)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        _bytes[$"/v1/artifacts/{Digest.Of(bytes)}"] = bytes;
        return Digest.Of(bytes);
    }

    /// <summary>The master will give other bytes under this text's digest.</summary>
    public void Corrupt(string text, string other) =>
        _bytes[$"/v1/artifacts/{Digest.Of(System.Text.Encoding.UTF8.GetBytes(text))}"] =
            System.Text.Encoding.UTF8.GetBytes(other);

    public int FilesAsked => Asked.Count(p => p.StartsWith("/v1/artifacts/", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        await _server.DisposeAsync();
        _http.Dispose();
        Directory.Dispose();
    }

    private ValueTask HearAsync(AgentInput.Happened told, CancellationToken stop)
    {
        Told.Enqueue(told);
        return ValueTask.CompletedTask;
    }

    private async Task HandleAsync(HttpContext http)
    {
        Asked.Enqueue(http.Request.Path);
        if (await Before(http))
        {
            return;
        }

        if (http.Request.Headers.Authorization != "Bearer secret")
        {
            http.Response.StatusCode = 401;
        }
        else if (_bytes.TryGetValue(http.Request.Path, out var bytes))
        {
            await http.Response.Body.WriteAsync(bytes);
        }
        else
        {
            http.Response.StatusCode = 404;
        }
    }
}

internal sealed class FakeUse : IReleaseUse
{
    public ImmutableSortedSet<ReleaseId>? Releases
    {
        get
        {
            var now = field;
            field = Then ?? field;
            return now;
        }

        set;
    }

    /// <summary>What is needed once it was looked at; null: the same.</summary>
    public ImmutableSortedSet<ReleaseId>? Then { get; set; }

    public void Set(params string[] releases) => Releases = [.. releases.Select(r => ReleaseId.Parse(r))];
}
