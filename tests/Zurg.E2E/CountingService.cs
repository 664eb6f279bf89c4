using System.Globalization;
using System.Text;
using System.Text.Json;
using Zurg.Protocol;

namespace Zurg.E2E;

/// <summary>A service whose every line is numbered, so that one that is lost, cut or doubled shows. python3 runs it.</summary>
internal static class CountingService
{
    /// <summary>Ready by sd_notify(3); then a numbered line every few milliseconds, one write each.</summary>
    public const string Program = """
        import os, socket, time
        notify = os.environ["NOTIFY_SOCKET"]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.sendto(b"READY=1", "\0" + notify[1:])
        number = 0
        while True:
            number += 1
            os.write(1, b"line %d\n" % number)
            time.sleep(0.005)

        """;

    /// <summary>A pid with the start time of its process (proc_pid_stat(5), field 22).</summary>
    public static (int Pid, string Ticks) StartOf(int pid)
    {
        var stat = File.Exists($"/proc/{pid}/stat") ? File.ReadAllText($"/proc/{pid}/stat") : "";
        return (pid, stat.Length == 0 ? "" : stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19]);
    }

    /// <summary>From the first line to the last that is there now: each once, in order.</summary>
    /// <returns>How many they are.</returns>
    public static async Task<int> CheckLinesAsync(ProcessCluster cluster, InstanceId instance, int atLeast)
    {
        var log = new StringBuilder();
        for (var offset = 0L; ;)
        {
            var asked = string.Create(
                CultureInfo.InvariantCulture, $"/v1/instances/{instance}/logs?offset={offset}&bytes=262144&wait=00:00:00");
            var text = await cluster.Http.GetStringAsync(new Uri(asked, UriKind.Relative));
            var chunk = JsonSerializer.Deserialize(text, WireJson.Default.LogChunk)!;
            Assert.Null(chunk.Problem);
            if (chunk.Text.Length == 0)
            {
                break;
            }

            log.Append(chunk.Text);
            offset = chunk.Next;
        }

        var lines = log.ToString().Split('\n')[..^1];
        Assert.True(lines.Length > atLeast, $"{lines.Length} lines");
        for (var i = 0; i < lines.Length; i++)
        {
            Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"line {i + 1}"), lines[i]);
        }

        return lines.Length;
    }
}
