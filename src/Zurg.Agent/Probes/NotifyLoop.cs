using Zurg.Agent.Processes;
using Zurg.Core;

namespace Zurg.Agent.Probes;

/// <summary>Hears what the processes of one incarnation say on its notify socket; what others say does not count.</summary>
internal static class NotifyLoop
{
    /// <summary>Ends when <paramref name="stop"/> says so.</summary>
    public static async Task RunAsync(
        NotifySocket socket, ProcessIdentity process, string token, Func<NotifyWords, CancellationToken, ValueTask> hear,
        CancellationToken stop)
    {
        while (true)
        {
            var message = await socket.ReceiveAsync(stop);
            if (IsOurs(message, process, token))
            {
                await hear(message.Words, stop);
            }
        }
    }

    /// <summary>
    /// A sender that has ended already (systemd-notify does) can only be judged by its user: the socket's name is known to the
    /// instance alone, and only root can lie about who it is (unix(7), SCM_CREDENTIALS).
    /// </summary>
    private static bool IsOurs(NotifyMessage message, ProcessIdentity process, string token) =>
        message.Pid == process.Pid
        || (ProcessStat.Read(message.Pid) is { IsDead: false }
            ? ProcessTree.Living(process, token, true).Exists(p => p.Pid == message.Pid)
            : message.User == 0 || message.User == ProcessStat.UserOf(process.Pid));
}
