namespace Sudoku.Tests;

public sealed class SudokuRulesTests
{
    private const string Blanks = ".................................................................................";
    private const string Solution = "123456789456789123789123456214365897365897214897214365531642978642978531978531642";

    [Fact]
    public void Eighty_one_cells_without_a_duplicate_are_a_puzzle()
    {
        Assert.Null(SudokuRules.Problem(Blanks));
        Assert.Null(SudokuRules.Problem(Blanks.Replace('.', '0')));
        Assert.Null(SudokuRules.Problem(Solution));
    }

    [Theory]
    [InlineData("", "has 0")]
    [InlineData(Blanks + ".", "has 82")]
    public void A_wrong_length_is_named(string puzzle, string words) => Assert.Contains(words, SudokuRules.Problem(puzzle));

    [Theory]
    [InlineData(0, 'x', "Position 1 holds 'x'")]
    [InlineData(80, ' ', "Position 81 holds U+0020")]
    public void A_bad_character_is_named_with_its_position(int cell, char bad, string words) =>
        Assert.Contains(words, SudokuRules.Problem(Changed(Blanks, (cell, bad))));

    [Theory]
    [InlineData(18, 26, "two 5s in row 3")]
    [InlineData(3, 75, "two 5s in column 4")]
    [InlineData(60, 70, "two 5s in box 9")]
    public void A_digit_twice_in_a_unit_is_named_with_the_unit(int one, int other, string words) =>
        Assert.Contains(words, SudokuRules.Problem(Changed(Blanks, (one, '5'), (other, '5'))));

    [Fact]
    public void A_full_grid_by_the_rules_solves_every_puzzle_whose_clues_it_keeps()
    {
        Assert.Null(SudokuRules.Problem(Blanks, Solution));
        Assert.Null(SudokuRules.Problem(Changed(Blanks, (40, Solution[40])), Solution));
    }

    [Fact]
    public void An_answer_that_changes_a_clue_leaves_a_blank_or_breaks_a_rule_is_refused()
    {
        Assert.Contains("Position 1 is 9 in the puzzle", SudokuRules.Problem(Changed(Blanks, (0, '9')), Solution));
        Assert.Contains("Position 5 of the solution is blank", SudokuRules.Problem(Blanks, Changed(Solution, (4, '.'))));
        Assert.Contains("two 2s in row 1", SudokuRules.Problem(Blanks, Changed(Solution, (0, '2'))));
    }

    private static string Changed(string cells, params (int Cell, char Value)[] changes)
    {
        var changed = cells.ToCharArray();
        foreach (var (cell, value) in changes)
        {
            changed[cell] = value;
        }

        return new string(changed);
    }
}
