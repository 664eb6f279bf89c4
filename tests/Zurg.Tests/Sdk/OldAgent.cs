using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Zurg.Agent;

namespace Zurg.Tests.Sdk;

/// <summary>The local socket of an agent from before confirmations: it streams sets of web and knows nothing else.</summary>
internal sealed class OldAgent : IAsyncDisposable
{
    private readonly WebApplication _app;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _revision = 1;
    private int _refused;

    private OldAgent(string path)
    {
        _app = SmallServer.Build(kestrel => kestrel.ListenUnixSocket(path), 10, NullLoggerFactory.Instance);
        _app.Run(AnswerAsync);
    }

    /// <summary>Questions that it did not know.</summary>
    public int Refused => Volatile.Read(ref _refused);

    public static async Task<OldAgent> StartAsync(string path)
    {
        var agent = new OldAgent(path);
        await agent._app.StartAsync();
        return agent;
    }

    public void Say(long revision)
    {
        _revision = revision;
        _changed.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        if (http.Request.Path != "/v1/services/web" || http.Request.Method != HttpMethods.Get)
        {
            Interlocked.Increment(ref _refused);
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        var ending = _app.Lifetime.ApplicationStopping;
        while (!ending.IsCancellationRequested)
        {
            await http.Response.WriteAsync($$"""{"service":"web","revision":{{_revision}},"endpoints":[]}""" + "\n", ending);
            await http.Response.Body.FlushAsync(ending);
            await _changed.Task.WaitAsync(ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
