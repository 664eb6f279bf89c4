using System.Text;
using Zurg.Cli.Client;

namespace Zurg.Tests.Cli.Client;

public sealed class EscapeKeysTests
{
    [Theory]
    [InlineData("ls -l ~/x\r", "ls -l ~/x\r")]
    [InlineData("~.", null)]
    [InlineData("ls\r~.", null)]
    [InlineData("ls\n~.", null)]
    [InlineData("ls~.\r", "ls~.\r")]
    [InlineData("~~.\r", "~.\r")]
    [InlineData("~~~.", "~~.")]
    [InlineData("~/bin/x\r", "~/bin/x\r")]
    [InlineData("~\r~.", null)]
    [InlineData("~", "")]
    [InlineData("\u0003\u0004\u001c\u001a", "\u0003\u0004\u001c\u001a")]
    public void Only_a_tilde_at_the_beginning_of_a_line_is_special(string typed, string? passed)
    {
        Assert.Equal(passed, PassedOn(typed, together: true));
        Assert.Equal(passed, PassedOn(typed, together: false));
    }

    private static string? PassedOn(string typed, bool together)
    {
        var keys = new EscapeKeys();
        var passed = new StringBuilder();
        foreach (var piece in together ? [typed] : typed.Select(c => c.ToString()))
        {
            if (keys.Pass(Encoding.ASCII.GetBytes(piece)) is not { } bytes)
            {
                return null;
            }

            passed.Append(Encoding.ASCII.GetString(bytes));
        }

        return passed.ToString();
    }
}
