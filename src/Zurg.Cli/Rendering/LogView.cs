using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Lines of logs; of several instances each with the instance's name before it.</summary>
internal sealed class LogView(Screen screen, bool prefixed, bool json)
{
    public void Write(ImmutableArray<LogLine> lines)
    {
        foreach (var line in lines)
        {
            WriteLine(line);
        }

        if (!lines.IsEmpty)
        {
            screen.Output.Flush();
        }
    }

    /// <summary>All of them, flushed at the end.</summary>
    public async Task WriteAsync(IAsyncEnumerable<LogLine> lines)
    {
        await foreach (var line in lines)
        {
            WriteLine(line);
        }

        screen.Output.Flush();
    }

    /// <summary>About an instance, beside its lines.</summary>
    public void Note(string text)
    {
        screen.Output.Flush();
        screen.Note(text);
    }

    private void WriteLine(LogLine line)
    {
        if (json)
        {
            var at = line.At is { } time ? $"\"at\":\"{time.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ}\"," : "";
            var text = JsonSerializer.Serialize(line.Text, LogJson.Default.String);
            screen.Output.WriteLine($"{{\"instance\":\"{line.Instance}\",{at}\"line\":{text}}}");
        }
        else
        {
            screen.Output.WriteLine(
                prefixed ? screen.TextOf([new Span($"{line.Instance} | ", ToneOf(line.Instance))]) + line.Text : line.Text);
        }
    }

    private static Tone ToneOf(InstanceId instance) => (instance.Index % 3) switch
    {
        0 => Tone.Good,
        1 => Tone.Warn,
        _ => Tone.Strong,
    };
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class LogJson : System.Text.Json.Serialization.JsonSerializerContext;
