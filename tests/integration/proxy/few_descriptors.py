#!/usr/bin/env python3
"""Clients that hold all descriptors there are for them: connected clients go on, the admin API answers, the endpoint
stays up, and the next client is served as soon as there is room."""
import os
import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

LIMIT = 96
HOLDING = 70


def get(connection):
    connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    head = b""
    while b"\r\n\r\n" not in head:
        got = connection.recv(65536)
        if not got:
            return "closed"
        head += got
    return head.split()[1].decode()


def story(switchyard, yardbench, work):
    small = pathlib.Path(work) / "with-few-descriptors"
    small.write_text(f'#!/bin/sh\nulimit -n {LIMIT}\nexec "{os.path.abspath(switchyard)}" "$@"\n')
    small.chmod(0o755)
    with running.Endpoint(yardbench, work, "blue", "--body", "0", "--close") as blue:
        config = running.blue_green([blue.address], [blue.address])
        config["process"]["workers"] = 1
        config["upstreams"]["blue"]["health"] = {"type": "http", "path": "/", "interval": "100ms", "fall": 1}
        with running.Switchyard(small, work, config) as proxy:
            proxy.healthy("blue")
            port = int(proxy.url().rsplit(":", 1)[1])
            warm = socket.create_connection(("127.0.0.1", port), running.DEADLINE)
            check("before", get(warm) == "200")
            holding = []
            for _ in range(HOLDING):
                one = socket.create_connection(("127.0.0.1", port), running.DEADLINE)
                one.sendall(b"GET / HT")
                holding.append(one)
            running.until("the descriptors for clients are used up", lambda: "used up" in proxy.text())
            checked = proxy.call("GET", "/v1/upstreams/blue")[1]
            check("the admin API answers", checked and "endpoints" in checked, checked)
            # Several rounds of checks: each needs a descriptor.
            end = time.monotonic() + 1
            while time.monotonic() < end:
                status = get(warm)
                check("whoever is connected is served", status == "200", status)
            check("the endpoint is up", proxy.status()["upstreams"]["blue"]["healthy"] == 1, proxy.status()["upstreams"])
            check("a change is adopted", proxy.call("PUT", "/v1/routes/app/split", {"blue": 9, "green": 1})[0] == 200)
            late = socket.create_connection(("127.0.0.1", port), running.DEADLINE)
            for one in holding:
                one.close()
            check("whoever had to wait is served", get(late) == "200")
            check("nobody was called down", " is down" not in proxy.text(), proxy.text()[-2000:])


def main(switchyard, yardbench):
    with running.workplace() as work:
        story(switchyard, yardbench, work)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
