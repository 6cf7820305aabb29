#!/usr/bin/env python3
"""Calls that drip a byte at a time are answered 408 when their time is over, not before and not later; no other call waits for them."""
import json
import pathlib
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

REQUEST_TIME = 10  # seconds, AdminServer::kRequestTime


def drip(proxy, name, begin, piece):
    """A byte now and then, for ever: each alone would be quick enough."""
    began = time.monotonic()
    host, port = proxy.admin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), running.DEADLINE) as s:
        s.sendall(begin)
        s.settimeout(0.2)
        answer = b""
        while not answer and time.monotonic() < began + running.DEADLINE:
            s.sendall(piece)
            try:
                answer = s.recv(65536)
            except socket.timeout:
                pass
        took = time.monotonic() - began
        head, _, body = answer.partition(b"\r\n\r\n")
        check(f"{name}: 408", head.startswith(b"HTTP/1.1 408 ") and json.loads(body)["type"].endswith(":too-slow"), answer)
        check(f"{name}: after the whole time, not before", took > REQUEST_TIME - 1, took)


def dripping(proxy):
    authorized = f"Host: x\r\nAuthorization: Bearer {proxy.token}\r\n".encode()
    threads = [threading.Thread(target=drip, args=(proxy, *case)) for case in (
        ("a dripping head", b"GET /v1/status HTTP/1.1\r\n" + authorized + b"X: ", b"x"),
        ("a dripping body", b"PUT /v1/config HTTP/1.1\r\n" + authorized + b"Content-Length: 5000\r\n\r\n{", b" "),
        ("dripping chunks", b"PUT /v1/config HTTP/1.1\r\n" + authorized + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"))]
    for thread in threads:
        thread.start()
    check("others are served meanwhile", proxy.call("GET", "/v1/status")[0] == 200)
    for thread in threads:
        thread.join()


def main(program, yardbench):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        with running.Switchyard(program, work, running.blue_green([blue.address], [blue.address])) as proxy:
            dripping(proxy)
            check("it ends in order", proxy.end() == 0)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
