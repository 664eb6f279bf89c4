using System.Text.Json;
using Zurg.Cli.Client;
using Zurg.Protocol;

namespace Zurg.Cli.Rendering;

/// <summary>Lines of logs; of several instances each with the instance's name before it.</summary>
internal sealed class LogView(Screen screen, bool prefixed, bool json)
{
    private readonly Lock gate = new();

    public void Write(InstanceId instance, LogTail tail)
    {
        // Several instances are followed at once; a line stays whole.
        lock (gate)
        {
            foreach (var line in tail.Lines)
            {
                WriteLine(instance, line);
            }

            if (tail.Problem is { } problem)
            {
                screen.Note($"{instance}: {problem}");
            }

            screen.Output.Flush();
        }
    }

    private void WriteLine(InstanceId instance, string line)
    {
        if (json)
        {
            screen.Output.WriteLine(
                $"{{\"instance\":\"{instance}\",\"line\":{JsonSerializer.Serialize(line, LogJson.Default.String)}}}");
        }
        else
        {
            screen.Output.WriteLine(prefixed ? screen.TextOf([new Span($"{instance} | ", ToneOf(instance)), line]) : line);
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
