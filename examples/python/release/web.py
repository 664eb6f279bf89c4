"""An HTTP/1.1 server for both services of this example: counts what is under way, and ends gracefully."""
import http.server, os, signal, sys, threading, zurg


def serve(answer):
    """Serves PORT_HTTP until SIGTERM. `answer` makes the text of an answer out of a path."""
    me = zurg.Self()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self):
            if self.path == "/healthz":  # the probe's: not a request of anybody
                self.reply(200, "ok\n")
                return
            with me.request() as accepted:
                if not accepted:
                    self.reply(503, "another one answers now\n", {"zurg-draining": f"{os.environ['ZURG_INSTANCE']}; refused"})
                    return
                try:
                    self.reply(200, answer(self.path))
                except (OSError, zurg.NoEndpoint) as e:
                    self.reply(502, f"{type(e).__name__}: {e}\n")

        def reply(self, status, text, headers={}):
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            if me.draining:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, format, *args):
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 512

    server = Server(("127.0.0.1", int(os.environ["PORT_HTTP"])), Handler)
    # When SIGTERM comes nothing is under way any more: Zurg has waited for that.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"{os.environ['ZURG_INSTANCE']} serves port {os.environ['PORT_HTTP']}", file=sys.stderr, flush=True)
    server.serve_forever(poll_interval=0.05)
