using System.Globalization;
using Sudoku;
using Sudoku.Generator;

// The puzzle set of the example: sudoku-generator puzzles.txt [COUNT [SEED]] writes COUNT puzzles, one line of 81 each.
// The same seed gives the same file. About a minute for the 300 that are checked in.
if (args is not [var path, ..])
{
    await Console.Error.WriteLineAsync("usage: sudoku-generator FILE [COUNT [SEED]]");
    return 2;
}

var count = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 300;
var seed = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 1;
using var interrupt = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    interrupt.Cancel();
};

// Every stretch of the file holds all kinds, so the first N of it are as mixed as the whole: of ten puzzles three are easy,
// three are harder, four are minimal; of each fifty the last is thinned out as far as the search gets.
var maker = new PuzzleMaker(new Random(seed));
var puzzles = new List<Grid>();
while (puzzles.Count < count)
{
    var puzzle = (puzzles.Count % 50, puzzles.Count % 10) switch
    {
        (49, _) => maker.MakeThin(interrupt.Token),
        (_, < 3) => maker.Make(clues: 36 + puzzles.Count % 5, interrupt.Token),
        (_, < 6) => maker.Make(clues: 27 + puzzles.Count % 5, interrupt.Token),
        _ => maker.Make(clues: 0, interrupt.Token),
    };
    if (!puzzles.Contains(puzzle))
    {
        puzzles.Add(puzzle);
    }
}

await File.WriteAllLinesAsync(path, puzzles.Select(puzzle => puzzle.ToString()), interrupt.Token);
foreach (var clues in puzzles.GroupBy(puzzle => puzzle.Clues).OrderBy(group => group.Key))
{
    await Console.Out.WriteLineAsync($"{clues.Key} clues: {clues.Count()}");
}

return 0;
