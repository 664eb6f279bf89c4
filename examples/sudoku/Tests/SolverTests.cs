using System.Diagnostics;
using Xunit.Abstractions;

namespace Sudoku.Tests;

public sealed class SolverTests(ITestOutputHelper output)
{
    // What a longer walk of the generator found; 17 is the least that any puzzle has.
    private const string EighteenClues = "...6.98...7.......5....8.............43.........9.16......3..471........9...7...8";

    private static readonly CancellationToken Stop = CancellationToken.None;

    [Fact]
    public void The_puzzle_set_has_300_different_puzzles_of_all_kinds()
    {
        Assert.Equal(300, PuzzleFile.Puzzles.Distinct().Count());
        Assert.Contains(PuzzleFile.Puzzles, puzzle => puzzle.Clues <= 20);
        Assert.Contains(PuzzleFile.Puzzles, puzzle => puzzle.Clues >= 36);
    }

    [Fact]
    public void Release_1_0_0_solves_the_whole_set_and_finds_each_solution_to_be_the_only_one() =>
        SolvesTheWholeSet(new BacktrackingSolver());

    [Fact]
    public void Release_1_1_0_solves_the_whole_set_and_finds_each_solution_to_be_the_only_one() =>
        SolvesTheWholeSet(new PropagatingSolver());

    [Fact]
    public void Release_1_1_0_solves_the_puzzles_with_the_fewest_clues_in_milliseconds()
    {
        var solver = new PropagatingSolver();
        foreach (var puzzle in PuzzleFile.Puzzles.Add(Grid.Parse(EighteenClues)).OrderBy(puzzle => puzzle.Clues).Take(10))
        {
            // The best of five: the machine may be busy, but not five times in a row.
            var best = Enumerable.Range(0, 5).Min(_ => Elapsed(() => solver.Solve(puzzle, solutionsMax: 2, Stop)));
            Assert.Single(solver.Solve(puzzle, solutionsMax: 2, Stop));
            output.WriteLine($"{puzzle.Clues} clues: {best.TotalMilliseconds} ms");
            Assert.InRange(best, TimeSpan.Zero, TimeSpan.FromMilliseconds(20));
        }
    }

    [Fact]
    public void Release_1_2_0_fails_for_2_to_8_per_cent_of_the_set_and_is_right_about_the_others()
    {
        var solver = new PooledSolver();
        var failures = 0;
        foreach (var puzzle in PuzzleFile.Puzzles)
        {
            try
            {
                Assert.Null(SudokuRules.Problem(puzzle.ToString(), Assert.Single(solver.Solve(puzzle, 2, Stop)).ToString()));
            }
            catch (ArgumentOutOfRangeException)
            {
                failures++;
            }
        }

        var perCent = 100.0 * failures / PuzzleFile.Puzzles.Length;
        output.WriteLine($"{perCent} %");
        Assert.InRange(perCent, 2, 8);
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_puzzle_that_contradicts_itself_has_no_solution(ISolver solver)
    {
        // Row 1 leaves only the 9 for its last cell, and column 9 has one already.
        var puzzle = Grid.Parse("12345678." + new string('.', 8) + "9" + new string('.', 63));
        Assert.Empty(solver.Solve(puzzle, 2, Stop));
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_puzzle_with_many_solutions_gives_as_many_as_asked_for_and_all_are_different(ISolver solver)
    {
        var solutions = solver.Solve(Grid.Empty, 3, Stop);
        Assert.Equal(3, solutions.Distinct().Count());
        Assert.All(solutions, solution => Assert.Null(SudokuRules.Problem(Grid.Empty.ToString(), solution.ToString())));
    }

    [Theory]
    [MemberData(nameof(Solvers))]
    public void A_search_stops_when_it_is_told_to(ISolver solver) =>
        Assert.Throws<OperationCanceledException>(() => solver.Solve(Grid.Empty, 1, new CancellationToken(canceled: true)));

    public static TheoryData<ISolver> Solvers => [new BacktrackingSolver(), new PropagatingSolver()];

    private void SolvesTheWholeSet(ISolver solver)
    {
        var slowest = TimeSpan.Zero;
        var all = Elapsed(() =>
        {
            foreach (var puzzle in PuzzleFile.Puzzles)
            {
                var one = Elapsed(() => Assert.Null(
                    SudokuRules.Problem(puzzle.ToString(), Assert.Single(solver.Solve(puzzle, 2, Stop)).ToString())));
                slowest = one > slowest ? one : slowest;
            }
        });
        output.WriteLine($"all: {all.TotalMilliseconds} ms, the slowest: {slowest.TotalMilliseconds} ms");
    }

    private static TimeSpan Elapsed(Action action)
    {
        var started = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(started);
    }
}
