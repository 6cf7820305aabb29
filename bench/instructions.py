#!/usr/bin/env python3
"""Instructions that one request costs a worker, by valgrind's callgrind: all that a session's wake does, the endpoint's half
included, the kernel not. Two runs of each program, one after the other; of each the difference between a long and a short
load, so that what a start costs is in none. Nor is what a report to control costs, a few times a second: under valgrind a
hundredth of the requests come between two of them, and each would seem to pay a hundred times its share.

    bench/instructions.py build/release/switchyard [ANOTHER…] [--split '{"blue": 95, "green": 5}']
    bench/instructions.py build/release/switchyard --h2 10

With --h2 the client is h2load on one connection in clear with so many streams, and all turns of the worker's poller count: a
stream's wake is not its session's.
"""
import argparse
import json
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time

BODY = b"x" * 128
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 128\r\nContent-Type: text/plain\r\n\r\n" + BODY
REQUEST = b"GET /a/b?x=1 HTTP/1.1\r\nHost: app.example\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"
SHORT, LONG = 1_000, 9_000
DEADLINE = 60.0


def serve(connection):
    unread = b""
    while octets := connection.recv(65536):
        unread += octets
        while b"\r\n\r\n" in unread:
            unread = unread.split(b"\r\n\r\n", 1)[1]
            connection.sendall(ANSWER)


def endpoint():
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def bound(state):
    """Where the listener is, once the proxy answers."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        try:
            admin = (state / "admin.address").read_text().strip()
            token = (state / "admin.token").read_text().strip()
            status = json.loads(subprocess.run(["curl", "-sf", "-H", f"Authorization: Bearer {token}", admin + "/v1/status"],
                                               capture_output=True, check=True).stdout)
            host, port = status["listeners"][0]["bound"].rsplit(":", 1)
            return host, int(port)
        except (OSError, subprocess.CalledProcessError):
            time.sleep(0.1)
    raise SystemExit("the proxy did not answer")


def ask(address, requests):
    client = socket.create_connection(address)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for _ in range(requests):
        client.sendall(REQUEST)
        seen = b""
        while not seen.endswith(BODY):
            seen += client.recv(65536)
    client.close()


def ask_by_streams(address, requests, streams):
    said = subprocess.run(["h2load", "-n", str(requests), "-c", "1", "-m", str(streams), "http://%s:%d/a/b?x=1" % address],
                          capture_output=True, text=True, check=True).stdout
    if f" {requests} succeeded" not in said:
        raise SystemExit(said)


def counted(program, split, port, requests, streams):
    with tempfile.TemporaryDirectory() as work:
        state = pathlib.Path(work) / "state"
        upstream = {"endpoints": [{"address": f"127.0.0.1:{port}"}], "health": {"type": "none"}}
        config = {"process": {"workers": 1, "state_dir": str(state), "admin": {"bind": "127.0.0.1:0"}},
                  "listeners": [{"name": "web", "bind": "127.0.0.1:0", "protocols": ["h2" if streams else "http/1.1"]}],
                  "upstreams": {name: upstream for name in split}, "routes": [{"name": "app", "split": split}]}
        file = pathlib.Path(work) / "config.json"
        file.write_text(json.dumps(config))
        toggles = ["*Poller::turn*"] if streams else ["*Session::woken*", "*Context::begin_cell*"]
        proxy = subprocess.Popen(["valgrind", "--tool=callgrind", *(f"--toggle-collect={one}" for one in toggles),
                                  f"--callgrind-out-file={work}/out", program, "run", "--config", file],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        address = bound(state)
        if streams:
            ask_by_streams(address, requests, streams)
        else:
            ask(address, requests)
        proxy.send_signal(signal.SIGTERM)
        return int(re.search(r"Collected : (\d+)", proxy.communicate(timeout=DEADLINE)[1])[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="+")
    parser.add_argument("--split", type=json.loads, default={"blue": 1})
    parser.add_argument("--h2", type=int, default=0, metavar="STREAMS")
    options = parser.parse_args()
    port = endpoint()
    for turn in (1, 2):
        for program in options.program:
            long, short = (counted(program, options.split, port, count, options.h2) for count in (LONG, SHORT))
            each = (long - short) / (LONG - SHORT)
            print(f"round {turn}: {program}: {each:.0f} instructions per request", flush=True)


if __name__ == "__main__":
    main()
