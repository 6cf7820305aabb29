#!/usr/bin/env python3
"""No stranger takes the admin API away from those who hold a token: not by wrong tokens, not by idle connections, not by streams
of events; and none gets in by framing that two readers take for two messages."""
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

IDLE = 600    # connections without a word; AdminServer::kConnections is 512
STREAMS = 32  # kEventReaders in handlers_drains.cpp


def connect(proxy):
    host, port = proxy.admin.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), running.DEADLINE)


def ask(proxy, head, token=None):
    """Sends one head on a connection of its own and gives all that comes until the other side closes."""
    with connect(proxy) as s:
        s.sendall(head.replace("TOKEN", token or proxy.token).encode())
        out = b""
        while piece := s.recv(65536):
            out += piece
        return out


def wrong_tokens(proxy):
    right, proxy.token = proxy.token, "0"
    statuses = [proxy.call("GET", "/v1/status")[0] for _ in range(40)]
    check("wrong ones are slowed down", statuses[:10] == [401] * 10 and statuses[-1] == 429, statuses)
    proxy.token = right
    check("the right one is answered at once", [proxy.call("GET", "/v1/status")[0] for _ in range(5)] == [200] * 5)
    detail = proxy.call("GET", "/v1/status", Authorization="Basic eDp5")
    check("another scheme is told so", detail[0] in (401, 429), detail)


def idle_connections(proxy):
    held = [connect(proxy) for _ in range(IDLE)]
    try:
        statuses = [proxy.call("GET", "/v1/status")[0] for _ in range(5)]
        check(f"calls are answered beside {IDLE} idle connections", statuses == [200] * 5, statuses)
        check("a change is, too", proxy.call("PUT", "/v1/routes/app/split", {"blue": 3, "green": 1})[0] == 200)
        # The first ones made room; the youngest are ended when their first byte does not come.
        ended = held[0].recv(1)
        check("who has waited longest made room", ended == b"", ended)
        check("who says nothing is not kept", held[-1].recv(1) == b"")
    finally:
        for s in held:
            s.close()


def open_stream(proxy):
    s = connect(proxy)
    s.sendall(f"GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {proxy.token}\r\n\r\n".encode())
    return s, s.recv(12)


def streams(proxy):
    held = [open_stream(proxy) for _ in range(STREAMS)]
    check("a token has its places", all(start == b"HTTP/1.1 200" for _, start in held))
    more = open_stream(proxy)
    check("and no more", more[1] == b"HTTP/1.1 429", more[1])
    more[0].close()
    held.pop()[0].close()

    def another():
        s, start = open_stream(proxy)
        held.append((s, start))
        return start == b"HTTP/1.1 200"
    running.until("the place of one that has gone is free again", another, 10)  # not at the next heartbeat, after 15 s
    for s, _ in held:
        s.close()


def framing(proxy):
    smuggled = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    for name, head in (
            ("a coding nobody knows", "POST /v1/config/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\nTransfer-Encoding: xchunked\r\n\r\n"),
            ("two lengths", "POST /v1/config/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
            ("identity and a length", "POST /v1/config/check HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}"),
            ("no Host", "GET /v1/status HTTP/1.1\r\nAuthorization: Bearer TOKEN\r\n\r\n")):
        seen = ask(proxy, head + smuggled)
        check(f"{name}: refused, and nothing behind it is read", seen.count(b"HTTP/1.1 ") == 1 and seen[9:10] in b"45", seen[:200])


def main(program, yardbench):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        with running.Switchyard(program, work, running.blue_green([blue.address], [blue.address])) as proxy:
            proxy.healthy("blue")
            framing(proxy)
            wrong_tokens(proxy)
            streams(proxy)
            idle_connections(proxy)
            check("it ends in order", proxy.end() == 0)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
