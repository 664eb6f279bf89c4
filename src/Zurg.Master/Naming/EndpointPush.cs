using System.Text.Json;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Master.Naming;

/// <summary>
/// One endpoint set on its way to many: turned into bytes once for all sessions, and once for all HTTP watchers.
/// </summary>
internal sealed class EndpointPush(EndpointSet set)
{
    private readonly Lazy<ReadOnlyMemory<byte>> _message = new(
        () => JsonSerializer.SerializeToUtf8Bytes(new MasterMessage { Endpoints = set }, WireJson.Default.MasterMessage));

    private readonly Lazy<ReadOnlyMemory<byte>> _line = new(
        () => (byte[])[.. JsonSerializer.SerializeToUtf8Bytes(set, WireJson.Default.EndpointSet), (byte)'\n']);

    private readonly Lazy<KnownSet> _known = new(() => new KnownSet(set.Service, set.Revision, SetCheck.DigestOf(set)));

    public EndpointSet Set => set;

    /// <summary>As one says it who has it.</summary>
    public KnownSet Known => _known.Value;

    /// <summary>As a message of a session.</summary>
    public ReadOnlyMemory<byte> Message => _message.Value;

    /// <summary>As one line of JSON.</summary>
    public ReadOnlyMemory<byte> Line => _line.Value;
}

/// <summary>Whoever is told of endpoint sets. It keeps the newest of each service and never waits.</summary>
internal interface INamingSubscriber
{
    /// <summary>Called in the order of revisions, under the fan-out's lock: put it into a slot and return.</summary>
    void Offer(EndpointPush push);
}
