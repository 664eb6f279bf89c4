using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Web;
using Zurg.Protocol;

namespace Zurg.Tests.Cli;

/// <summary>A master of one service, web, whose logs tests write and whose hosts they silence.</summary>
internal sealed class FakeMaster : HttpMessageHandler
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly ServiceName Web = ServiceName.Parse("web");

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, HostId> _places = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Instance, HostId Host), (StringBuilder Text, List<LogTime> Times)> _logs = [];
    private readonly HashSet<HostId> _silent = [];
    private TaskCompletionSource _changed = new();

    public void Place(string instance, string host)
    {
        lock (_gate)
        {
            _places[instance] = new HostId(host);
            Change();
        }
    }

    public void Silence(string host, bool silent = true)
    {
        lock (_gate)
        {
            _ = silent ? _silent.Add(new HostId(host)) : _silent.Remove(new HostId(host));
            Change();
        }
    }

    /// <summary>To the log on the host where the instance is.</summary>
    public void Write(string instance, int second, string text)
    {
        lock (_gate)
        {
            var place = (instance, _places[instance]);
            _logs.TryAdd(place, (new StringBuilder(), []));
            _logs[place].Times.Add(new LogTime(_logs[place].Text.Length, Noon.AddSeconds(second)));
            _logs[place].Text.Append(text);
            Change();
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken stop)
    {
        var path = request.RequestUri!.AbsolutePath.Split('/');
        var query = HttpUtility.ParseQueryString(request.RequestUri.Query);
        return path switch
        {
            [_, _, "services", "web"] => Json(
                new ServiceExplanation { Status = Service(), Endpoints = new EndpointSet { Service = Web, Revision = default } },
                WireJson.Default.ServiceExplanation),
            [_, _, "status"] => new HttpResponseMessage { Content = new StreamContent(new StatusStream(this)) },
            [_, _, "instances", var instance, "logs"] => await LogAsync(instance, query, stop),
            _ => Problem(HttpStatusCode.NotFound, "there is no such thing", "did you mean 'web'?"),
        };
    }

    private async Task<HttpResponseMessage> LogAsync(
        string instance, System.Collections.Specialized.NameValueCollection query, CancellationToken stop)
    {
        var patience = Task.Delay(TimeSpan.Parse(query["wait"]!, null), stop);
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (Answer(instance, query) is var answer && (patience.IsCompleted || answer.Text is not ""))
                {
                    return answer.Answer;
                }

                changed = _changed.Task;
            }

            await Task.WhenAny(changed, patience);
            stop.ThrowIfCancellationRequested();
        }
    }

    private (HttpResponseMessage Answer, string? Text) Answer(
        string instance, System.Collections.Specialized.NameValueCollection query)
    {
        var host = query["host"] is { } named ? new HostId(named) : _places[instance];
        if (_silent.Contains(host))
        {
            return (Problem(HttpStatusCode.ServiceUnavailable, $"{host}, which has {instance}, is not connected", null), null);
        }

        if (!_logs.TryGetValue((instance, host), out var log))
        {
            return (Json(new LogChunk(1, 0, 0, "", "it has no log"), WireJson.Default.LogChunk), null);
        }

        var all = log.Text.ToString();
        var offset = int.Parse(query["offset"]!, null);
        offset = offset < 0 ? Math.Max(0, all.Length + offset) : Math.Min(offset, all.Length);
        if (query["since"] is { } text && DateTimeOffset.Parse(text, null) is var since)
        {
            offset = Math.Max(offset, (int)(log.Times.Find(t => t.At >= since)?.Offset ?? all.Length));
        }

        var chunk = new LogChunk(1, offset, all.Length, all[offset..])
        {
            Times = [.. log.Times], End = all.Length, Host = host,
        };
        return (Json(chunk, WireJson.Default.LogChunk), chunk.Text);
    }

    private ServiceStatus Service()
    {
        lock (_gate)
        {
            return new ServiceStatus
            {
                Service = Web, Wanted = _places.Count, Ready = 0, Stopped = false,
                Instances = [.. _places.Select(p => new PlacedInstance(InstanceId.Parse(p.Key), p.Value, null, true, null))],
            };
        }
    }

    private void Change()
    {
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.TrySetResult();
    }

    private static HttpResponseMessage Problem(HttpStatusCode code, string text, string? mend) => Json(
        new ApiProblem { Title = text, Status = (int)code, Mend = mend }, WireJson.Default.ApiProblem, code);

    private static HttpResponseMessage Json<T>(
        T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, HttpStatusCode code = HttpStatusCode.OK) =>
        new(code) { Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(value, type)) };

    /// <summary>The status, now and at every change.</summary>
    private sealed class StatusStream(FakeMaster master) : Stream
    {
        private ImmutableArray<byte> _line = [];
        private Task _changed = Task.CompletedTask;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => 0; set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken stop = default)
        {
            if (_line.IsEmpty)
            {
                await _changed.WaitAsync(stop);
                lock (master._gate)
                {
                    _changed = master._changed.Task;
                }

                var status = new ClusterStatus { Spec = new SpecNumber(1), Converged = true, Services = [master.Service()] };
                _line = [.. JsonSerializer.SerializeToUtf8Bytes(status, WireJson.Default.ClusterStatus), (byte)'\n'];
            }

            var count = Math.Min(buffer.Length, _line.Length);
            _line.AsSpan(0, count).CopyTo(buffer.Span);
            _line = _line[count..];
            return count;
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
