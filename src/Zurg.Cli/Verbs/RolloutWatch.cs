using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Verbs;

/// <summary>Shows a rollout until it has ended; leaving the view leaves the rollout alone.</summary>
/// <param name="Spec">It comes of this spec or a newer one.</param>
/// <param name="After">It has a higher number.</param>
internal sealed record RolloutWatch(ServiceName Service, SpecNumber Spec, long After)
{
    private long? _number;
    private RolloutEnd? _end;

    /// <returns>Done when all have it.</returns>
    /// <exception cref="VerbFailedException">It was halted or taken back, with the reason.</exception>
    public async Task<int> FollowAsync(MasterClient master, VerbCall call, bool json)
    {
        try
        {
            var statuses = UntilEndAsync(PatientStatus.WatchAsync(master, call, call.Stop));
            if (call.Screen.IsTerminal && !json)
            {
                await TerminalView.ShowLiveAsync(ViewsAsync(statuses, call), call.Screen, call.Stop);
            }
            else
            {
                await WriteChangesAsync(statuses, call, json);
            }
        }
        catch (OperationCanceledException) when (call.Stop.IsCancellationRequested)
        {
            call.Screen.Note(
                $"left; the rollout goes on by itself: zurg rollout status {Service} --watch, zurg rollout pause {Service}");
            return ExitCode.Interrupted;
        }

        if (_end is not { Done: true } end)
        {
            throw new VerbFailedException(_end!.Text, _end.Mend);
        }

        if (!json)
        {
            call.Screen.Line(end.Text);
        }

        return ExitCode.Done;
    }

    private async IAsyncEnumerable<ClusterStatus> UntilEndAsync(IAsyncEnumerable<ClusterStatus> statuses)
    {
        await foreach (var status in statuses)
        {
            yield return status;
            _end = RolloutEnd.Of(status, Service, Spec, After, _number);
            _number ??= StatusOf(status)?.Rollout is { Rollout.Number: var seen } && seen > After ? seen : null;
            if (_end is not null)
            {
                yield break;
            }
        }
    }

    private ServiceStatus? StatusOf(ClusterStatus status) => status.Services.FirstOrDefault(s => s.Service == Service);

    private async IAsyncEnumerable<ImmutableArray<Block>> ViewsAsync(
        IAsyncEnumerable<ClusterStatus> statuses, VerbCall call, [EnumeratorCancellation] CancellationToken stop = default)
    {
        await foreach (var status in statuses.WithCancellation(stop))
        {
            if (StatusOf(status) is { } service)
            {
                yield return RolloutView.Of(service, HoldsOf(status), call.Now);
            }
        }
    }

    private ImmutableArray<Hold> HoldsOf(ClusterStatus status) =>
        [.. status.Holds.Where(h => (h.Service ?? h.Instance?.Service) == Service)];

    // In a pipe: a line for each thing that has changed.
    private async Task WriteChangesAsync(IAsyncEnumerable<ClusterStatus> statuses, VerbCall call, bool json)
    {
        var said = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
        await foreach (var status in statuses)
        {
            if (StatusOf(status)?.Rollout is not { } rollout || rollout.Rollout.Number <= After)
            {
                continue;
            }

            ImmutableArray<string> lines =
                [RolloutView.Change(rollout), .. HoldsOf(status).Select(HoldView.Text)];
            if (json && !lines.All(said.Contains))
            {
                call.Screen.Json(rollout, WireJson.Default.RolloutStatus);
            }

            foreach (var line in json ? [] : lines.Where(l => !said.Contains(l)))
            {
                call.Screen.Line(line);
            }

            said = [.. lines];
        }
    }
}
