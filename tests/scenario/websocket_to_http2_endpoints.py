#!/usr/bin/env python3
"""Story: WebSockets to endpoints that speak HTTP/2 (RFC 8441), from clients of HTTP/1.1 and of HTTP/2. One endpoint gives every
octet back; the other is a second Switchyard before a server of HTTP/1.1, so that both ends of the protocol are ours. They carry
more than their windows hold both ways; a switch takes none of them away and its receipt counts them; an endpoint that takes none
is not asked, and says so to the client; the end of the program ends them all.

usage: websocket_to_http2_endpoints.py SWITCHYARD"""
import asyncio
import base64
import hashlib
import json
import pathlib
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "support"), str(ROOT / "http2")]
from checks import check, verdict  # noqa: E402
from endpoint import Server  # noqa: E402
from frames import PREFACE, SETTINGS, Client, data, frame, headers  # noqa: E402
from running import Switchyard, workplace  # noqa: E402
from web_sockets import GUID, OCTETS, PIECE, SECONDS, Endpoint, message, message_size, say, socket  # noqa: E402

SOCKETS = 6  # of each version
KEY = base64.b64encode(b"sixteen octets!!").decode()
PROOF = base64.b64encode(hashlib.sha1((KEY + GUID).encode()).digest()).decode()
WHAT = bytes(i % 251 for i in range(OCTETS))
PIECES = [WHAT[at:at + PIECE] for at in range(0, OCTETS, PIECE)]
AS_SAID = b"".join(message(piece) for piece in PIECES)  # by the endpoint that gives octets back
ANSWERED = b"".join(b"\x82" + message_size(PIECE) + piece for piece in PIECES)  # by the one that speaks WebSocket
TAKES_IT = struct.pack(">HI", 8, 1)


async def echo(connection, stream):
    """What goes up comes down, and its end, too; anything else is a page."""
    if connection.field(stream, b":protocol") != b"websocket":
        return await connection.say(headers(stream, [(":status", "200"), ("x-by", "blue"), ("content-length", "0")]))
    await connection.say(headers(stream, [(":status", "200"), ("sec-websocket-protocol", "chat")], end=False))
    asked, said = connection.stream(stream), 0
    while not asked.over():
        await connection.until(lambda: len(asked.body) > said or asked.over(), SECONDS)
        piece = asked.body[said:]
        said += len(piece)
        await connection.body(stream, piece)
    if asked.ended:
        await connection.body(stream, asked.body[said:], end=True)


class Plain:
    """A WebSocket of HTTP/1.1."""

    async def open(self, port, path="/chat"):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                          f"Sec-WebSocket-Key: {KEY}\r\n\r\n".encode())
        self.head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        return int(self.head.split()[1])

    async def say(self, expected):
        async def up():
            for piece in PIECES:
                self.writer.write(message(piece))
                await self.writer.drain()
        sending = asyncio.create_task(up())
        came = await asyncio.wait_for(self.reader.readexactly(len(expected)), SECONDS)
        await sending
        return came == expected

    async def still(self, octets, expected):
        self.writer.write(octets)
        return await asyncio.wait_for(self.reader.readexactly(len(expected)), SECONDS) == expected


async def both_versions(proxy, colour, expected):
    """Sockets of both kinds, which have carried everything; they stay open."""
    port = int(proxy.url().rsplit(":", 1)[1])
    plain = [Plain() for _ in range(SOCKETS)]
    statuses = [await one.open(port) for one in plain]
    check(f"{colour}: HTTP/1.1 is switched", statuses == [101] * SOCKETS, statuses)
    check(f"{colour}: with the proof of the client's key", all(f"sec-websocket-accept: {PROOF}" in one.head.lower().replace(PROOF.lower(), PROOF) for one in plain),
          plain[0].head)
    check(f"{colour}: all that HTTP/1.1 said came back", all(await asyncio.gather(*(one.say(expected) for one in plain))))
    client = await Client(port, PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 2 * len(AS_SAID)))).__aenter__()
    streams = [1 + 2 * i for i in range(SOCKETS)]
    statuses = [await socket(client, stream) for stream in streams]
    check(f"{colour}: HTTP/2 is a tunnel", statuses == [200] * SOCKETS, statuses)
    await asyncio.gather(*(say(client, stream, WHAT) for stream in streams))
    whole = [await client.until(lambda s=stream: len(client.stream(s).body) >= len(expected), SECONDS) for stream in streams]
    check(f"{colour}: all that HTTP/2 said came back", all(whole) and all(client.stream(s).body == expected for s in streams),
          ([len(client.stream(s).body) for s in streams], client.goaways))
    return plain, client, streams


