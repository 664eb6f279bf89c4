using System.Net;
using System.Net.Sockets;

namespace Zurg.Bench;

/// <summary>A port for a peer that cannot pick one itself; the kernel has just given it and taken it back.</summary>
internal static class LoopbackPort
{
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, port: 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
