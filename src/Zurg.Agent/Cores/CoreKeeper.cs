using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Cores;

/// <summary>Finds the core dumps of processes that ended, hands them to the shelf, and tells what became of each.</summary>
/// <param name="tell">The way into the agent's loop.</param>
internal sealed partial class CoreKeeper(
    CoreFinder finder, CoreShelf shelf, Func<AgentInput, CancellationToken, ValueTask> tell, ILogger logger) : ICoreKeeper
{
    /// <summary>More than these at once stay where the kernel put them.</summary>
    private const int WaitingMax = 256;

    private readonly Channel<DumpedProcess> _waiting = Channel.CreateBounded<DumpedProcess>(
        new BoundedChannelOptions(WaitingMax) { SingleReader = true });

    public void Keep(DumpedProcess dumped)
    {
        if (!_waiting.Writer.TryWrite(dumped))
        {
            Log.TooMany(logger, dumped.Assigned.Instance);
        }
    }

    public async Task RunAsync(CancellationToken stop)
    {
        await foreach (var dumped in _waiting.Reader.ReadAllAsync(stop))
        {
            var instance = dumped.Assigned.Instance;
            var text = await KeepAsync(dumped, stop);
            await tell(new AgentInput.Happened(EventKind.CoreDumped, instance, text), stop);
        }
    }

    private async Task<string> KeepAsync(DumpedProcess dumped, CancellationToken stop)
    {
        try
        {
            var (kept, why) = await finder.FindAsync(dumped, stop) switch
            {
                CoreSearch.Found found => shelf.Take(found, dumped),
                CoreSearch.Absent absent => (null, absent.Why),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
            return kept is not null ? CoreWords.Kept(kept) : CoreWords.NotKept(dumped.Pid, dumped.Signal, why!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return CoreWords.NotKept(dumped.Pid, dumped.Signal, e.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3702, LogLevel.Warning, "{Instance} left a core dump while too many others wait: it stays where it is")]
        public static partial void TooMany(ILogger logger, InstanceId instance);
    }
}
