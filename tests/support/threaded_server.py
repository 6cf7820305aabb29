"""An HTTP server of the test's own that answers each connection on a thread, so that one that hangs holds up no other."""
import http.server
import socket
import socketserver
import threading


class Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass  # a handler that hung is cut off in the end


class Restarted:
    """A process that others may find gone, and later again on the same port. `serve(call)` answers a GET."""

    def __init__(self):
        self.open, self.port = set(), 0

    def start(self):
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            server_version, sys_version = "", ""

            def setup(self):
                super().setup()
                server.open.add(self.connection)

            def finish(self):
                server.open.discard(self.connection)
                super().finish()

            def do_GET(self):
                try:
                    server.serve(self)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_):
                pass

        self.http = Threads(("127.0.0.1", self.port), Handler)
        self.port = self.http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self):
        """The process is gone: no listener, and connected clients are cut off."""
        self.http.shutdown()
        self.http.server_close()
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
