using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using Zurg.Master.Naming;
using Zurg.Protocol;

namespace Zurg.Master.Agents;

/// <summary>A message on its way to an agent: the record that was meant, and its bytes.</summary>
internal readonly record struct OutboundMessage(MasterMessage Message, ReadOnlyMemory<byte> Bytes)
{
    public static OutboundMessage Of(MasterMessage message) =>
        new(message, JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.MasterMessage));
}

/// <summary>
/// What waits to be sent on one session: the newest assignment, the highest number of kept events, the newest set of each
/// service; only requests queue, up to a limit. Filling a slot never waits.
/// </summary>
internal sealed class SessionSlots
{
    /// <summary>More requests (for a log, a generated file) than these at once are answered with a refusal.</summary>
    public const int RequestsMax = 32;

    private readonly Lock _lock = new();
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    private readonly Dictionary<ServiceName, EndpointPush> _endpoints = [];
    private readonly Queue<MasterMessage> _requests = [];
    private Assignment? _assignment;
    private long? _eventsKept;
    private long? _usesKept;
    private string? _refusal;

    public void Assign(Assignment assignment) => Fill(() => _assignment = assignment);

    public void KeepEvents(long number) => Fill(() => _eventsKept = Math.Max(_eventsKept ?? 0, number));

    /// <summary>The newest word counts.</summary>
    public void KeepUses(long number) => Fill(() => _usesKept = number);

    public void Offer(EndpointPush push) => Fill(() => _endpoints[push.Set.Service] = push);

    public void Refuse(string reason) => Fill(() => _refusal ??= reason);

    /// <summary>False when too many wait already.</summary>
    public bool TryAsk(MasterMessage request)
    {
        lock (_lock)
        {
            if (_requests.Count >= RequestsMax)
            {
                return false;
            }

            _requests.Enqueue(request);
        }

        _news.Writer.TryWrite(true);
        return true;
    }

    public async ValueTask WaitAsync(CancellationToken stop) => await _news.Reader.ReadAsync(stop);

    /// <summary>Everything that waits, and a refusal when there is one: then the session ends after it.</summary>
    public (ImmutableArray<OutboundMessage> Messages, string? Refusal) Take()
    {
        Assignment? assignment;
        long? eventsKept;
        long? usesKept;
        EndpointPush[] endpoints;
        MasterMessage[] requests;
        lock (_lock)
        {
            if (_refusal is not null)
            {
                return ([], _refusal);
            }

            (assignment, eventsKept, endpoints, requests) = (_assignment, _eventsKept, [.. _endpoints.Values], [.. _requests]);
            usesKept = _usesKept;
            (_assignment, _eventsKept, _usesKept) = (null, null, null);
            _endpoints.Clear();
            _requests.Clear();
        }

        // The assignment first: it is what decides over processes.
        var messages = ImmutableArray.CreateBuilder<OutboundMessage>();
        if (assignment is not null)
        {
            messages.Add(OutboundMessage.Of(new MasterMessage { Assignment = assignment }));
        }

        messages.AddRange(endpoints.Select(p => new OutboundMessage(new MasterMessage { Endpoints = p.Set }, p.Message)));
        if (eventsKept is not null)
        {
            messages.Add(OutboundMessage.Of(new MasterMessage { EventsKept = eventsKept }));
        }

        if (usesKept is not null)
        {
            messages.Add(OutboundMessage.Of(new MasterMessage { UsesKept = usesKept }));
        }

        messages.AddRange(requests.Select(OutboundMessage.Of));
        return (messages.ToImmutable(), null);
    }

    private void Fill(Action slot)
    {
        lock (_lock)
        {
            slot();
        }

        _news.Writer.TryWrite(true);
    }
}
