"""An endpoint of HTTP/2 in clear that answers frame by frame, whatever it is told to say."""
import asyncio
import struct

from frames import ACK, CONTINUATION, DATA, END_HEADERS, HEADERS, PREFACE, SETTINGS, WINDOW_UPDATE, Client, Decoder, data, frame


class Connection(Client):
    """The endpoint's end of one. `streams[n].heads[0]` is what was asked there."""

    def __init__(self, reader, writer, settings, asked):
        super().__init__(0, frame(SETTINGS, 0, 0, settings))
        self.reader, self.writer, self.asked = reader, writer, asked
        self.decoder, self.block, self.of = Decoder(), b"", (0, False)
        self.news, self.tasks = asyncio.Event(), []
        self.initial, self.windows = 65_535, {0: 65_535}

    async def run(self):
        if await self.reader.readexactly(len(PREFACE)) == PREFACE:
            self.send(self.preface)
            await self._read()

    async def say(self, octets):
        """As fast as it is taken."""
        if self.closed or self.writer.transport.is_closing():
            raise ConnectionError
        self.writer.write(octets)
        await self.writer.drain()
        await asyncio.sleep(0)  # a peer that takes all at once would keep the other tasks from their turn

    async def body(self, stream, octets, end=False):
        """As the peer's windows allow."""
        at = 0
        while at < len(octets) or end:
            left = min(self.windows[0], self.windows.setdefault(stream, self.initial), 16_384)
            if at < len(octets) and left <= 0:
                await self.until(lambda: self.closed or min(self.windows[0], self.windows[stream]) > 0, 60)
                if self.closed:
                    raise ConnectionError
                continue
            piece = octets[at:at + left]
            at += len(piece)
            for window in (0, stream):
                self.windows[window] -= len(piece)
            last = end and at == len(octets)
            await self.say(data(stream, piece, last))
            if last:
                return

    def field(self, stream, name):
        return dict(self.streams[stream].heads[0]).get(name)

    def _take(self, kind, flags, number, payload):
        super()._take(kind, flags, number, payload)
        self.raw = b""
        if kind == WINDOW_UPDATE:
            self.windows[number] = self.windows.get(number, self.initial) + int.from_bytes(payload, "big")
        if kind == SETTINGS and not flags & ACK:
            for at in range(0, len(payload), 6):
                name, value = struct.unpack_from(">HI", payload, at)
                if name == 4:
                    self.windows = {id: left + (value - self.initial if id else 0) for id, left in self.windows.items()}
                    self.initial = value
        if kind in (HEADERS, CONTINUATION) and flags & END_HEADERS and len(self.stream(self.of[0]).heads) == 1:
            self.tasks.append(asyncio.create_task(self._asked(self.of[0])))
        if kind == DATA and payload and not self.stream(number).over():
            self.send(frame(WINDOW_UPDATE, 0, number, struct.pack(">I", len(payload))))

    async def _asked(self, number):
        try:
            await self.asked(self, number)
        except ConnectionError:
            pass


class Server:
    """async with Server(asked, settings) as server: … `asked(connection, stream)` is run for each request, from its head on."""

    def __init__(self, asked, settings=b""):
        self.asked, self.settings, self.connections = asked, settings, set()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_):
        self.server.close()
        self.cut_off()

    def cut_off(self):
        """All connections that there are."""
        for connection in list(self.connections):
            for task in connection.tasks:
                task.cancel()
            connection.writer.transport.abort()

    async def _serve(self, reader, writer):
        connection = Connection(reader, writer, self.settings, self.asked)
        self.connections.add(connection)
        try:
            await connection.run()
        except (asyncio.IncompleteReadError, ConnectionError, AssertionError):
            pass
        finally:
            connection.closed = True
            self.connections.discard(connection)
            for task in connection.tasks:
                task.cancel()
            writer.close()
