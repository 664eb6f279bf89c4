using System.Collections.Immutable;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Zurg.Cli.Rendering;

/// <summary>A view on a terminal. The only code that loads Spectre.Console, so that a verb in a pipe starts faster.</summary>
internal static class TerminalView
{
    public static void Write(ImmutableArray<Block> view, Screen screen) =>
        ConsoleOf(screen).Write(new Rows(view.Select(Renderable)));

    /// <summary>Shows each view in place of the one before until the views end.</summary>
    public static async Task ShowLiveAsync(
        IAsyncEnumerable<ImmutableArray<Block>> views, Screen screen, CancellationToken stop) =>
        await ConsoleOf(screen).Live(new Text("")).AutoClear(false).Overflow(VerticalOverflow.Ellipsis).StartAsync(async live =>
        {
            await foreach (var view in views.WithCancellation(stop))
            {
                live.UpdateTarget(new Rows(view.Select(Renderable)));
            }
        });

    private static IAnsiConsole ConsoleOf(Screen screen)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.Yes,
            ColorSystem = screen.HasColor ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.Yes,
            Out = new AnsiConsoleOutput(screen.Output),
            // Enrichment looks for a dozen CI systems; a terminal is a terminal.
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        console.Profile.Width = Math.Max(screen.Width, 40);
        return console;
    }

    private static IRenderable Renderable(Block block) => block switch
    {
        Block.Line line => line.Spans.Aggregate(new Paragraph(), (p, s) => p.Append(s.Text, StyleOf(s.Tone))),
        Block.Table table => TableOf(table),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static Table TableOf(Block.Table block)
    {
        var table = new Table { Border = TableBorder.Rounded, BorderStyle = new Style(Color.Grey) };
        foreach (var column in block.Columns)
        {
            table.AddColumn(
                new TableColumn(new Text(column.ToLowerInvariant(), new Style(decoration: Decoration.Bold))) { NoWrap = true });
        }

        foreach (var row in block.Rows)
        {
            table.AddRow(row.Select(IRenderable (c) => new Text(c.Text, StyleOf(c.Tone))));
        }

        return table;
    }

    private static Style StyleOf(Tone tone) => tone switch
    {
        Tone.Plain => Style.Plain,
        Tone.Strong => new Style(decoration: Decoration.Bold),
        Tone.Faint => new Style(Color.Grey),
        Tone.Good => new Style(Color.Green),
        Tone.Warn => new Style(Color.Olive),
        Tone.Bad => new Style(Color.Maroon),
    };
}
