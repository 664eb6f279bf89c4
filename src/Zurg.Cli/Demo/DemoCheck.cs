using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Cli.Verbs;
using Zurg.Protocol;

namespace Zurg.Cli.Demo;

/// <summary>What a check found; its text is the last line of zurg demo --check.</summary>
internal sealed record DemoOutcome(LoadCount Load, int Restarts, TimeSpan Rollout, TimeSpan Drain, TimeSpan Converged)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"demo ok: {Load}; {Restarts} restarts, a rollout in {Rollout.TotalSeconds:0.0} s, ") + string.Create(
        CultureInfo.InvariantCulture,
        $"a drain in {Drain.TotalSeconds:0.0} s, {Converged.TotalSeconds:0.0} s to converge");
}

/// <summary>
/// Under load all the time: a solver is killed, the next release is rolled out, a host is drained and takes part again. Not one
/// request may fail.
/// </summary>
internal static class DemoCheck
{
    private const int PuzzlesLeast = 200;

    /// <summary>The kill comes when so many are solved.</summary>
    private const int KillAfter = 50;

    private const string To = "1.1.0";

    /// <summary>The kernel counts starts in hundredths of a second from a boot time that is known to the second.</summary>
    private static readonly TimeSpan StartsApartMax = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan BackWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RolloutWithin = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan DrainWithin = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    public static async Task<DemoOutcome> RunAsync(
        MasterClient master, DemoLoad load, TimeSpan converged, VerbCall call, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        load.During = "the beginning";
        var loading = load.RunAsync(ending.Token);
        try
        {
            await SolvedAsync(load, KillAfter, stop);
            load.During = "the kill of a solver";
            var before = await CrashesAsync(master, stop);
            var killed = await KillAsync(master, call.Screen, stop);
            await BackAsync(master, killed, before, stop);
            var restarts = (await CrashesAsync(master, stop)).Values.Sum() - before.Values.Sum();
            load.During = $"the rollout of {To}";
            var rollout = await RollOutAsync(master, call, stop);
            var drain = await DrainAsync(master, load, call, stop);
            load.During = "the end";
            await SolvedAsync(load, PuzzlesLeast, stop);
            await ending.CancelAsync();
            await loading;
            return load.Count is { Failed: 0 } count
                ? new DemoOutcome(count, restarts, rollout, drain, converged)
                : throw new VerbFailedException(
                    $"{load.Count}:\n  {string.Join("\n  ", load.Failures)}", "zurg events of that time says what happened");
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAny(loading); // its end, not its result: that was taken above
        }
    }

    /// <summary>What an earlier demo may have left drained takes part again.</summary>
    public static async Task UndrainAllAsync(MasterClient master, VerbCall call, CancellationToken stop)
    {
        foreach (var host in await master.HostsAsync(stop))
        {
            if (host.Drained is not null)
            {
                await master.UndrainAsync(host.Host, call.Surroundings.Author, stop);
            }
        }
    }

    private static async Task SolvedAsync(DemoLoad load, int count, CancellationToken stop)
    {
        while (load.Count is var now && now.Answered + now.Failed < count)
        {
            await Task.Delay(Poll, stop);
        }
    }

    private static async Task<TimeSpan> RollOutAsync(MasterClient master, VerbCall call, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        var started = await master.StartRolloutAsync(DemoSpec.Solver, To, call.Surroundings.Author, seen: null, stop);
        call.Screen.Note(started.Text);
        RolloutEnd? end = null;
        await UntilAsync(
            master, $"{To} was not rolled out", RolloutWithin,
            status => (end = RolloutEnd.Of(status, DemoSpec.Solver, started.Spec, started.After, number: null)) is not null,
            stop);
        if (end is not { Done: true })
        {
            throw new VerbFailedException(end!.Text, end.Mend);
        }

        call.Screen.Note(end.Text);
        return Stopwatch.GetElapsedTime(began);
    }

