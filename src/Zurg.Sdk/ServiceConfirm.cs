using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Zurg.Protocol.Local;

namespace Zurg.Sdk;

/// <summary>
/// Tells the agent which set of a service this client goes by: nothing that is in it is stopped on purpose. An agent of an older
/// build does not ask for it, and its refusal changes nothing.
/// </summary>
internal sealed class ServiceConfirm(string service, HttpMessageInvoker agent, TimeProvider time)
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan GoodbyeWithin = TimeSpan.FromSeconds(1);
    private static int _clients;

    private readonly Lock _lock = new();
    private readonly HashSet<SetReader> _readers = [];
    private readonly string _part = string.Create(CultureInfo.InvariantCulture, $"sdk.{Interlocked.Increment(ref _clients)}");
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _stream;
    private long? _published;
    private long? _said;

    /// <summary>What a stream must ask with.</summary>
    public string Query => $"confirm=true&part={_part}";

    /// <summary>
    /// A new stream: its agent may be another one, which has heard nothing, and which takes no word about a set that it has not
    /// given: its first one comes before the first word.
    /// </summary>
    /// <param name="end">Cancelled when the agent does not know any more who reads it: another one is to be opened.</param>
    public void Begin(CancellationTokenSource end) => Change(() => (_published, _said, _stream) = (null, null, end));

    /// <summary>Every request from now on goes by this set.</summary>
    public void Published(long revision) => Change(() => _published = revision);

    /// <summary>Somebody who is given sets one after the other, until it is disposed.</summary>
    public SetReader Read()
    {
        var reader = new SetReader(this);
        Change(() => _readers.Add(reader));
        return reader;
    }

    /// <summary>Until <paramref name="stop"/>, and then a goodbye.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var (due, changed) = Due();
            if (due is { } revision && !await SayAsync(revision, stop).ConfigureAwait(false))
            {
                await Task.Delay(RetryAfter, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            await changed.WaitAsync(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        using var request = new HttpRequestMessage(HttpMethod.Delete, $"http://zurg/v1/confirm?service={service}&part={_part}");
        await SendAsync(request, GoodbyeWithin, CancellationToken.None).ConfigureAwait(false);
    }

    private (long? Revision, Task Changed) Due()
    {
        lock (_lock)
        {
            if (_changed.Task.IsCompleted)
            {
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            var lowest = _readers.Select(r => r.Uses).OfType<long>().Select(r => (long?)r).Append(_published).Min();
            var due = _published is null || lowest == _said ? null : lowest;
            _said = due ?? _said;
            return (due, _changed.Task);
        }
    }

    /// <returns>False when it is to be said again: nobody has heard it.</returns>
    private async Task<bool> SayAsync(long revision, CancellationToken stop)
    {
        var word = JsonSerializer.SerializeToUtf8Bytes(new LocalConfirm(service, revision), LocalJson.Default.LocalConfirm);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://zurg/v1/confirm?part={_part}")
        {
            Content = new ByteArrayContent(word) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        var heard = await SendAsync(request, AnswerWithin, stop).ConfigureAwait(false);
        if (!heard)
        {
            lock (_lock)
            {
                _said = null;
            }
        }

        return heard;
    }

    private async Task<bool> SendAsync(HttpRequestMessage request, TimeSpan within, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        try
        {
            using var answer = await agent.SendAsync(request, either.Token).ConfigureAwait(false);

            // An agent of an older build, which does not know the question, says nothing of why.
            var isForgotten = answer is { StatusCode: HttpStatusCode.NotFound, Content.Headers.ContentType: not null };
            (isForgotten ? _stream : null)?.Cancel();
            return !isForgotten && (int)answer.StatusCode < 500;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException
            or ObjectDisposedException)
        {
            return false;
        }
    }

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            _changed.TrySetResult();
        }
    }

    /// <summary>It may go on using a set until it asks for the next one.</summary>
    internal sealed class SetReader(ServiceConfirm confirm) : IDisposable
    {
        public long? Uses { get; private set; }

        public void Given(long revision) => confirm.Change(() => Uses = Math.Min(Uses ?? revision, revision));

        public void CameBack(long revision) => confirm.Change(() => Uses = revision);

        public void Dispose() => confirm.Change(() => confirm._readers.Remove(this));
    }
}
