using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace Zurg.Cli.Demo;

/// <param name="Slowest99">Of the answers of the last seconds: one of a hundred took longer. Null: there were none.</param>
internal sealed record LoadCount(int Answered, int Failed, TimeSpan? Slowest99)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Answered} requests answered, {Failed} failed")
        + (Slowest99 is { } slow ? string.Create(CultureInfo.InvariantCulture, $", p99 {slow.TotalMilliseconds:0} ms") : "");
}

/// <summary>
/// People who have puzzles solved through the web front, one after the other, all the time. Each answer is checked by the rules
/// of the game, nothing is tried twice: whatever is no right answer has failed.
/// </summary>
internal sealed class DemoLoad(HttpClient web, ImmutableArray<string> puzzles, TimeProvider time)
{
    /// <summary>Enough that some request is always under way, few enough to leave a small machine its breath.</summary>
    private const int People = 4;

    private const int FailuresKept = 5;

    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(100);

    /// <summary>What p99 looks back to.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Queue<(long At, TimeSpan Took)> _recent = [];
    private readonly List<string> _failures = [];
    private int _next = -1;
    private int _answered;
    private int _failed;
    private string _during = "";

    /// <summary>What goes on meanwhile, for the failures' sake.</summary>
    public string During
    {
        set
        {
            lock (_lock)
            {
                _during = value;
            }
        }
    }

    public LoadCount Count
    {
        get
        {
            lock (_lock)
            {
                Forget(time.GetTimestamp());
                var times = _recent.Select(r => r.Took).Order().ToArray();
                return new LoadCount(_answered, _failed, times.Length == 0 ? null : times[(times.Length * 99 - 1) / 100]);
            }
        }
    }

    /// <summary>The first few, each with what went on then.</summary>
    public ImmutableArray<string> Failures
    {
        get
        {
            lock (_lock)
            {
                return [.. _failures];
            }
        }
    }

    /// <summary>Until it is stopped; what is under way then is finished first.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, People).Select(_ => SolveAsync(stop)));

    private async Task SolveAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var puzzle = puzzles[Interlocked.Increment(ref _next) % puzzles.Length];
            var asked = time.GetTimestamp();
            Note(await ProblemAsync(puzzle), asked);
            await Task.WhenAny(Task.Delay(Rest, time, stop)); // its end, not its result
        }
    }

    /// <summary>Null for a right answer.</summary>
    private async Task<string?> ProblemAsync(string puzzle)
    {
        try
        {
            using var content = new StringContent(puzzle);
            using var answer = await web.PostAsync(new Uri("/api/solve", UriKind.Relative), content, CancellationToken.None);
            var text = await answer.Content.ReadAsStringAsync(CancellationToken.None);
            if (!answer.IsSuccessStatusCode)
            {
                return $"the web front answered {(int)answer.StatusCode} to {puzzle}: {text}";
            }

            var solution = JsonSerializer.Deserialize(text, DemoJson.Default.DemoAnswer)?.Solution ?? "";
            return SudokuCheck.Problem(puzzle, solution) is { } problem
                ? $"a wrong answer to {puzzle}: {solution}: {problem}"
                : null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            return $"no answer to {puzzle}: {e.Message}";
        }
        catch (OperationCanceledException)
        {
            return $"no answer to {puzzle} within {web.Timeout.TotalSeconds:0} s";
        }
    }

    private void Note(string? problem, long asked)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (problem is null)
            {
                _answered++;
                _recent.Enqueue((now, time.GetElapsedTime(asked, now)));
            }
            else
            {
                _failed++;
                if (_failures.Count < FailuresKept)
                {
                    _failures.Add($"during {_during}: {problem}");
                }
            }

            Forget(now);
        }
    }

    private void Forget(long now)
    {
        while (_recent.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At, now) > Window)
        {
            _recent.Dequeue();
        }
    }
}
