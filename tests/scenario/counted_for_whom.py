#!/usr/bin/env python3
"""Story: whose a request is. A release that hangs is aborted, the repaired one starts at once and gets none of the blame
when the hung requests end. Where the split goes by a cookie, requests that have none are not compared, and status says
how many there were.

usage: counted_for_whom.py SWITCHYARD YARDBENCH"""
import http.server
import pathlib
import socket
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from running import DEADLINE, Endpoint, Failed, Load, Switchyard, blue_green, until, workplace  # noqa: E402
from threaded_server import Threads  # noqa: E402

RATE = 200
LIMIT = "8s"  # of the hung requests: the second rollout begins before it is over


class Release(http.server.BaseHTTPRequestHandler):
    """Answers, or hangs as long as it is told to: a request that was hung stays so."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.server.hangs:
            self.server.hung.release()
            self.server.over.wait()
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Green:
    def __init__(self):
        self.server = Threads(("127.0.0.1", 0), Release)
        self.server.hangs, self.server.hung, self.server.over = False, threading.Semaphore(0), threading.Event()
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.over.set()
        self.server.shutdown()


def demand(what, holds):
    if not holds:
        raise Failed(what)


def start(proxy, **keys):
    plan = {"route": "app", "from": "blue", "to": "green", "steps": [{"weight": 50, "bake": "5m"}, {"weight": 100, "bake": "5m"}], **keys}
    status, started, _ = proxy.call("POST", "/v1/rollouts", plan)
    demand(f"not started: {status} {started}", status == 201)
    return f"/v1/rollouts/{started['id']}"


def look(proxy, rollout):
    return proxy.call("GET", rollout)[1]


def in_force(proxy, rollout):
    until("the weight", lambda: look(proxy, rollout)["weight_in_force"] == 50)


def hung_before(proxy, yardbench, green):
    green.server.hangs = True
    first = start(proxy)
    in_force(proxy, first)
    host, port = proxy.url().removeprefix("http://").rsplit(":", 1)
    clients = [socket.create_connection((host, int(port)), DEADLINE) for _ in range(60)]
    for client in clients:
        client.sendall(b"GET / HTTP/1.1\r\nHost: app\r\n\r\n")
    for _ in range(20):  # a split of halves sends thirty
        demand("the new release was not asked", green.server.hung.acquire(timeout=DEADLINE))
    demand("abort", proxy.call("POST", first + "/abort")[0] == 200)
    green.server.hangs = False
    until("the route to be free", lambda: not look(proxy, first)["holds_route"])
    second = start(proxy)
    in_force(proxy, second)
    with Load(yardbench, proxy, RATE):
        for client in clients:
            client.settimeout(DEADLINE)
            demand("a hung request has no end", client.recv(100) != b"")
            client.close()
        asked = look(proxy, second)["arms"]["green"]["attempts"]
        # What ended last has been counted when both have gone on.
        until("more requests", lambda: look(proxy, second)["arms"]["green"]["attempts"] > asked + 100)
    after = look(proxy, second)
    demand(f"blamed for what the one before did: {after['arms']['green']}, {after['failing_endpoints']}",
           after["arms"]["green"]["failures"] == 0 and not after["failing_endpoints"])
    demand(f"{after['state']}: {after['why']}", after["state"] == "running")
    demand("abort", proxy.call("POST", second + "/abort")[0] == 200)
    print(f"hung under the one before: {after['arms']['green']['attempts']} requests to the repaired release, no failure")


def without_key(proxy, yardbench):
    rollout = start(proxy)
    in_force(proxy, rollout)
    with Load(yardbench, proxy, RATE):
        shown = until("requests without a key", lambda: (lambda r: r if r["keyless_requests"] > 100 else None)(look(proxy, rollout)))
    demand(f"compared: {shown['arms']}", shown["arms"]["blue"]["attempts"] == 0 and shown["arms"]["green"]["attempts"] == 0)
    print(f"without a key: {shown['keyless_requests']} requests told, none compared")


def main():
    program, yardbench = sys.argv[1:3]
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Green() as green:
        config = blue_green([blue.address], [green.address])
        for upstream in config["upstreams"].values():
            upstream["timeouts"] = {"response_head": LIMIT}
        with Switchyard(program, work, config) as proxy:
            proxy.healthy("blue", "green")
            hung_before(proxy, yardbench, green)
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Green() as green:
        with Switchyard(program, work, blue_green([blue.address], [green.address], sticky={"by": "cookie:user"})) as proxy:
            proxy.healthy("blue", "green")
            without_key(proxy, yardbench)


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
