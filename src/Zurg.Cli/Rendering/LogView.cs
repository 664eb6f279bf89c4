using System.Collections.Immutable;
using System.Text.Json;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Lines of logs; of several instances each with the instance's name before it.</summary>
internal sealed class LogView(Screen screen, bool prefixed, bool json)
{
    private readonly Lock gate = new();

    /// <summary>Of several instances: in the order in which their agents read them, those of one in its own order.</summary>
    public void WriteMerged(IEnumerable<(InstanceId Instance, LogTail Tail)> tails)
    {
        var all = tails.ToList();
        lock (gate)
        {
            foreach (var line in all.SelectMany(t => t.Tail.Lines).OrderBy(l => l.At ?? DateTimeOffset.MinValue))
            {
                WriteLine(line);
            }
        }

        foreach (var (instance, tail) in all)
        {
            Write(instance, [], tail.Problem);
        }
    }

    public void Write(InstanceId instance, ImmutableArray<LogLine> lines, string? problem)
    {
        // Several instances are followed at once; a line stays whole.
        lock (gate)
        {
            foreach (var line in lines)
            {
                WriteLine(line);
            }

            if (problem is not null)
            {
                screen.Note($"{instance}: {problem}");
            }

            screen.Output.Flush();
        }
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
                prefixed ? screen.TextOf([new Span($"{line.Instance} | ", ToneOf(line.Instance)), line.Text]) : line.Text);
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
