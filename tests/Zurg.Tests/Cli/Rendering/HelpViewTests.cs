using System.CommandLine;
using System.Text;
using Zurg.Cli.Rendering;
using Zurg.Cli.Verbs;
using Zurg.Tests.Tidy;

namespace Zurg.Tests.Cli.Rendering;

public sealed class HelpViewTests
{
    private const string Page = "docs/cli.md";

    /// <summary>Re-record on purpose: ZURG_RECORD=1 ./test --filter HelpView</summary>
    [Fact]
    public void The_page_of_every_verb_says_what_help_says()
    {
        var text = new StringBuilder("# Every verb\n\nWhat `zurg VERB --help` says; generated from it.\n");
        foreach (var entry in VerbTable.All)
        {
            Write(text, entry.Build(), $"zurg {entry.Name}", "##");
        }

        if (Environment.GetEnvironmentVariable("ZURG_RECORD") == "1")
        {
            File.WriteAllText(Path.Combine(Repository.Root, Page), text.ToString());
        }

        Assert.Equal(Repository.Read(Page), text.ToString());
    }

    [Fact]
    public void Every_verb_has_a_summary_and_an_example() => Assert.All(VerbTable.All.SelectMany(e => Verbs(e.Build())), verb =>
    {
        Assert.NotEmpty(verb.Description!);
        Assert.NotEmpty(verb.Examples);
    });

    private static IEnumerable<Verb> Verbs(Command command) =>
        command is Verb verb ? [verb] : command.Subcommands.SelectMany(Verbs);

    private static void Write(StringBuilder text, Command command, string path, string heading)
    {
        text.Append('\n').Append(heading).Append(' ').Append(path).Append("\n\n```\n");
        foreach (var line in HelpView.Lines(command, path))
        {
            text.Append(line).Append('\n');
        }

        text.Append("```\n");
        foreach (var below in command.Subcommands)
        {
            Write(text, below, $"{path} {below.Name}", heading + "#");
        }
    }
}
