using System.Text;

namespace Zurg.E2E;

/// <summary>What programs that answer over HTTP have alike. python3 runs them.</summary>
internal static class PythonServer
{
    /// <summary>
    /// The program says what it answers, in a class of its own, and then serve(that class): on the instance's port, without a
    /// log, and with room for a burst of clients.
    /// </summary>
    private const string Head = """
        import http.server, os

        class Handler(http.server.BaseHTTPRequestHandler):
            def reply(self, body, status=200):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *rest):
                pass

        class Many(http.server.ThreadingHTTPServer):
            request_queue_size = 128

        def serve(handler):
            Many(("127.0.0.1", int(os.environ["PORT_HTTP"])), handler).serve_forever()


        """;

    /// <param name="version">Makes the file of one release differ from that of another.</param>
    public static byte[] Script(string version, string program) =>
        Encoding.UTF8.GetBytes($"#!/usr/bin/python3 -Bu\n# {version}\n{Head}{program}");
}
