"""An HTTP server of the test's own that answers each connection on a thread, so that one that hangs holds up no other."""
import http.server
import socketserver


class Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass  # whoever hung is cut off in the end
