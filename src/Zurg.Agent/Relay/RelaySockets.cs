using System.Buffers;
using System.Net.Sockets;

namespace Zurg.Agent.Relay;

/// <summary>What is done with both ends alike.</summary>
internal static class RelaySockets
{
    /// <summary>For one direction, from a shared pool, and only while bytes come.</summary>
    public const int BufferBytes = 64 * 1024;

    extension(Socket socket)
    {
        public async ValueTask SendAllAsync(ReadOnlyMemory<byte> bytes)
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None)..];
            }
        }

        /// <summary>
        /// Gives away what comes, in pieces, until for a moment nothing is left. Waits without a buffer: most connections are
        /// idle most of the time.
        /// </summary>
        /// <param name="take">False: it wants no more.</param>
        /// <returns>False: the other end sends no more, or nobody wants more.</returns>
        public async ValueTask<bool> ReceiveSomeAsync(Func<Memory<byte>, ValueTask<bool>> take, CancellationToken stop)
        {
            await socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, stop);
            var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
            try
            {
                while (true)
                {
                    var read = await socket.ReceiveAsync(buffer, SocketFlags.None, stop);
                    if (read == 0 || !await take(buffer.AsMemory(0, read)))
                    {
                        return false;
                    }

                    if (read < buffer.Length)
                    {
                        return true;
                    }
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        /// <summary>No more is sent.</summary>
        public void TryShut()
        {
            try
            {
                socket.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It is gone already.
            }
        }

        public void Reset()
        {
            try
            {
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // It is gone already.
            }

            socket.Dispose();
        }
    }
}
