using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

/// <summary>Waits until the cluster is what a spec says, and shows the way there.</summary>
internal static class Convergence
{
    /// <returns>Done when it converged; Failed, with the holds shown, when the time was over.</returns>
    public static async Task<int> WaitAsync(MasterClient master, SpecNumber number, TimeSpan timeout, bool quiet, VerbCall call)
    {
        using var patience = new CancellationTokenSource(timeout, call.Surroundings.Time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, call.Stop);
        var last = new Last();
        try
        {
            var statuses = UntilAsync(PatientStatus.WatchAsync(master, call, ending.Token), number, last);
            if (call.Screen.IsTerminal && !quiet)
            {
                await TerminalView.ShowLiveAsync(ViewsAsync(statuses, call, ending.Token), call.Screen, ending.Token);
            }
            else
            {
                await WriteChangesAsync(statuses, quiet, call);
            }

            return ExitCode.Done;
        }
        catch (OperationCanceledException) when (call.Stop.IsCancellationRequested)
        {
            call.Screen.Note($"left; spec {number} is applied and goes on by itself: zurg status --watch");
            return ExitCode.Interrupted;
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            if (last.Status is { } status && !quiet)
            {
                call.Screen.Show(StatusView.Brief(status, call.Now));
            }

            throw new VerbFailedException(
                $"spec {number} is applied and has not converged within {Measures.Age(timeout)}",
                "the holds above say why; it goes on by itself: zurg status --watch, zurg explain SERVICE");
        }
    }

    /// <summary>What is left goes on only when a person says so; null while anything else is left.</summary>
    public static VerbFailedException? Stuck(ClusterStatus status, SpecNumber number)
    {
        var stuck = status.Holds.Where(h => h.Reason is HoldReason.RolledBack or HoldReason.RolloutHalted).ToImmutableArray();
        return status.Spec.CompareTo(number) < 0 || stuck.IsEmpty || stuck.Length < status.Holds.Length
            ? null
            : new VerbFailedException(
                $"spec {number} is applied, and not all runs as it says: {string.Join("; ", stuck.Select(h => h.Text))}",
                stuck[0].Mend);
    }

    /// <summary>Neither a step nor a hold is left.</summary>
    public static bool IsSettled(ClusterStatus status, SpecNumber number) =>
        status.Spec.CompareTo(number) >= 0 && status.Converged;

    private static async IAsyncEnumerable<ClusterStatus> UntilAsync(
        IAsyncEnumerable<ClusterStatus> statuses, SpecNumber number, Last last)
    {
        await foreach (var status in statuses)
        {
            last.Status = status;
            yield return status;
            if (Stuck(status, number) is { } stuck)
            {
                throw stuck;
            }

            if (IsSettled(status, number))
            {
                yield break;
            }
        }
    }

    private static async IAsyncEnumerable<ImmutableArray<Block>> ViewsAsync(
        IAsyncEnumerable<ClusterStatus> statuses, VerbCall call, [EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var status in statuses.WithCancellation(stop))
        {
            yield return StatusView.Brief(status, call.Now);
        }
    }

    // In a pipe: a line for each service whose numbers changed and for each new hold.
    private static async Task WriteChangesAsync(IAsyncEnumerable<ClusterStatus> statuses, bool quiet, VerbCall call)
    {
        var said = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
        await foreach (var status in statuses)
        {
            var lines = status.Services.Select(s => $"{s.Service}  {s.Ready}/{s.Wanted} ready")
                .Concat(status.Services.Select(s => s.Rollout).OfType<RolloutStatus>().Where(RolloutView.IsNews)
                    .Select(RolloutView.Change))
                .Concat(status.Holds.Select(HoldView.Text))
                .ToImmutableSortedSet(StringComparer.Ordinal);
            foreach (var line in quiet ? [] : lines.Except(said))
            {
                call.Screen.Line(line);
            }

            said = lines;
        }

        if (!quiet)
        {
            call.Screen.Line("converged");
        }
    }

    private sealed class Last
    {
        public ClusterStatus? Status { get; set; }
    }
}
