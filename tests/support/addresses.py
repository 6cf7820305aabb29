"""Endpoints at addresses of their own on loopback that say where they are, and traffic that remembers who answered."""
import http.client
import http.server
import socket
import threading

import running
from threaded_server import Threads


class Server:
    """An endpoint that says where it is; several may have one port, on addresses of their own."""

    def __init__(self, host, port=0, status=200):
        self.leaving, server = False, self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(status)
                self.send_header("Content-Length", str(len(host)))
                if server.leaving:
                    self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(host.encode())

            def log_message(self, *_):
                pass

        self.host = host
        self.http = Threads((host, port), Handler)
        self.port = self.http.server_address[1]
        self.address = f"{host}:{self.port}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def leave(self):
        """As a good program ends: it accepts no connection any more, and says so on those that it has."""
        self.leaving = True
        self.__exit__()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()


class Traffic:
    """Requests one after the other on kept connections, until the block is left."""

    def __init__(self, url, connections=4):
        self.host, self.port = url.removeprefix("http://").rsplit(":", 1)
        self.over = False
        self.wrong, self.seen = [], []
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(connections)]

    def _run(self):
        client = http.client.HTTPConnection(self.host, int(self.port), timeout=running.DEADLINE)
        while not self.over:
            try:
                client.request("GET", "/")
                answer = client.getresponse()
                body = answer.read().decode()
                (self.seen if answer.status == 200 else self.wrong).append(body)
            except OSError as error:
                self.wrong.append(repr(error))
                client.close()
        client.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        running.until("traffic", lambda: len(self.seen) > 50)
        return self

    def __exit__(self, *_):
        self.over = True
        for thread in self.threads:
            thread.join()

    def only(self, *hosts):
        """Waits until the last hundred answers came from these, and from each of them."""
        def holds():
            begun = len(self.seen)
            running.until("a hundred answers", lambda: len(self.seen) >= begun + 100)
            return set(self.seen[begun:]) == set(hosts)
        running.until(f"answers from {hosts} only", holds)


def free_port():
    """One that is free for UDP and TCP."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            try:
                tcp.bind(udp.getsockname())
                return udp.getsockname()[1]
            except OSError:
                continue
