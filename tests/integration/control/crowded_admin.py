#!/usr/bin/env python3
"""Hundreds of connections to the admin port that say nothing take no caller's turn away, and do not stay."""
import pathlib
import socket
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

CROWD = 600  # more than the admin API holds


def story(switchyard, yardbench, work):
    with running.Endpoint(yardbench, work, "blue") as blue:
        with running.Switchyard(switchyard, work, running.blue_green([blue.address], [blue.address])) as proxy:
            proxy.healthy("blue", "green")
            admin = urllib.parse.urlsplit(proxy.admin)
            crowd = [socket.create_connection((admin.hostname, admin.port), running.DEADLINE) for _ in range(CROWD)]
            for to in ("green", "blue", "green"):
                status, answer, _ = proxy.call("POST", "/v1/routes/app/switch", {"to": to})
                check("a switch beside the crowd", status == 200, (status, answer))
            # A client that says nothing at all is let go, be it by the next one or by its time.
            for one in crowd:
                try:
                    check("closed without a word", one.recv(1) == b"")
                except ConnectionResetError:
                    pass
                one.close()
            check("afterwards", proxy.call("GET", "/v1/status")[0] == 200)


def main(switchyard, yardbench):
    with running.workplace() as work:
        story(switchyard, yardbench, work)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
