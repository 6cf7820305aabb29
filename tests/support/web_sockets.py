"""WebSockets of the stories: an endpoint of HTTP/1.1 that gives every message back, and how a client of HTTP/2 opens one (RFC 8441)
and talks on it."""
import asyncio
import base64
import hashlib

from frames import data, headers

PIECE = 8_192
OCTETS = 32 * PIECE
UNDER_WAY = 2 * PIECE  # and one more that is sent: 24,600 of 32,768 octets
SECONDS = 60
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PAGE = b"<!doctype html><title>here</title>"


class Endpoint:
    """Answers GET with a page; an upgrade becomes a WebSocket that gives every message back."""

    def __init__(self, name):
        self.name, self.sockets, self.asked = name, 0, []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.address = "127.0.0.1:%d" % self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def serve(self, reader, writer):
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines[1:] if line)}
                self.asked.append((lines[0], fields))
                if fields.get("upgrade") != "websocket":
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-By: %s\r\nContent-Length: %d\r\n\r\n" %
                                 (self.name.encode(), len(PAGE)) + PAGE)
                    continue
                proof = base64.b64encode(hashlib.sha1((fields["sec-websocket-key"] + GUID).encode()).digest()).decode()
                writer.write(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {proof}\r\n\r\n".encode())
                self.sockets += 1
                try:
                    await self.echo(reader, writer)
                finally:
                    self.sockets -= 1
                break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    @staticmethod
    async def echo(reader, writer):
        while True:
            first, second = await reader.readexactly(2)
            size = second & 127
            if size > 125:
                size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
            mask = await reader.readexactly(4)
            masked = await reader.readexactly(size)
            octets = (int.from_bytes(masked, "big") ^ int.from_bytes((mask * (size // 4 + 1))[:size], "big")).to_bytes(size, "big")
            writer.write(bytes([first]) + message_size(size) + octets)
            await writer.drain()
            if first & 15 == 8:
                return


def message_size(size, masked=0):
    if size < 126:
        return bytes([masked | size])
    return bytes([masked | 126]) + size.to_bytes(2, "big") if size < 65536 else bytes([masked | 127]) + size.to_bytes(8, "big")


def message(octets):
    """With a mask of zeros: what comes back is comparable."""
    return b"\x82" + message_size(len(octets), 128) + b"\0\0\0\0" + octets


async def say(client, stream, octets):
    """In messages, as fast as they come back: some are under way, and no more than half a window holds: the other half may be
    taken and not given back yet."""
    answer, said = client.stream(stream), 0
    for at in range(0, len(octets), PIECE):
        client.send(data(stream, message(octets[at:at + PIECE])))
        said += PIECE
        if not await client.until(lambda: len(answer.body) >= said - UNDER_WAY, SECONDS):
            return False
    return True


async def socket(client, stream):
    client.send(headers(stream, [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", f"/echo/{stream}"),
                                 (":authority", "a.test"), ("sec-websocket-version", "13")], end=False))
    await client.until(lambda: client.stream(stream).status() is not None or client.stream(stream).over(), SECONDS)
    return client.stream(stream).status()
