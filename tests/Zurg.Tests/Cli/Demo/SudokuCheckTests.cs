using Zurg.Cli.Demo;

namespace Zurg.Tests.Cli.Demo;

public sealed class SudokuCheckTests
{
    private const string Solved = "534678912672195348198342567859761423426853791713924856961537284287419635345286179";

    [Fact]
    public void A_right_answer_passes() => Assert.Null(SudokuCheck.Problem("5" + new string('.', 80), Solved));

    [Fact]
    public void A_changed_clue_is_found() => Assert.NotNull(SudokuCheck.Problem("4" + new string('.', 80), Solved));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 9)]
    [InlineData(40, 80)]
    public void Two_swapped_cells_are_found(int a, int b)
    {
        var cells = Solved.ToCharArray();
        (cells[a], cells[b]) = (cells[b], cells[a]);
        Assert.NotNull(SudokuCheck.Problem(new string('.', 81), new string(cells)));
    }

    [Fact]
    public void A_short_answer_is_found() => Assert.NotNull(SudokuCheck.Problem(new string('.', 81), ""));
}
