namespace Zurg.E2E;

/// <summary>A service called web that answers with its release; a signal ends it at once, whatever it is doing.</summary>
internal static class ReleaseServer
{
    private const string Program = """
        import http.server, os, time

        class Web(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                time.sleep(0.02)
                body = os.environ["ZURG_RELEASE"].encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *rest):
                pass

        class Many(http.server.ThreadingHTTPServer):
            request_queue_size = 128

        Many(("127.0.0.1", int(os.environ["PORT_HTTP"])), Web).serve_forever()

        """;

    public static async Task PushAsync(ProcessCluster cluster, params string[] versions)
    {
        foreach (var version in versions)
        {
            Assert.True(await cluster.TryPushAsync("web", version, $"#!/usr/bin/python3 -u\n# {version}\n{Program}"));
        }
    }
}
