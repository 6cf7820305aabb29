#!/usr/bin/env python3
"""Story: one client at a time does what is known to hurt servers of HTTP/2, on one connection after the other, as fast as it
can. Others are answered meanwhile, over HTTP/2 and HTTP/1, in times like those of the same run without; the proxy's memory stays
within a bound; whoever has to be thrown out is. And a client that pings as often as gRPC does is no attacker.

usage: http2_attacked.py SWITCHYARD YARDBENCH [REQUESTS]"""
import asyncio
import json
import pathlib
import select
import signal
import socket
import struct
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "support"), str(ROOT / "http2")]
from checks import check, verdict  # noqa: E402
from frames import (CONTINUATION, END_HEADERS, END_STREAM, HEADERS, PING, PREFACE, PRIORITY, RST_STREAM, SETTINGS,  # noqa: E402
                    WINDOW_UPDATE, WITH_PRIORITY, Client, block, data, frame, headers, literal)
from patient import Patient, by_http1  # noqa: E402
from running import DEADLINE, Endpoint, Switchyard, workplace  # noqa: E402

REQUESTS = 150          # of the patient client in each situation, half of them over each protocol
# A connection may hold 1 MiB of bodies, and a hundred exchanges of three blocks of 20 KiB; twice that, for what the
# allocator keeps.
MEMORY_KIB = 2 * (1024 + 100 * 60)
BODY = 100_000
ANSWER = 128

GET = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.test")]
POST = [(":method", "POST"), *GET[1:]]
LARGE = [(":method", "GET"), (":scheme", "http"), (":path", "/large"), (":authority", "a.test")]
BATCH = 50


def number(value):
    return struct.pack(">I", value)


def lanes():
    """Ids, from the first on."""
    return iter(range(1, 2 ** 31, 2))


def each_lane(octets):
    """Batches of what `octets(stream)` gives."""
    def attack():
        ids = lanes()
        while True:
            yield b"".join(octets(next(ids)) for _ in range(BATCH))
    return attack


def again(octets, first=b""):
    """The same for ever, behind `first`."""
    def attack():
        yield first
        while True:
            yield octets * BATCH
    return attack


def once(octets):
    """And no more: it waits what comes of it."""
    def attack():
        yield octets
    return attack


def bomb():
    """A field of 4,000 octets into the table, and then its index, an octet each."""
    stuffed = b"\x40" + literal(b"x", b"v" * 4000)[1:]
    return frame(HEADERS, END_HEADERS | END_STREAM, 1, block(GET) + stuffed + b"\xbe" * 12_000)


def dribble():
    """Asks for much and opens the windows by an octet each time."""
    yield frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0)) + b"".join(headers(1 + 2 * i, LARGE) for i in range(10))
    while True:
        yield b"".join(frame(WINDOW_UPDATE, 0, 1 + 2 * i, number(1)) for i in range(10)) * 5


def halves():
    """A hundred bodies, of which an octet comes in each frame."""
    yield b"".join(headers(1 + 2 * i, POST, end=False) for i in range(100))
    while True:
        yield b"".join(data(1 + 2 * i, b"x") for i in range(100))


# name: (what it sends, whether that must end its connection)
ATTACKS = {
    "rapid reset": (each_lane(lambda s: headers(s, GET) + frame(RST_STREAM, 0, s, number(8))), True),
    "made you reset: an increment of zero": (each_lane(lambda s: headers(s, POST, end=False) + frame(WINDOW_UPDATE, 0, s, number(0))), True),
    "made you reset: a window beyond its bound": (each_lane(
        lambda s: headers(s, POST, end=False) + frame(WINDOW_UPDATE, 0, s, number(2 ** 31 - 1)) * 2), True),
    "made you reset: DATA behind the end": (each_lane(lambda s: headers(s, GET) + data(s, b"x")), True),
    "made you reset: HEADERS behind the end": (each_lane(lambda s: headers(s, GET) + headers(s, GET)), True),
    "made you reset: it depends on itself": (each_lane(
        lambda s: frame(HEADERS, END_HEADERS | END_STREAM | WITH_PRIORITY, s, number(s) + b"\0" + block(GET))), True),
    "made you reset: PRIORITY of another length": (each_lane(lambda s: headers(s, POST, end=False) + frame(PRIORITY, 0, s, b"1234")), True),
    "malformed heads": (each_lane(lambda s: headers(s, GET + [("connection", "x")])), True),
    "bodies of another length": (each_lane(lambda s: headers(s, POST + [("content-length", "5")], end=False) + data(s, b"abc", end=True)), True),
    "CONTINUATION without end": (again(frame(CONTINUATION, 0, 1, b"\0\1x\1y" * 20), frame(HEADERS, 0, 1, block(GET))), True),
    "CONTINUATION, empty": (again(frame(CONTINUATION, 0, 1), frame(HEADERS, 0, 1, block(GET))), True),
    "a bomb of HPACK": (once(bomb()), True),
    "PING": (again(frame(PING, 0, 0, b"12345678")), True),
    "SETTINGS": (again(frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535))), True),
    "DATA, empty": (again(data(1, b""), headers(1, POST, end=False)), True),
    "WINDOW_UPDATE": (again(frame(WINDOW_UPDATE, 0, 0, number(1))), True),
    "PRIORITY": (again(frame(PRIORITY, 0, 1, number(0) + b"1")), True),
    "frames that nobody knows": (again(frame(77, 0, 0, b"x" * 100)), True),
    "data by the octet": (dribble, True),
    "bodies by the octet": (halves, False),
    "windows that stay shut": (once(frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0)) + b"".join(headers(1 + 2 * i, LARGE) for i in range(100))), False),
    "requests without a pause": (each_lane(lambda s: headers(s, GET)), False),
}


