using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Zurg.Agent.Processes;
using Zurg.Core;

namespace Zurg.Agent.Local;

/// <summary>
/// The process at the other end of the local socket, as the kernel knows it (unix(7), SO_PEERCRED: who connected). A shell asks
/// through curl and names itself with process=$$: a process may speak for the one that started it, if both are one user's.
/// </summary>
internal static class LocalCaller
{
    /// <summary>Of part=, which tells several readers in one process apart.</summary>
    public const int PartLengthMax = 64;

    /// <summary>So many processes up is the one looked for that process= names.</summary>
    public const int AncestorsMax = 32;

    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;
    private const int CredentialsSize = 12;

    private static readonly object Key = new();

    /// <summary>Null when it cannot be told, with the reason.</summary>
    public static SubscriberId? Find(HttpContext http, out string problem)
    {
        var (part, named) = (http.Request.Query["part"].ToString(), http.Request.Query["process"].ToString());
        if (part.Length > PartLengthMax || part.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '_')))
        {
            problem = $"part= is at most {PartLengthMax} of letters, digits, '-', '.' and '_'";
            return null;
        }

        if (PeerOf(http) is not { } peer)
        {
            problem = "the kernel does not say which process is asking, so it could not be waited for";
            return null;
        }

        problem = "";
        if (named.Length == 0)
        {
            return new SubscriberId(peer.Identity, part);
        }

        problem = $"process={named} is not the process that asks nor one of those that started it, or is another user's";
        return int.TryParse(named, NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            && Ancestor(peer, pid) is { } process
                ? new SubscriberId(process.Identity, part)
                : null;
    }

    private static ProcessStat? Ancestor(ProcessStat peer, int pid)
    {
        ProcessStat? process = peer;
        for (var i = 0; i < AncestorsMax && process is { } at; i++)
        {
            if (at.Pid == pid)
            {
                return ProcessStat.UserOf(pid) == ProcessStat.UserOf(peer.Pid) ? at : null;
            }

            process = ProcessStat.Read(at.Parent);
        }

        return null;
    }

    /// <summary>Looked at once a connection: later the pid may be another process's.</summary>
    private static ProcessStat? PeerOf(HttpContext http)
    {
        var items = http.Features.Get<IConnectionItemsFeature>()?.Items;
        if (items is not null && items.TryGetValue(Key, out var known))
        {
            return (ProcessStat?)known;
        }

        var peer = http.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket && PidOf(socket) is var pid and > 0
            ? ProcessStat.Read(pid)
            : null;
        if (items is not null)
        {
            items[Key] = peer;
        }

        return peer;
    }

    /// <summary>0 when it is in a pid namespace that this process cannot see.</summary>
    private static int PidOf(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[CredentialsSize];
        try
        {
            return socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials) >= sizeof(int)
                ? BinaryPrimitives.ReadInt32LittleEndian(credentials)
                : 0;
        }
        catch (SocketException)
        {
            return 0;
        }
    }
}
