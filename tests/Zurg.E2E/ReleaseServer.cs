namespace Zurg.E2E;

/// <summary>A service called web that answers with its release; a signal ends it at once, whatever it is doing.</summary>
internal static class ReleaseServer
{
    private const string Program = """
        import time

        class Web(Handler):
            def do_GET(self):
                time.sleep(0.02)
                self.reply(os.environ["ZURG_RELEASE"].encode())

        serve(Web)

        """;

    public static async Task PushAsync(ProcessCluster cluster, params string[] versions)
    {
        foreach (var version in versions)
        {
            Assert.True(await cluster.TryPushAsync("web", version, ("run", PythonServer.Script(version, Program))));
        }
    }
}