    private static async Task<TimeSpan> DrainAsync(MasterClient master, DemoLoad load, VerbCall call, CancellationToken stop)
    {
        var host = DemoSpec.HostToDrain(await master.StatusAsync(stop));
        load.During = $"the drain of {host}";
        var began = Stopwatch.GetTimestamp();
        call.Screen.Note((await master.DrainAsync(host, "the demo's check", call.Surroundings.Author, stop)).Text);
        await UntilAsync(
            master, $"{host} was not emptied", DrainWithin, status => DrainView.Left(status, host).IsEmpty, stop);
        var took = Stopwatch.GetElapsedTime(began);
        call.Screen.Note($"{host} is empty");
        load.During = $"the undrain of {host}";
        await master.UndrainAsync(host, call.Surroundings.Author, stop);
        await UntilAsync(master, "the cluster did not converge", DrainWithin, status => status.Converged, stop);
        return took;
    }

    private static async Task UntilAsync(
        MasterClient master, string otherwise, TimeSpan within, Func<ClusterStatus, bool> condition, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(within);
        ClusterStatus? last = null;
        try
        {
            await foreach (var status in master.WatchStatusAsync(patience.Token))
            {
                last = status;
                if (condition(status))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            var holds = string.Concat(last?.Holds.Select(h => $"\n  {HoldView.Text(h)}") ?? []);
            throw new VerbFailedException(
                $"{otherwise} within {Measures.Age(within)}{holds}", "zurg explain sudoku-solver says why");
        }
    }

    private static async Task<InstanceId> KillAsync(MasterClient master, Screen screen, CancellationToken stop)
    {
        var explained = await master.ExplainAsync(DemoSpec.Solver, stop);
        var victim = explained.Status.Instances.FirstOrDefault(
            i => i.Status is { Pid: not null } status && status.IsReady())?.Status
            ?? throw new VerbFailedException("no solver is ready, so none can be killed", "zurg explain sudoku-solver says why");
        using var process = Process.GetProcessById(victim.Pid!.Value);
        // A pid alone may have passed to somebody else; a pid and its start have not.
        if (victim.StartedAt is { } at && (process.StartTime.ToUniversalTime() - at.UtcDateTime).Duration() > StartsApartMax)
        {
            throw new VerbFailedException($"process {victim.Pid} is not {victim.Instance} any more");
        }

        process.Kill(); // SIGKILL
        screen.Note($"killed {victim.Instance} (process {victim.Pid}) with SIGKILL");
        return victim.Instance;
    }

    private static Task BackAsync(
        MasterClient master, InstanceId killed, ImmutableSortedDictionary<InstanceId, int> before, CancellationToken stop) =>
        UntilAsync(
            master, $"{killed} was killed and is not back", BackWithin,
            status => status.Services.SelectMany(s => s.Instances).FirstOrDefault(i => i.Instance == killed)?.Status is { } found
                && found.IsReady() && found.Crashes > before.GetValueOrDefault(killed),
            stop);

    private static async Task<ImmutableSortedDictionary<InstanceId, int>> CrashesAsync(
        MasterClient master, CancellationToken stop)
    {
        var status = await master.StatusAsync(stop);
        return status.Services.SelectMany(
            s => s.Instances).ToImmutableSortedDictionary(i => i.Instance, i => i.Status?.Crashes ?? 0);
    }
}

/// <summary>The rules of Sudoku, told a second time: a check shares no code with what it checks.</summary>
internal static class SudokuCheck
{
    /// <summary>Null when the solution completes the puzzle.</summary>
    public static string? Problem(string puzzle, string solution)
    {
        if (solution.Length != 81 || solution.Any(c => c is < '1' or > '9'))
        {
            return "it is not 81 digits";
        }

        if (Enumerable.Range(0, 81).Any(i => puzzle[i] is >= '1' and <= '9' && puzzle[i] != solution[i]))
        {
            return "it changes a clue";
        }

        var units = Enumerable.Range(0, 9).SelectMany(u => (IEnumerable<int>[])
        [
            Enumerable.Range(0, 9).Select(i => (u * 9) + i),
            Enumerable.Range(0, 9).Select(i => (i * 9) + u),
            Enumerable.Range(0, 9).Select(i => (((u / 3 * 3) + (i / 3)) * 9) + (u % 3 * 3) + (i % 3)),
        ]);
        return units.Any(
            unit => unit.Select(i => solution[i]).Distinct().Count() != 9) ? "a row, column or box repeats a digit" : null;
    }
}

internal sealed record DemoAnswer(string Solution);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(DemoAnswer))]
[JsonSerializable(typeof(ImmutableArray<string>))]
internal sealed partial class DemoJson : JsonSerializerContext;
