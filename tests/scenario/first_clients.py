#!/usr/bin/env python3
"""Story: the first clients after a start. Those that come while no endpoint has been checked yet wait in the listener's queue
and are answered by an endpoint, not told that none is well; one silent endpoint holds up no other; where every endpoint is
silent, the answer is the proxy's own; and a process that is ended before it has opened answers who waits.

usage: first_clients.py SWITCHYARD"""
import http.server
import pathlib
import signal
import socket
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "support"))
from checks import check, verdict  # noqa: E402
from running import DEADLINE, Switchyard, blue_green, port_to_keep, until, workplace  # noqa: E402

STARTS = 5
OPENS_WITHIN = 2.0  # whatever is known then: docs/operations.md
HEALTH = {"type": "http", "path": "/ready", "interval": "100ms", "timeout": "60s", "rise": 1, "fall": 1}


class Application(http.server.ThreadingHTTPServer):
    """Answers 200; its checks are answered once `well` is set."""
    daemon_threads = True

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if self.path == "/ready":
                self.server.well.wait()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.well = threading.Event()
        self.address = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class FirstClient:
    """Connects as soon as the port is there, and asks."""

    def __init__(self, port):
        self.socket = until("the port", lambda: self.connected(port))
        self.socket.sendall(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")

    @staticmethod
    def connected(port):
        try:
            return socket.create_connection(("127.0.0.1", port), DEADLINE)
        except ConnectionRefusedError:
            return None

    def status(self):
        """Of the answer; 0 where the connection ended without one."""
        try:
            head = self.socket.recv(65536)
        except ConnectionResetError:
            return 0
        finally:
            self.socket.close()
        return int(head.split(b" ")[1]) if head else 0


def configuration(port, blue, green):
    out = blue_green([one.address for one in blue], [one.address for one in green])
    out["listeners"][0]["bind"] = f"127.0.0.1:{port}"
    for upstream in out["upstreams"].values():
        upstream["health"] = HEALTH
    return out


def came_before_the_checks(program):
    with workplace() as work:
        port, blue, green = port_to_keep(), Application(), Application()
        config, in_time = configuration(port, [blue], [green]), 0
        for _ in range(STARTS):
            blue.well.clear(), green.well.clear()
            began = time.monotonic()
            with Switchyard(program, work, config) as proxy:
                client = FirstClient(port)
                blue.well.set(), green.well.set()
                status, took = client.status(), time.monotonic() - began
                check("a first client is answered by an endpoint", status == 200 or took >= OPENS_WITHIN, (status, took))
                in_time += status == 200
                proxy.kill()
            config = None
        check("some were answered before anything else was known", in_time > 0, in_time)
        print(f"{in_time} of {STARTS} first clients were answered by the endpoint that was checked after they had come")


def one_is_silent(program):
    with workplace() as work:
        port, blue, silent, green = port_to_keep(), Application(), Application(), Application()
        blue.well.set(), green.well.set()
        with Switchyard(program, work, configuration(port, [blue, silent], [green])) as proxy:
            status = FirstClient(port).status()
            known = {one["address"]: one["health"] for one in proxy.status()["upstreams"]["blue"]["endpoints"]}
            check("one silent endpoint holds up nobody", (status, known[silent.address]) == (200, "unknown"), (status, known))


def all_are_silent(program):
    with workplace() as work:
        port, blue, green = port_to_keep(), Application(), Application()
        with Switchyard(program, work, configuration(port, [blue], [green])):
            check("where nothing is known the answer is the proxy's own", FirstClient(port).status() == 503)


def listener_goes_before_it_opened(program):
    with workplace() as work:
        port, blue, green = port_to_keep(), Application(), Application()
        config = configuration(port, [blue], [green])
        config["listeners"].append({"name": "other", "bind": f"127.0.0.1:{port_to_keep()}"})
        with Switchyard(program, work, config) as proxy:
            client = FirstClient(port)
            document = proxy.call("GET", "/v1/config")[1]
            document["listeners"] = document["listeners"][1:]
            status, answer, _ = proxy.call("PUT", "/v1/config?force=true", document)
            check("a listener is taken away", status == 200, answer)
            check("who waits in its queue is answered", client.status() in (200, 503))


def ended_before_it_opened(program):
    with workplace() as work:
        port, blue, green = port_to_keep(), Application(), Application()
        with Switchyard(program, work, configuration(port, [blue], [green])) as proxy:
            client = FirstClient(port)
            proxy.child.send_signal(signal.SIGTERM)
            check("who waits is answered at the end", client.status() == 503)
            check("the program ended in order", proxy.child.wait(DEADLINE) == 0)


def main():
    program = sys.argv[1]
    for part in (came_before_the_checks, one_is_silent, all_are_silent, listener_goes_before_it_opened, ended_before_it_opened):
        part(program)
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
