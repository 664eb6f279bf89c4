using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Zurg.E2E;

/// <summary>
/// A service called web that answers with its release, counts its requests and refuses when it is told to, as examples/python
/// does, and that witnesses when it accepted what it answered.
/// </summary>
internal static class WitnessServer
{
    /// <summary>
    /// Each request that it has accepted is a line of the file "witness", once it is answered: its release, when it was accepted
    /// and when it was answered, in nanoseconds of a clock that all processes share. While "hold-requests" is there, /slow is not
    /// answered; while "hold-agent" is, who starts hears nothing from its agent.
    /// </summary>
    private const string Program = """
        import time, zurg
        shared, release, agent = (os.environ[name] for name in ("E2E_SHARED", "ZURG_RELEASE", "ZURG_SOCKET"))

        def held(what):
            return os.path.exists(f"{shared}/hold-{what}")

        if held("agent"):
            os.environ["ZURG_SOCKET"] = "/nowhere"
        me = zurg.Self()
        witness = os.open(shared + "/witness", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

        class Web(Handler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                if self.path == "/healthz":
                    if not held("agent"):
                        os.environ["ZURG_SOCKET"] = agent
                    self.answer(200, "ready")
                    return
                with me.request() as accepted:
                    began = time.monotonic_ns()
                    if not accepted:
                        self.answer(503, "refused", "; refused")
                        return
                    time.sleep(0.02)
                    while self.path == "/slow" and held("requests"):
                        time.sleep(0.02)
                    self.answer(200, release)
                    os.write(witness, b"%s %d %d\n" % (release.encode(), began, time.monotonic_ns()))

            def answer(self, status, text, mark=""):
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                if mark or (me.draining and self.path != "/healthz"):
                    self.send_header("Connection", "close")
                    self.send_header("zurg-draining", os.environ["ZURG_INSTANCE"] + mark)
                self.end_headers()
                self.wfile.write(text.encode())
                self.wfile.flush()

        serve(Web)

        """;

    /// <summary>
    /// Two instances of it, changed blue-green. Nobody is listed while a test holds a process between the sides: a request waits
    /// for longer than any test. And who is held is not unready for that.
    /// </summary>
    /// <param name="blueGreen">The text of that policy.</param>
    public static HeldService Service(string blueGreen) => new(Update(blueGreen))
    {
        Instances = 2,
        Probe = "http: /healthz, port: http, every: 200ms, timeout: 60s",
        WaitForEndpoint = TimeSpan.FromMinutes(5),
        Files = version => [("run", PythonServer.Script(version, Program)), ("zurg.py", Library())],
    };

    public static string Update(string blueGreen) => $"{{ bake: 100ms, blue_green: {{ {blueGreen} }} }}";

    /// <summary>The rows of requests that one release accepted without another in between, in order of time.</summary>
    public static ImmutableArray<Side> Sides(ProcessCluster cluster)
    {
        var sides = ImmutableArray.CreateBuilder<Side>();
        var lines = Encoding.ASCII.GetString(ReadShared(cluster.Shared("witness"))).Split('\n');
        foreach (var words in lines[..^1].Select(l => l.Split(' ')).OrderBy(w => Number(w[1])))
        {
            var answered = Number(words[2]);
            if (sides.Count > 0 && sides[^1].Release == words[0])
            {
                sides[^1] = sides[^1] with { LastAnswered = Math.Max(sides[^1].LastAnswered, answered) };
            }
            else
            {
                sides.Add(new Side(words[0], Number(words[1]), answered));
            }
        }

        return sides.ToImmutable();
    }

    /// <summary>Where two releases answered at the same time, in words; null when none did.</summary>
    public static string? Overlap(ImmutableArray<Side> sides)
    {
        foreach (var (before, after) in sides.Zip(sides.Skip(1)))
        {
            if (before.LastAnswered > after.FirstAccepted)
            {
                return $"{before.Release} answered until {before.LastAnswered}, {after.Release} accepted at "
                    + $"{after.FirstAccepted}, among {sides.Length} sides";
            }
        }

        return null;
    }

    /// <summary>These have answered, one after the other, and no two of them at the same time.</summary>
    public static void AssertTurns(ProcessCluster cluster, params string[] releases)
    {
        var sides = Sides(cluster);
        var overlap = Overlap(sides);
        Assert.True(overlap is null, overlap);
        Assert.Equal(releases, sides.Select(s => s.Release));
    }

    /// <summary>What was witnessed so far is forgotten.</summary>
    public static void Forget(ProcessCluster cluster)
    {
        using var witness = new FileStream(
            cluster.Shared("witness"), FileMode.Truncate, FileAccess.Write, FileShare.ReadWrite);
    }

    private static byte[] Library() =>
        File.ReadAllBytes(Path.Combine(ZurgProgram.Root, "examples/python/release/zurg.py"));

    /// <summary>Though it is being written to.</summary>
    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}

/// <param name="FirstAccepted">In nanoseconds since the start of the machine, as is the other.</param>
internal sealed record Side(string Release, long FirstAccepted, long LastAnswered);