def attacker(port, name):
    """Until it is ended; tells how many connections it had and how many of them were ended."""
    begun = ended = 0
    told, first = False, time.monotonic()
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    while not stop:
        wire = socket.create_connection(("127.0.0.1", port), DEADLINE)
        wire.setblocking(False)
        begun += 1
        chunks, waits = ATTACKS[name][0](), PREFACE + frame(SETTINGS, 0, 0)
        said = begun > 1
        while not stop:
            if not told and (ended or time.monotonic() - first > DEADLINE):
                told = True
                print("it was ended" if ended else "it goes on", flush=True)
            if not waits:
                waits = next(chunks, b"")
                if not said:
                    said = True
                    print("it is under way", flush=True)
            readable, writable, _ = select.select([wire], [wire] if waits else [], [], 0.05)
            try:
                if readable and not wire.recv(1 << 16):
                    ended += 1
                    break
                if writable:
                    waits = waits[wire.send(waits):]
            except BlockingIOError:
                pass
            except OSError:
                ended += 1
                break
        wire.close()
    print(json.dumps({"connections": begun, "ended": ended}))


async def by_http2(port, times, wrong, pings=False):
    async with Client(port) as client:
        for stream in range(1, REQUESTS, 2):
            begun = time.monotonic()
            client.send(headers(stream, GET) + (frame(PING, 0, 0, b"how long") if pings else b""))
            answer = client.stream(stream)
            await client.until(answer.over, DEADLINE)
            times.append(time.monotonic() - begun)
            if answer.status() != 200 or not answer.ended:
                wrong.append((answer.status(), answer.reset, client.goaway))
            client.send(frame(WINDOW_UPDATE, 0, 0, number(ANSWER)))
        if client.goaway is not None:
            wrong.append(client.goaways)


def story(proxy):
    port = int(proxy.url().rsplit(":", 1)[1])

    def both(times, wrong):
        by_http1(port, REQUESTS // 2, times, wrong)
        asyncio.run(by_http2(port, times, wrong))

    patient = Patient(proxy, both, MEMORY_KIB)
    for name, (_, thrown_out) in ATTACKS.items():
        one = subprocess.Popen([sys.executable, __file__, "--attack", str(port), name], stdout=subprocess.PIPE, text=True)
        try:
            one.stdout.readline()
            patient.beside()
            if thrown_out:
                check(f"{name}: its connection ends", one.stdout.readline() == "it was ended\n")
        finally:
            one.terminate()
            done = json.loads(one.stdout.read().splitlines()[-1])
            one.wait()
        patient.check(name, f"{done['connections']} connections, {done['ended']} ended")
    times, wrong = [], []
    asyncio.run(by_http2(port, times, wrong, pings=True))
    check("who pings while data flows is no attacker", not wrong, wrong[:3])


def main(switchyard, yardbench, requests=REQUESTS):
    global REQUESTS
    REQUESTS = int(requests)
    with workplace() as work, Endpoint(yardbench, work, "blue", "--body", str(ANSWER)) as endpoint, \
            Endpoint(yardbench, work, "green", "--body", str(BODY)) as large:
        config = {"process": {"workers": 1}, "listeners": [{"name": "web", "bind": "127.0.0.1:0", "protocols": ["h2", "http/1.1"]}],
                  "upstreams": {name: {"endpoints": [{"address": at.address}], "health": {"type": "none"}}
                                for name, at in (("app", endpoint), ("large", large))},
                  "routes": [{"name": "large", "match": {"path_prefix": "/large"}, "split": {"large": 1}}, {"name": "all", "split": {"app": 1}}]}
        with Switchyard(switchyard, work, config) as proxy:
            story(proxy)
            check("the proxy ends in order", proxy.end() == 0)
    return verdict()


if __name__ == "__main__":
    if sys.argv[1] == "--attack":
        attacker(int(sys.argv[2]), sys.argv[3])
    else:
        sys.exit(main(*sys.argv[1:]))
