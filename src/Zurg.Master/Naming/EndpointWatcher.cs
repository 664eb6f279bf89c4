using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Zurg.Protocol;

namespace Zurg.Master.Naming;

/// <summary>One reader of one service's sets over HTTP: a slot of one, so that a slow one gets only the newest.</summary>
internal sealed class EndpointWatcher : INamingSubscriber
{
    private readonly Channel<EndpointPush> _slot = Channel.CreateBounded<EndpointPush>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    public void Offer(EndpointPush push) => _slot.Writer.TryWrite(push);

    /// <summary>The set now, then newer ones; ends by the exception of <paramref name="stop"/>.</summary>
    public static async IAsyncEnumerable<EndpointPush> WatchAsync(
        NamingFanOut naming, ServiceName service, [EnumeratorCancellation] CancellationToken stop)
    {
        var watcher = new EndpointWatcher();
        naming.Subscribe(watcher, [service]);
        try
        {
            while (true)
            {
                yield return await watcher._slot.Reader.ReadAsync(stop);
            }
        }
        finally
        {
            naming.Unsubscribe(watcher);
        }
    }
}
