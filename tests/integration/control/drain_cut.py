#!/usr/bin/env python3
"""A drain with the policy cut: at its deadline everything that is still in flight to the old upstream ends, each in its
own honest way, over real connections; what newer generations send to the same upstream is left alone. With the policy
leave all of it may finish.

In flight are: a GET and a POST without an answer yet, a response with a length and one that ends with its connection,
each half sent, and a tunnel."""
import json
import pathlib
import select
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402


class Peer:
    """One end of a connection, read with a deadline."""

    def __init__(self, connection):
        self.socket = connection
        self.socket.settimeout(running.DEADLINE)
        self.seen = b""

    def until(self, what):
        while what not in self.seen:
            piece = self.socket.recv(65536)
            if not piece:
                raise running.Failed(f"the connection ended before {what!r}: {self.seen!r}")
            self.seen += piece
        return self

    def end(self):
        """How it ends: 'end' (in order) or 'reset'."""
        while True:
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:
                return "reset"
            if not piece:
                return "end"
            self.seen += piece

    def quiet(self):
        """Nothing has come and the connection stands."""
        return not select.select([self.socket], [], [], 0)[0]


class Old:
    """The upstream that is drained: answers exactly when and what the test says."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(running.DEADLINE)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]

    def take(self, answer=b""):
        connection, _ = self.listener.accept()
        peer = Peer(connection).until(b"\r\n\r\n")
        peer.socket.sendall(answer)
        return peer


def ask(proxy, request):
    host, port = proxy.bound.split(":")
    peer = Peer(socket.create_connection((host, int(port)), running.DEADLINE))
    peer.socket.sendall(request)
    return peer


def get(path=b"/", version=b"1.1", more=b""):
    return b"GET " + path + b" HTTP/" + version + b"\r\nHost: a\r\n" + more + b"\r\n"


def in_flight(proxy, old):
    """One exchange of every kind; (client, endpoint) by name."""
    out = {}
    asked = {"get": (get(), b""),
             "post": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", b""),
             "length": (get(), b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n0123456789"),
             "until close": (get(version=b"1.0"), b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789"),
             "tunnel": (get(more=b"Connection: Upgrade\r\nUpgrade: echo\r\n"),
                        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n0123456789")}
    for name, (request, answer) in asked.items():
        client = ask(proxy, request)
        out[name] = client, old.take(answer)
        if answer:
            client.until(b"0123456789")
    return out


def switch(proxy, to, policy, deadline):
    status, receipt, _ = proxy.call("POST", "/v1/routes/app/switch", {"to": to, "drain": {"deadline": deadline, "policy": policy}})
    check(f"the switch with {policy} is answered", status == 200, receipt)
    return receipt["drain"]


def cut(proxy, old):
    flows = in_flight(proxy, old)
    # Long enough that all of the below is in flight before it passes.
    drain = switch(proxy, "green", "cut", "3s")
    check("the receipt counts by kind", drain["in_flight"]["blue"] == {"requests": 4, "tunnels": 1, "streams": 0}, drain)
    # A newer generation sends to the same upstream by another route: not this drain's.
    newer = ask(proxy, get(b"/other"))
    newer_endpoint = old.take()
    check("nothing ends before the deadline", all(client.quiet() for client, _ in flows.values()))
    done = proxy.call("GET", f"/v1/drains/{drain['id']}?wait=60s")[1]
    check("the drain ends at zero", done["state"] == "done" and done.get("cut") is True and
          done["in_flight"]["blue"] == {"requests": 0, "tunnels": 0, "streams": 0}, done)
    for name, (client, endpoint) in flows.items():
        check(f"{name}: the endpoint's connection is closed", endpoint.end() in ("end", "reset"))
    check("a GET without an answer is served by the new upstream",
          flows["get"][0].until(b"\r\n\r\n").seen.startswith(b"HTTP/1.1 200") and b"upstream=green" in flows["get"][0].seen,
          flows["get"][0].seen)
    check("a POST without an answer is told 503", flows["post"][0].until(b"\r\n\r\n").seen.startswith(b"HTTP/1.1 503"),
          flows["post"][0].seen)
    check("length: what came of a response is followed by an end in order, and ten octets are missing",
          flows["length"][0].end() == "end" and flows["length"][0].seen.endswith(b"\r\n\r\n0123456789"), flows["length"][0].seen)
    check("until close: half a response is reset, not ended", flows["until close"][0].end() == "reset", flows["until close"][0].seen)
    check("the tunnel ends", flows["tunnel"][0].end() in ("end", "reset"))
    check("the newer generation's request still waits", newer.quiet())
    newer_endpoint.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nnewer")
    newer.until(b"newer")
    event = next(e for e in events(proxy) if e.get("cut"))
    check("the event counts what was cut", event["cut"]["blue"] == {"requests": 4, "tunnels": 1, "streams": 0}, event)


def leave(proxy, old):
    proxy.call("POST", "/v1/routes/app/switch", {"to": "blue"})
    flows = in_flight(proxy, old)
    drain = switch(proxy, "green", "leave", "100ms")
    expired = proxy.call("GET", f"/v1/drains/{drain['id']}?wait=60s")[1]
    check("the drain expires with its counts", expired["state"] == "expired" and expired["in_flight"]["blue"]["requests"] == 4, expired)
    # In the order in which they were asked; what a newer generation sends to the same upstream is not among them.
    newer = ask(proxy, get(b"/other"))
    newer_endpoint = old.take()
    oldest = proxy.call("GET", f"/v1/drains/{drain['id']}")[1]["oldest"]
    check("it names what it waits for, the oldest first", [(o["method"], o["tunnel"]) for o in oldest] ==
          [("GET", False), ("POST", False), ("GET", False), ("GET", False), ("GET", True)], oldest)
    check("with where and whose", {(o["route"], o["upstream"], o["path"], o["client"]) for o in oldest} == {("app", "blue", "/", "127.0.0.1")}, oldest)
    check("and its age", all(a["age_ms"] >= b["age_ms"] >= 0 for a, b in zip(oldest, oldest[1:])), oldest)
    newer_endpoint.socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nnewer")
    newer.until(b"newer")
    check("nothing ends", all(client.quiet() for client, _ in flows.values()))
    for name in ("get", "post"):
        flows[name][1].socket.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
        flows[name][0].until(b"late")
    flows["length"][1].socket.sendall(b"abcdefghij")
    flows["length"][0].until(b"0123456789abcdefghij")
    flows["until close"][1].socket.close()
    check("a response that ends with its connection ends in order", flows["until close"][0].end() == "end")
    flows["tunnel"][1].socket.sendall(b"still open")
    flows["tunnel"][0].until(b"still open")
    for end in flows["tunnel"]:
        end.socket.close()
    running.until("a late zero", lambda: proxy.call("GET", f"/v1/drains/{drain['id']}")[1]["state"] == "done")


def events(proxy):
    """The drain events so far."""
    host, port = proxy.admin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), running.DEADLINE) as s:
        s.sendall(f"GET /v1/events?after=0 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {proxy.token}\r\n\r\n".encode())
        peer = Peer(s).until(b"event: drain\n").until(b"}\n\n")
        text = peer.seen.decode(errors="replace")
    return [json.loads(block.split("data: ", 1)[1].split("\n")[0]) for block in text.split("event: drain\n")[1:] if "data: " in block]


def main(program, yardbench):
    old = Old()
    with running.workplace() as work, running.Endpoint(yardbench, work, "green") as green:
        config = running.blue_green([old.address], [green.address])
        config["upstreams"]["blue"]["health"] = {"type": "none"}
        config["routes"].append({"name": "other", "match": {"path_prefix": "/other"}, "split": {"blue": 1}})
        with running.Switchyard(program, work, config) as proxy:
            proxy.healthy("blue", "green")
            proxy.bound = proxy.status()["listeners"][0]["bound"]
            refused = proxy.call("POST", "/v1/routes/app/switch", {"to": "green", "drain": {"policy": "cut"}})
            check("cut without a deadline is refused", refused[0] == 422 and refused[1]["errors"][0]["pointer"] == "/drain/deadline", refused)
            cut(proxy, old)
            leave(proxy, old)
            check("it ends in order", proxy.end() == 0)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
