#!/usr/bin/env python3
"""Story: an endpoint of HTTP/2 that means harm, in frames that are each well-formed: floods, blocks and trailers without end,
interim answers for ever, windows that stay shut, bodies by the octet, ends in the middle. Clients ask it all the time: each of
them is answered, or cut, in the time that its route gives it, and no part of an answer looks like a whole one. Clients of the
endpoint beside it are answered meanwhile in times like those of the same run without; the proxy's memory stays within a bound.

usage: hostile_http2_endpoint.py SWITCHYARD YARDBENCH [REQUESTS]"""
import asyncio
import collections
import json
import pathlib
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "support"), str(ROOT / "http2")]
from checks import check, verdict  # noqa: E402
from endpoint import Server  # noqa: E402
from frames import (CONTINUATION, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PRIORITY, PUSH_PROMISE, RST_STREAM, SETTINGS,  # noqa: E402
                    WINDOW_UPDATE, Client, block, data, frame, headers, literal)
from patient import Patient, by_http1  # noqa: E402
from running import DEADLINE, Endpoint, Switchyard, until, workplace  # noqa: E402

REQUESTS = 150          # of the patient client in each situation
VICTIMS = 8             # requests at once to the hostile endpoint
# Each may hold a window of 64 KiB, 16 interim heads of 16 KiB, 8 KiB of trailers and three blocks of 20 KiB, beside the
# blocks of the connections; twice that, for what the allocator keeps.
MEMORY_KIB = 2 * (1024 + VICTIMS * (64 + 16 * 16 + 8 + 60))
BATCH = 50
OK = [(":status", "200"), ("x-hostile", "yes")]


def number(value):
    return struct.pack(">I", value)


async def for_ever(connection, octets):
    while True:
        await connection.say(octets)


def flood(octets, first=None):
    async def said(connection, stream):
        if first is not None:
            await connection.say(first(stream))
        await for_ever(connection, (octets(stream) if callable(octets) else octets) * BATCH)
    return said


def once(octets, ends=False):
    async def said(connection, stream):
        await connection.say(octets(stream))
        if ends:
            connection.writer.close()
    return said


def head(stream, fields=OK):
    return headers(stream, fields, end=False)


async def by_the_octet(connection, stream):
    await connection.say(head(stream))
    while True:
        await connection.say(data(stream, b"x"))
        await asyncio.sleep(0.01)


async def silence(*_):
    await asyncio.Event().wait()


def bomb(stream):
    """A field of 4,000 octets into the table, and then its index, an octet each."""
    stuffed = b"\x40" + literal(b"x", b"v" * 4000)[1:]
    return frame(HEADERS, END_HEADERS, stream, block(OK) + stuffed + b"\xbe" * 12_000)


def large_head(stream):
    parts = [block([("x-%d" % i, "v" * 8000), ("y-%d" % i, "v" * 8000)]) for i in range(16)]
    return frame(HEADERS, 0, stream, block(OK)) + b"".join(frame(CONTINUATION, END_HEADERS if i == 15 else 0, stream, part) for i, part in enumerate(parts))


def head_of_much(stream):
    """No more than a head may have encoded, and more than one may have decoded."""
    return frame(HEADERS, END_HEADERS, stream, block(OK + [("x-%d" % i, "v" * 100) for i in range(140)]))


NO_WINDOW = frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0))
# Of an answer that never ends well nothing else may become: an answer of the proxy's own, or a cut.
OUTCOMES = {"502", "504", "cut"}
# name: what it does when it is asked
HOSTILE = {
    "a head without end": flood(lambda s: frame(CONTINUATION, 0, s, b"\0\1x\1y" * 20), lambda s: frame(HEADERS, 0, s, block(OK))),
    "a head in empty parts": flood(lambda s: frame(CONTINUATION, 0, s), lambda s: frame(HEADERS, 0, s, block(OK))),
    "a head of a quarter of a megabyte": once(large_head),
    "a head that is larger than it may be": once(head_of_much),
    "a bomb of HPACK": once(bomb),
    "interim answers for ever": flood(lambda s: head(s, [(":status", "103"), ("link", "</a.css>")])),
    "a window that stays shut": once(lambda s: NO_WINDOW),
    "a body by the octet": by_the_octet,
    "a body beyond its window": once(lambda s: head(s) + data(s, b"x" * 16_384) * 400),
    "a body in empty frames": flood(lambda s: data(s, b""), head),
    "a body that is longer than it was said to be": once(lambda s: head(s, OK + [("content-length", "3")]) + data(s, b"four")),
    "trailers without end": flood(lambda s: frame(CONTINUATION, 0, s, b"\0\1x\1y" * 20),
                                  lambda s: head(s) + data(s, b"part") + frame(HEADERS, END_STREAM, s, block([("x-sum", "1")]))),
    "trailers again and again": flood(lambda s: headers(s, [("x-sum", "1")], end=False), lambda s: head(s) + data(s, b"part")),
    "a reset behind the head": once(lambda s: head(s) + frame(RST_STREAM, 0, s, number(2))),
    "a refusal of everything": once(lambda s: frame(RST_STREAM, 0, s, number(7))),
    "GOAWAY in the middle": once(lambda s: head(s) + data(s, b"part") + frame(GOAWAY, 0, 0, number(s) + number(0)), ends=True),
    "GOAWAY whenever it is asked": once(lambda s: frame(GOAWAY, 0, 0, number(0) + number(0)), ends=True),
    "SETTINGS": flood(frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535))),
    "PING": flood(frame(PING, 0, 0, b"12345678")),
    "WINDOW_UPDATE": flood(frame(WINDOW_UPDATE, 0, 0, number(1))),
    "PRIORITY": flood(frame(PRIORITY, 0, 1, number(0) + b"1")),
    "frames that nobody knows": flood(frame(77, 0, 0, b"x" * 100)),
    "a push": once(lambda s: frame(PUSH_PROMISE, END_HEADERS, s, number(2) + block([(":method", "GET")]))),
    "an answer that nobody asked for": once(lambda s: head(s + 1000)),
    "silence": silence,
}


