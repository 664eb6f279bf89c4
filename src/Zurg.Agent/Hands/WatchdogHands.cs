using System.Globalization;
using System.Text;
using Zurg.Agent.Probes;
using Zurg.Agent.Processes;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Agent.Hands;

/// <summary>What processes say of themselves besides READY=1, and what happens when they no longer say it.</summary>
internal sealed class WatchdogHands(AgentSite site, Func<AgentInput, CancellationToken, ValueTask> tell, TimeProvider time)
{
    /// <summary>Files of one instance; the oldest go first.</summary>
    public const int StacksMax = 10;

    /// <summary>Until it expires or <paramref name="stop"/> says so.</summary>
    /// <param name="socket">Null: the probe listens there already.</param>
    public async Task RunAsync(AgentEffect.Watch watch, IncarnationWork work, NotifySocket? socket, CancellationToken stop)
    {
        if (watch.Assigned.Spec.Watchdog is not { } spec)
        {
            return;
        }

        using var timer = new WatchdogTimer(spec.Timeout, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        work.Watchdog = timer;
        try
        {
            var listening = socket is null
                ? Task.CompletedTask
                : NotifyLoop.RunAsync(
                    socket, watch.Process, work.Token, (words, end) => HearAsync(work, words, end), ended.Token);
            var why = await timer.ExpiredAsync(stop);
            await ended.CancelAsync();
            await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await tell(new AgentInput.WatchdogExpired(work.Instance, work.Incarnation, why), stop);
        }
        finally
        {
            work.Watchdog = null;
        }
    }

    /// <summary>One message of the incarnation.</summary>
    public async ValueTask HearAsync(IncarnationWork work, NotifyWords words, CancellationToken stop)
    {
        work.Watchdog?.Hear(words);
        if (words.Extend is { } by)
        {
            await tell(new AgentInput.StartExtended(work.Instance, work.Incarnation, by), stop);
        }

        if (words.MainPid is { } pid && pid != work.Process?.Pid && work.SayOtherMain())
        {
            var text = string.Create(CultureInfo.InvariantCulture,
                $"it says MAINPID={pid}, which is not followed: the process that Zurg started is the one that counts");
            await tell(new AgentInput.Happened(EventKind.InstanceChanged, work.Instance, text), stop);
        }

        if (words.Stopping)
        {
            var answer = new ProbeAnswer(false, "it says that it is stopping (STOPPING=1)", AtOnce: true);
            await tell(new AgentInput.Probed(work.Instance, work.Incarnation, answer), stop);

            // What its probe would answer from here on is no news: it does not come back.
            work.StopProbe();
        }
    }

    /// <summary>Returns when they are on the disk, or could not be written, which is told too.</summary>
    public async Task KeepStacksAsync(AgentEffect.KeepStacks keep, IncarnationWork work, CancellationToken stop)
    {
        string text;
        try
        {
            var (stacks, processes, threads) = ProcessStacks.Read(keep.Process, work.Token);
            var path = Write(work, stacks);
            text = $"what {Count(threads, "thread")} of {Count(processes, "process", "processes")} were doing is in {path}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            text = $"its stacks could not be kept: {e.Message}";
        }

        await tell(new AgentInput.Happened(EventKind.StacksKept, work.Instance, text), stop);
    }

    private string Write(IncarnationWork work, string stacks)
    {
        var directory = Directory.CreateDirectory(
            Path.Combine(site.Paths.Stacks, work.Instance.Value),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var old in directory.GetFiles().OrderByDescending(f => f.LastWriteTimeUtc).Skip(StacksMax - 1))
        {
            old.Delete();
        }

        var path = Path.Combine(directory.FullName, $"{work.Incarnation}.txt");
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        file.Write(Encoding.UTF8.GetBytes(stacks));
        return path;
    }

    private static string Count(int count, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many ?? one + "s")}");
}
