using System.Collections.Immutable;

namespace Zurg.E2E;

/// <summary>The service "web" of a <see cref="HeldCluster"/>, and how it is asked.</summary>
/// <param name="Update">The text of its update policy.</param>
internal sealed record HeldService(string Update)
{
    /// <summary>
    /// Answers with its release; a signal ends it at once, whatever it is doing. Who finds another process of its instance alive
    /// writes that down. While "hold-start-RELEASE" is there it does not listen; while "hold-requests" is, /slow is not answered.
    /// With "hold-short-RELEASE" it ends by itself a moment after its first answer. With "hold-mute-RELEASE" its probe is not
    /// answered, with "hold-flap-RELEASE" it passes and fails by turns, a second each.
    /// </summary>
    private const string Program = """
        import fcntl, threading, time
        shared, me, release = (os.environ[name] for name in ("E2E_SHARED", "ZURG_INSTANCE", "ZURG_RELEASE"))
        probed = []

        def held(what):
            return os.path.exists(f"{shared}/{what}")

        alone = os.open(f"{shared}/{me}.lock", os.O_CREAT | os.O_RDWR)
        try:
            fcntl.flock(alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with open(shared + "/doubled", "a") as doubled:
                doubled.write(f"{me} with {release}\n")
        while held("hold-start-" + release):
            time.sleep(0.02)

        class Web(Handler):
            def do_GET(self):
                time.sleep(0.02)
                while self.path == "/slow" and held("hold-requests"):
                    time.sleep(0.02)
                self.reply(release.encode(), 200 if self.path != "/healthz" or self.is_well() else 503)
                if held("hold-short-" + release):
                    threading.Timer(0.3, lambda: os._exit(3)).start()

            def is_well(self):
                while held("hold-mute-" + release):
                    time.sleep(0.02)
                if not held("hold-flap-" + release):
                    return True
                probed.append(time.monotonic())
                return int(probed[-1] - probed[0]) % 2 == 0

        serve(Web)

        """;

    public int Instances { get; init; } = 3;

    public string Run { get; init; } = "run";

    public string Probe { get; init; } = "http: /healthz, port: http, every: 200ms";

    /// <summary>Of each request of the load: where programs die, their requests die with them, and one is not enough.</summary>
    public int Attempts { get; init; } = 1;

    /// <summary>So long a request of the load waits while nobody is listed; null: as long as usual.</summary>
    public TimeSpan? WaitForEndpoint { get; init; }

    /// <summary>By version.</summary>
    public Func<string, ImmutableArray<(string Path, byte[] Bytes)>> Files { get; init; } =
        version => [("run", PythonServer.Script(version, Program))];
}
