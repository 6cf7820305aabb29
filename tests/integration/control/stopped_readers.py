#!/usr/bin/env python3
"""Readers of the event stream that have stopped hold no more than a fixed piece of it each, whatever is kept for them; those who
read get every event meanwhile, and changes go on."""
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402
from event_resume import Stream  # noqa: E402

READERS = 30        # a token has places for 32
CHANGES = 1500
REASON = "x" * 1000  # makes events large: what is kept for a reader who asks for all of them is some megabytes
MIB_EACH = 0.5       # a piece, a copy of it, and the connection


def resident_mib(proxy):
    fields = pathlib.Path(f"/proc/{proxy.child.pid}/status").read_text().split("VmRSS:")
    return int(fields[1].split()[0]) / 1024


def stopped_reader(proxy):
    """Asks for everything that is kept, and never reads a byte of it."""
    host, port = proxy.admin.removeprefix("http://").split(":")
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect((host, int(port)))
    reader.sendall(f"GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {proxy.token}\r\n\r\n".encode())
    return reader


def split(proxy, n):
    return proxy.call("PUT", "/v1/routes/app/split", {"blue": n % 90 + 1, "green": 9}, X_Reason=REASON)


def main(program, yardbench):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        with running.Switchyard(program, work, running.blue_green([blue.address], [blue.address])) as proxy:
            proxy.healthy("blue", "green")
            for n in range(CHANGES):
                check("a change is done", split(proxy, n)[0] == 200)
            before = resident_mib(proxy)
            readers = [stopped_reader(proxy) for _ in range(READERS)]
            newest = proxy.status()["generation"]  # answered after all of them were heard, over the same loop
            reading = Stream(proxy, 0)
            seen = reading.next(lambda event: event[2].get("generation") == newest)
            grown = resident_mib(proxy) - before
            check(f"{READERS} stopped readers hold little", grown < READERS * MIB_EACH, f"{grown:.0f} MiB")
            check("a change is done while they are stopped", split(proxy, CHANGES)[0] == 200)
            seen += reading.next(lambda event: event[2].get("generation") == newest + 1)
            found = [data["generation"] for _, kind, data in seen if kind == "change"]
            check("who reads gets each once, in order", found == list(range(2, newest + 2)), found[:5])
            for reader in readers:
                reader.close()
            print(f"{grown:.1f} MiB for {READERS} stopped readers")
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
