using System.Collections.Immutable;

namespace Zurg.Cli.Rendering;

/// <summary>How a piece of text is meant; a terminal shows it as a colour.</summary>
internal enum Tone
{
    Plain,
    Strong,
    Faint,
    Good,
    Warn,
    Bad,
}

/// <summary>
/// Text with its tone. It may come from anywhere (an author's name, an agent's sentence): what would move a terminal's cursor,
/// change its title or turn its letters round is shown as a mark instead.
/// </summary>
internal readonly record struct Span(string Text, Tone Tone = Tone.Plain)
{
    public string Text { get; } = Harmless.Of(Text);

    public static implicit operator Span(string text) => new(text);
}

/// <summary>What a verb shows, before it is known whether a person or a pipe reads it.</summary>
internal abstract record Block
{
    private Block()
    {
    }

    public sealed record Line(ImmutableArray<Span> Spans) : Block
    {
        public static Line Of(params ReadOnlySpan<Span> spans) => new([.. spans]);

        public string Text => string.Concat(Spans.Select(s => s.Text));
    }

    /// <param name="Columns">Headings.</param>
    /// <param name="Rows">Each as long as the columns.</param>
    public sealed record Table(ImmutableArray<string> Columns, ImmutableArray<ImmutableArray<Span>> Rows) : Block;
}
