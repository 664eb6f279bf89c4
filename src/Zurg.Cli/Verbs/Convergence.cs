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
            var statuses = UntilAsync(master, number, last, ending.Token);
            if (call.Screen.IsTerminal && !quiet)
            {
                await TerminalView.ShowLiveAsync(ViewsAsync(statuses, ending.Token), call.Screen, ending.Token);
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
                call.Screen.Show(StatusView.Brief(status));
            }

            throw new VerbFailedException(
                $"spec {number} is applied and has not converged within {Measures.Age(timeout)}",
                "the holds above say why; it goes on by itself: zurg status --watch, zurg explain SERVICE");
        }
    }

    /// <summary>Neither a step nor a hold is left.</summary>
    public static bool IsSettled(ClusterStatus status, SpecNumber number) =>
        status.Spec.CompareTo(number) >= 0 && status.Converged;

    private static async IAsyncEnumerable<ClusterStatus> UntilAsync(
        MasterClient master, SpecNumber number, Last last, [EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var status in master.WatchStatusAsync(stop))
        {
            last.Status = status;
            yield return status;
            if (IsSettled(status, number))
            {
                yield break;
            }
        }
    }

    private static async IAsyncEnumerable<ImmutableArray<Block>> ViewsAsync(
        IAsyncEnumerable<ClusterStatus> statuses, [EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var status in statuses.WithCancellation(stop))
        {
            yield return StatusView.Brief(status);
        }
    }

    // In a pipe: a line for each service whose numbers changed and for each new hold.
    private static async Task WriteChangesAsync(IAsyncEnumerable<ClusterStatus> statuses, bool quiet, VerbCall call)
    {
        var said = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
        var converged = false;
        await foreach (var status in statuses)
        {
            converged = status.Converged;
            var lines = status.Services.Select(s => $"{s.Service}  {s.Ready}/{s.Wanted} ready")
                .Concat(status.Holds.Select(h => PlainView.TextOf(HoldView.Of([h])).Split('\n')[1].Trim()))
                .ToImmutableSortedSet(StringComparer.Ordinal);
            foreach (var line in quiet ? [] : lines.Except(said))
            {
                call.Screen.Line(line);
            }

            said = lines;
        }

        if (!quiet)
        {
            call.Screen.Line(converged ? "converged" : "converged, but for what people stopped");
        }
    }

    private sealed class Last
    {
        public ClusterStatus? Status { get; set; }
    }
}
