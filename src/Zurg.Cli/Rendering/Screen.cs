using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>
/// Where a verb's words go: results to the output, the rest to the error stream. On a terminal with colours and frames, in a
/// pipe as plain aligned lines.
/// </summary>
internal sealed class Screen(TextWriter output, TextWriter error, bool terminal, bool errorTerminal, bool color, int width)
{
    /// <summary>A person looks at the output.</summary>
    public bool IsTerminal => terminal;

    /// <summary>Whether one line may be rewritten for progress.</summary>
    public bool ShowsProgress => errorTerminal;

    public bool HasColor => color;

    public int Width => width;

    public TextWriter Output => output;

    /// <summary>NO_COLOR (no-color.org) and TERM=dumb are respected; COLUMNS is not: the terminal knows better.</summary>
    public static Screen OfProcess()
    {
        var terminal = !Console.IsOutputRedirected;
        var errorTerminal = !Console.IsErrorRedirected;
        var dumb = Environment.GetEnvironmentVariable("TERM") is null or "" or "dumb";
        var color = !dumb && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        var output = new StreamWriter(Console.OpenStandardOutput(), bufferSize: 16_384) { AutoFlush = terminal, NewLine = "\n" };
        var error = new StreamWriter(Console.OpenStandardError()) { AutoFlush = true, NewLine = "\n" };
        return new Screen(
            output, error, terminal && !dumb, errorTerminal && !dumb, color && terminal, terminal ? WidthOfTerminal() : 0);
    }

    public void Line(params ReadOnlySpan<Span> spans)
    {
        output.WriteLine(TextOf([.. spans]));
        output.Flush();
    }

    public void Show(ImmutableArray<Block> view)
    {
        if (terminal)
        {
            TerminalView.Write(view, this);
        }
        else
        {
            PlainView.Write(view, output);
        }

        output.Flush();
    }

    public void Json<T>(T value, JsonTypeInfo<T> type)
    {
        output.WriteLine(JsonSerializer.Serialize(value, type));
        output.Flush();
    }

    /// <summary>
    /// Indented, for one answer; a stream's items go one to a line by <see cref="Json{T}(T, JsonTypeInfo{T})"/>.
    /// </summary>
    public void Json<T>(T value) => Json(value, (JsonTypeInfo<T>)WireJson.Indented.GetTypeInfo(typeof(T))!);

    public void Error(string text) =>
        error.WriteLine((errorTerminal && color ? "\e[1;31merror:\e[0m " : "error: ") + Harmless.Of(text));

    /// <summary>What to do next, below an error.</summary>
    public void Hint(string text) => error.WriteLine($"  → {Harmless.Of(text)}");

    /// <summary>Something beside the result: progress in words, a remark.</summary>
    public void Note(string text)
    {
        error.WriteLine(Harmless.Of(text));
    }

    /// <summary>Rewrites the one progress line; empty text removes it. Nothing where nobody looks.</summary>
    public void Progress(string text)
    {
        if (errorTerminal)
        {
            text = Harmless.Of(text);
            error.Write(
                text.Length == 0 ? "\r\e[K" : $"\r\e[K{(text.Length >= width && width > 1 ? text[..(width - 1)] : text)}");
        }
    }

    public string TextOf(ImmutableArray<Span> spans) => string.Concat(spans.Select(s => color ? Colored(s) : s.Text));

    private static string Colored(Span span) => span.Tone switch
    {
        Tone.Plain => span.Text,
        Tone.Strong => $"\e[1m{span.Text}\e[0m",
        Tone.Faint => $"\e[2m{span.Text}\e[0m",
        Tone.Good => $"\e[32m{span.Text}\e[0m",
        Tone.Warn => $"\e[33m{span.Text}\e[0m",
        Tone.Bad => $"\e[31m{span.Text}\e[0m",
    };

    private static int WidthOfTerminal()
    {
        try
        {
            return Console.WindowWidth is > 0 and var width ? width : 80;
        }
        catch (IOException)
        {
            return 80;
        }
    }
}
