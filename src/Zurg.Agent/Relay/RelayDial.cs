using System.Net.Sockets;

namespace Zurg.Agent.Relay;

/// <summary>Finds an instance that takes a connection.</summary>
internal sealed class RelayDial(RelayListener listener)
{
    /// <summary>A connection waits so long for an endpoint that takes it before it is reset.</summary>
    public static readonly TimeSpan HoldFor = TimeSpan.FromSeconds(5);

    /// <summary>An instance of a live host answers within a round trip; one that does not is passed over.</summary>
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(1);

    /// <summary>When no endpoint took it: all are tried again after this.</summary>
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromMilliseconds(100);

    /// <summary>One after another, and again, until one takes it or <see cref="HoldFor"/> is over.</summary>
    /// <param name="tryAttach">False when the endpoint was withdrawn meanwhile: nothing was said on it yet.</param>
    public async Task<RelayUpstream?> OpenAsync(Func<RelayUpstream, bool> tryAttach)
    {
        var began = listener.Time.GetTimestamp();
        var tried = new List<RelayTarget>();
        while (true)
        {
            var changed = listener.Targets.Changed();
            if (listener.Targets.Pick(tried) is { } target)
            {
                tried.Add(target);
                if (await ConnectAsync(target, tryAttach) is { } upstream)
                {
                    return upstream;
                }

                continue;
            }

            var left = HoldFor - listener.Time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
            {
                listener.Counts.Refused();
                return null;
            }

            using var enough = new CancellationTokenSource();
            var again = Task.Delay(tried.Count > 0 && TryAgainAfter < left ? TryAgainAfter : left, listener.Time, enough.Token);
            await Task.WhenAny(changed, again);
            await enough.CancelAsync();
            tried.Clear();
        }
    }

    private async Task<RelayUpstream?> ConnectAsync(RelayTarget target, Func<RelayUpstream, bool> tryAttach)
    {
        target.Begin();
        var socket = new Socket(target.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        RelayUpstream? attached = null;
        try
        {
            using var late = new CancellationTokenSource(ConnectWithin, listener.Time);
            await socket.ConnectAsync(target.Address, late.Token);
            var upstream = new RelayUpstream(socket, target);
            attached = tryAttach(upstream) ? upstream : null;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            listener.Counts.Failed();
            listener.Targets.Avoid(target);
        }
        finally
        {
            if (attached is null)
            {
                socket.Dispose();
                target.End();
            }
        }

        return attached;
    }
}
