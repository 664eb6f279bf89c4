using System.Collections.Immutable;

namespace Zurg.Cli.Rendering;

/// <summary>A view as plain lines, columns aligned with two spaces: for pipes, logs and tests.</summary>
internal static class PlainView
{
    public static void Write(ImmutableArray<Block> view, TextWriter output)
    {
        foreach (var block in view)
        {
            switch (block)
            {
                case Block.Line line:
                    output.WriteLine(line.Text);
                    break;
                case Block.Table table:
                    Write(table, output);
                    break;
            }
        }
    }

    public static string TextOf(ImmutableArray<Block> view)
    {
        using var writer = new StringWriter { NewLine = "\n" };
        Write(view, writer);
        return writer.ToString();
    }

    private static void Write(Block.Table table, TextWriter output)
    {
        var widths = table.Columns
            .Select((column, i) => table.Rows.Select(r => r[i].Text.Length).Append(column.Length).Max())
            .ToImmutableArray();
        output.WriteLine(Aligned(table.Columns, widths));
        foreach (var row in table.Rows)
        {
            output.WriteLine(Aligned([.. row.Select(c => c.Text)], widths));
        }
    }

    private static string Aligned(ImmutableArray<string> cells, ImmutableArray<int> widths) =>
        string.Join("  ", cells.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd();
}