async def refused(proxy, port):
    """By an endpoint that does not take it."""
    plain = Plain()
    status = await plain.open(port, "/old/chat")
    body = await plain.reader.readuntil(b"}\n")
    check("HTTP/1.1 is told that the endpoint does not take it", status == 502 and b"takes no WebSocket over HTTP/2" in body, (status, body))
    async with Client(port) as client:
        client.send(headers(1, [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/old/chat"), (":authority", "a.test"),
                                ("sec-websocket-version", "13")], end=False))
        await client.until(client.stream(1).over, SECONDS)
        check("and so is HTTP/2", client.stream(1).status() == 502 and b"takes no WebSocket" in client.stream(1).body, client.stream(1).body)
        client.send(headers(3, [(":method", "GET"), (":scheme", "http"), (":path", "/old/"), (":authority", "a.test")]))
        await client.until(client.stream(3).over, SECONDS)
        check("requests are answered there", client.stream(3).status() == 200, client.stream(3).heads)
    said = (await asyncio.to_thread(proxy.call, "POST", "/v1/explain", {"host": "a.test", "path": "/old/chat"}))[1]
    check("explain says in what it is spoken to", said["protocol"] == "h2", said)


async def story(proxy, port, blue, green):
    plain, client, streams = await both_versions(proxy, "blue", AS_SAID)
    status, receipt, _ = await asyncio.to_thread(proxy.call, "POST", "/v1/routes/app/switch", {"to": "green"})
    check("the switch's receipt counts the tunnels", status == 200 and f'"tunnels": {2 * SOCKETS}' in json.dumps(receipt), receipt)
    others = await both_versions(proxy, "green", ANSWERED)
    check("the new ones are at the new colour", green.sockets == 2 * SOCKETS, green.sockets)
    still = message(b"still")
    check("the switch took none of HTTP/1.1 away", all([await one.still(still, still) for one in plain]))
    for stream in streams:
        client.send(data(stream, still))
    check("and none of HTTP/2", all([await client.until(lambda s=stream: client.stream(s).body.endswith(still), SECONDS) for stream in streams]))
    check("they share connections", len(blue.connections) <= 2, len(blue.connections))
    await refused(proxy, port)
    # One of each ends by itself, and its end comes back.
    client.send(data(streams[0], b"", end=True))
    check("one of HTTP/2 ends in order", await client.until(lambda: client.stream(streams[0]).ended, SECONDS))
    plain[0].writer.write_eof()
    check("one of HTTP/1.1 does", await asyncio.wait_for(plain[0].reader.read(), SECONDS) == b"")
    code = await asyncio.to_thread(proxy.end)
    check("the program ended in order", code == 0, code)
    over = [await one.until(one.stream(s).over, SECONDS) for one in (client, others[1]) for s in streams]
    check("and all with it", all(over), over)


def before(endpoint):
    """The other Switchyard."""
    return {"process": {"workers": 1}, "listeners": [{"name": "web", "bind": "127.0.0.1:0", "protocols": ["h2"]}],
            "upstreams": {"app": {"endpoints": [{"address": endpoint.address}], "health": {"type": "none"}}}, "routes": [{"name": "app", "split": {"app": 1}}]}


async def stage(switchyard, work):
    async with Server(echo, TAKES_IT) as blue, Server(echo) as old, Endpoint("green") as green:
        folder = pathlib.Path(work) / "second"
        folder.mkdir()
        with await asyncio.to_thread(Switchyard, switchyard, folder, before(green), name="second") as second:
            upstream = {"protocol": "h2", "health": {"type": "none"}}
            config = {"process": {"workers": 1, "shutdown_grace": "3s"}, "listeners": [{"name": "web", "bind": "127.0.0.1:0", "protocols": ["h2", "http/1.1"]}],
                      "upstreams": {"blue": {"endpoints": [{"address": blue.address}], **upstream}, "old": {"endpoints": [{"address": old.address}], **upstream},
                                    "green": {"endpoints": [{"address": second.url().split("//")[1]}], **upstream}},
                      "routes": [{"name": "app", "split": {"blue": 100, "green": 0}},
                                 {"name": "old", "match": {"path_prefix": "/old/"}, "split": {"old": 1}}]}
            with await asyncio.to_thread(Switchyard, switchyard, work, config) as proxy:
                await story(proxy, int(proxy.url().rsplit(":", 1)[1]), blue, green)


def main():
    with workplace() as work:
        asyncio.run(stage(sys.argv[1], work))
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
