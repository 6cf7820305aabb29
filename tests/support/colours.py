"""Two releases of a little application that a pipeline can start and stop, and that tell what a pipeline did wrong: a release
that was stopped while it served, or was asked after it was stopped. And clients that ask all the time."""
import http.client
import http.server
import os
import socket
import subprocess
import threading

from running import DEADLINE, until


class Colour:
    """One release. Its port is taken once and for all; stopped, it hangs up on every client."""

    def __init__(self, name):
        self.name = name
        self.up = False
        self.healthy = True
        self.status = 200          # of every answer
        self.smoke = 200           # of /smoke
        self.starts = 0
        self.stops = 0
        self.busy = 0
        self.held = 0
        self.wrong = []
        self.comes_back = False    # with the next check
        self.go = threading.Event()  # lets /held answer
        self.lock = threading.Lock()
        colour = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def do_GET(self):
                colour.answer(self)

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, to):
        if to.path == "/readyz":
            status = 200 if self.healthy else 503
            if not self.up:
                if self.comes_back:
                    self.up, self.comes_back = True, False
                return self.hang_up(to)
            return self.say(to, status, "ready")
        with self.lock:
            if not self.up:
                self.wrong.append(f"{self.name} was asked for {to.path} after it was stopped")
                return self.hang_up(to)
            self.busy += 1
        try:
            if to.path == "/held":
                self.held += 1
                self.go.wait(DEADLINE)
            self.say(to, self.smoke if to.path == "/smoke" else self.status, self.name)
        finally:
            with self.lock:
                self.busy -= 1

    def say(self, to, status, text):
        try:
            to.send_response(status)
            to.send_header("Content-Length", str(len(text)))
            to.send_header("X-Colour", self.name)
            to.end_headers()
            to.wfile.write(text.encode())
        except OSError:
            pass

    @staticmethod
    def hang_up(to):
        to.close_connection = True
        try:
            to.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def start(self):
        self.starts += 1
        self.up = True

    def restart(self):
        """Gone now, and back after one check has found no listener: its verdict is still the old one."""
        with self.lock:
            self.up, self.comes_back = False, True

    def stop(self):
        with self.lock:
            self.stops += 1
            if self.busy:
                self.wrong.append(f"{self.name} was stopped with {self.busy} requests in flight")
            self.up = False

    def die(self):
        """As a process that is gone: no fault of the release."""
        with self.lock:
            self.up = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.go.set()
        self.server.shutdown()
        self.server.server_close()


class Machine:
    """Where a pipeline starts and stops releases: `curl -f http://…/start/green`."""

    def __init__(self, *colours):
        named = {c.name: c for c in colours}

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                verb, name = self.path.strip("/").split("/")
                if verb == "fail":
                    self.send_response(500)
                else:
                    getattr(named[name], verb)()
                    self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def command(self, verb, colour):
        return f"curl -fsS http://127.0.0.1:{self.server.server_address[1]}/{verb}/{colour}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Clients:
    """Ask all the time, on kept connections; remember every answer that was not 200, and who gave it."""
    path, header = "/", "X-Colour"

    def __init__(self, proxy, count=3):
        self.where = proxy.url().removeprefix("http://")
        self.served, self.failed = {}, []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(count)]

    def run(self):
        client = http.client.HTTPConnection(self.where, timeout=DEADLINE)
        while not self.over.wait(0.002):
            try:
                client.request("GET", self.path)
                answer = client.getresponse()
                answer.read()
                colour = answer.getheader(self.header)
                self.served[colour] = self.served.get(colour, 0) + 1
                if answer.status != 200:
                    self.failed.append((answer.status, colour))
            except (OSError, http.client.HTTPException) as error:
                self.failed.append((repr(error), None))
                client.close()

    def answered_by(self, colour):
        before = self.served.get(colour, 0)
        until(f"an answer of {colour}", lambda: self.served.get(colour, 0) > before)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def two_colours(blue, green, **route_keys):
    health = {"type": "http", "path": "/readyz", "interval": "100ms", "timeout": "2s", "rise": 1, "fall": 2}
    return {
        "process": {"workers": 2},
        "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        # /held is answered when the test says so.
        "upstreams": {c.name: {"endpoints": [{"address": c.address}], "health": health, "timeouts": {"response_head": "5m"}} for c in (blue, green)},
        "routes": [{"name": "app", "split": {"blue": 100, "green": 0}, "timeouts": {"request": "5m"},
                    "rules": [{"name": f"to-{c.name}", "when": {"header": "X-Release", "equals": c.name}, "upstream": c.name} for c in (blue, green)],
                    **route_keys}],
    }


class Deploy:
    """A `switchyard deploy` that runs."""

    def __init__(self, program, proxy, *words, token=None, out=subprocess.PIPE):
        environment = {**os.environ, "SWITCHYARD_STATE_DIR": str(proxy.state)}
        if token:
            environment["SWITCHYARD_TOKEN"] = token
        self.child = subprocess.Popen([str(program), "deploy", *map(str, words)], stdout=out, stderr=subprocess.STDOUT, text=True, env=environment)

    def end(self, deadline=2 * DEADLINE):
        """(exit code, everything it said)"""
        said = self.child.communicate(timeout=deadline)[0]
        return self.child.returncode, said
