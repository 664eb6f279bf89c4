using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Zurg.Cli.Client;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Demo;

/// <summary>What a check found; its text is the last line of zurg demo --check.</summary>
internal sealed record DemoOutcome(int Puzzles, int Restarts, TimeSpan Converged)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"demo ok: {Puzzles} puzzles, {Restarts} restarts, {Converged.TotalSeconds:0.0} s to converge");
}

/// <summary>
/// Solves puzzles through the web front while one solver is killed, and checks every answer by the rules of the game.
/// </summary>
internal static class DemoCheck
{
    private const int PuzzlesLeast = 200;

    /// <summary>Requests at a time: enough to keep three solvers busy.</summary>
    private const int AtOnce = 6;

    /// <summary>The kill comes when so many are solved.</summary>
    private const int KillAfter = 50;

    /// <summary>The kernel counts starts in hundredths of a second from a boot time that is known to the second.</summary>
    private static readonly TimeSpan StartsApartMax = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan BackWithin = TimeSpan.FromSeconds(30);

    public static async Task<DemoOutcome> RunAsync(
        MasterClient master, Uri web, TimeSpan converged, Screen screen, CancellationToken stop)
    {
        using var http = new HttpClient(
            new SocketsHttpHandler { UseProxy = false }) { BaseAddress = web, Timeout = TimeSpan.FromSeconds(30) };
        var puzzles = await http.GetFromJsonAsync("/api/puzzles", DemoJson.Default.ImmutableArrayString, stop);
        if (puzzles.Length < PuzzlesLeast)
        {
            throw new VerbFailedException($"the web front knows {puzzles.Length} puzzles; the check wants {PuzzlesLeast}");
        }

        var before = await CrashesAsync(master, stop);
        var solved = 0;
        Task<InstanceId>? killing = null;
        await Parallel.ForEachAsync(
            puzzles, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop }, async (puzzle, ending) =>
            {
                await SolveAsync(http, puzzle, ending);
                var count = Interlocked.Increment(ref solved);
                screen.Progress($"solved {count} of {puzzles.Length} …");
                if (count == KillAfter)
                {
                    killing = KillAsync(master, screen, ending);
                }
            });
        screen.Progress("");
        var killed = await killing!;
        await BackAsync(master, killed, before, stop);
        return new DemoOutcome(solved, (await CrashesAsync(master, stop)).Values.Sum() - before.Values.Sum(), converged);
    }

    private static async Task SolveAsync(HttpClient http, string puzzle, CancellationToken stop)
    {
        using var content = new StringContent(puzzle);
        using var answer = await http.PostAsync(new Uri("/api/solve", UriKind.Relative), content, stop);
        var text = await answer.Content.ReadAsStringAsync(stop);
        if (!answer.IsSuccessStatusCode)
        {
            throw new VerbFailedException($"the web front answered {(int)answer.StatusCode} to {puzzle}: {text}");
        }

        var solution = JsonSerializer.Deserialize(text, DemoJson.Default.DemoAnswer)?.Solution ?? "";
        if (SudokuCheck.Problem(puzzle, solution) is { } problem)
        {
            throw new VerbFailedException($"a wrong answer to {puzzle}: {solution}: {problem}");
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

    private static async Task BackAsync(
        MasterClient master, InstanceId killed, ImmutableSortedDictionary<InstanceId, int> before, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(BackWithin);
        try
        {
            await foreach (var status in master.WatchStatusAsync(patience.Token))
            {
                var found = status.Services.SelectMany(s => s.Instances).FirstOrDefault(i => i.Instance == killed)?.Status;
                if (found is not null && found.IsReady() && found.Crashes > before.GetValueOrDefault(killed))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new VerbFailedException(
                $"{killed} was killed and is not back after {Measures.Age(BackWithin)}", "zurg explain sudoku-solver says why");
        }
    }

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
