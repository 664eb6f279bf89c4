using Zurg.Cli.Rendering;

namespace Zurg.Tests.Cli.Rendering;

public sealed class HarmlessTests
{
    [Theory]
    [InlineData("plain ü 漢 → text", "plain ü 漢 → text")]
    [InlineData("\u001b[2J\u001b]0;title\u0007", "\uFFFD[2J\uFFFD]0;title\uFFFD")]
    [InlineData("a\nb\tc\rd", "a b\tc\uFFFDd")]
    [InlineData("user\u202Etxt.exe", "user\uFFFDtxt.exe")]
    [InlineData("\u009b31m", "\uFFFD31m")]
    public void What_commands_a_terminal_is_only_marked(string text, string shown) => Assert.Equal(shown, Harmless.Of(text));

    [Fact]
    public void Whatever_is_shown_went_through_it()
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var screen = new Screen(output, error, terminal: false, errorTerminal: false, color: false, width: 0);
        screen.Line("a\u001b[31m");
        screen.Show([new Block.Table(["X"], [["b\u001b[31m"]])]);
        screen.Error("c\u001b[31m");
        screen.Hint("d\u001b[31m");
        screen.Note("e\u001b[31m");
        Assert.DoesNotContain('\u001b', output.ToString() + error);
    }
}