async def asked(connection, stream):
    name = connection.field(stream, b"x-what").decode()
    await HOSTILE[name](connection, stream)


async def victims(port, name, stop, told):
    """Keeps so many requests on their way; what became of each."""
    came = collections.Counter()
    fields = [(":method", "POST"), (":scheme", "http"), (":path", "/hostile"), (":authority", "a.test"), ("x-what", name)]

    async def one(client, streams):
        while not stop.is_set() and client.goaway is None and not client.closed:
            stream = next(streams)
            client.send(headers(stream, fields, end=False) + data(stream, b"y" * 1000, end=True))
            answer = client.stream(stream)
            if not await client.until(answer.over, DEADLINE):
                came["nothing" if not stop.is_set() else "left"] += 1
                return
            status = answer.status()
            hostile = any(dict(fields).get(b"x-hostile") for fields in answer.heads)
            came["whole" if hostile and answer.ended else "cut" if hostile or status is None else str(status)] += 1
            if sum(came.values()) == VICTIMS:
                told()
            del client.streams[stream]
            await asyncio.sleep(0)

    while not stop.is_set():
        async with Client(port) as client:
            streams = iter(range(1, 2 ** 31, 2))
            tasks = [asyncio.create_task(one(client, streams)) for _ in range(VICTIMS)]
            waits = asyncio.create_task(stop.wait())
            await asyncio.wait([waits, asyncio.gather(*tasks, return_exceptions=True)], return_when=asyncio.FIRST_COMPLETED)
            waits.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return came


async def hostile():
    """A program of its own: lines come in, "NAME|PORT" and then "stop"; it says when as many have had their answers as ask at once."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with Server(asked) as server:
        print(server.address, flush=True)
        while line := (await reader.readline()).decode().strip():
            name, port = line.split("|")
            stop = asyncio.Event()
            running = asyncio.create_task(victims(int(port), name, stop, lambda: print("they had their answers", flush=True)))
            await reader.readline()
            stop.set()
            came = await running
            server.cut_off()
            print(json.dumps(came), flush=True)


def story(proxy, endpoint):
    port = int(proxy.url().rsplit(":", 1)[1])
    patient = Patient(proxy, lambda times, wrong: by_http1(port, REQUESTS, times, wrong), MEMORY_KIB)
    for name in HOSTILE:
        endpoint.stdin.write(f"{name}|{port}\n")
        endpoint.stdin.flush()
        patient.beside()
        check(f"{name}: those who ask have their answers", endpoint.stdout.readline() == "they had their answers\n")
        endpoint.stdin.write("stop\n")
        endpoint.stdin.flush()
        came = json.loads(endpoint.stdout.readline())
        came.pop("left", None)
        check(f"{name}: what becomes of requests", came and set(came) <= OUTCOMES, came)
        patient.check(name, came)
        until("nothing in flight", lambda: proxy.status()["upstreams"]["hostile"]["in_flight"] == 0)


def main(switchyard, yardbench, requests=REQUESTS):
    global REQUESTS
    REQUESTS = int(requests)
    program = subprocess.Popen([sys.executable, __file__, "--endpoint"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        with workplace() as work, Endpoint(yardbench, work, "app", "--h2", "--body", "128") as app:
            config = {"process": {"workers": 1}, "listeners": [{"name": "web", "bind": "127.0.0.1:0", "protocols": ["h2", "http/1.1"]}],
                      "upstreams": {"app": {"endpoints": [{"address": app.address}], "protocol": "h2", "health": {"type": "none"}},
                                    "hostile": {"endpoints": [{"address": program.stdout.readline().strip()}], "protocol": "h2", "health": {"type": "none"},
                                                "timeouts": {"response_head": "1s", "idle": "1s"}}},
                      "routes": [{"name": "hostile", "match": {"path_prefix": "/hostile"}, "split": {"hostile": 1}, "retries": {"attempts": 0},
                                  "timeouts": {"request": "2s"}},
                                 {"name": "all", "split": {"app": 1}}]}
            with Switchyard(switchyard, work, config) as proxy:
                story(proxy, program)
                check("the proxy ends in order", proxy.end() == 0)
    finally:
        program.stdin.close()
        program.wait()
    return verdict()


if __name__ == "__main__":
    if sys.argv[1] == "--endpoint":
        asyncio.run(hostile())
    else:
        sys.exit(main(*sys.argv[1:]))
