"""An endpoint that keeps every byte it gets and answers each request it can read with what it understood."""
import asyncio
import json

import strict_parser


class Connection:
    def __init__(self, writer):
        self.writer = writer
        self.unread = b''
        self.bytes_of = {}  # what came in, by phase
        self.ended = False
        self.invited = False  # 100 Continue was sent for the current request


class RecordingEndpoint:
    """Frames strictly: what two parsers could read in two ways gets a 400, and the recording is the evidence."""

    def __init__(self):
        self.connections, self.phase = [], None

    async def start(self):
        self.listener = await asyncio.start_server(self._serve, '127.0.0.1', 0, limit=1 << 22)
        self.port = self.listener.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer):
        connection = Connection(writer)
        self.connections.append(connection)
        try:
            while True:
                data = await reader.read(65536)
                if not data:
                    break
                connection.bytes_of[self.phase] = connection.bytes_of.get(self.phase, b'') + data
                connection.unread += data
                if not await self._answer_all(connection):
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            connection.ended = True
            writer.close()

    async def _answer_all(self, connection):
        """False when the connection is to be closed."""
        while connection.unread:
            messages, end = strict_parser.parse_requests(connection.unread, 1)
            if not messages:
                return True
            message = messages[0]
            if message.dangers():
                connection.writer.write(b'HTTP/1.1 400 Bad\r\nContent-Length: 3\r\nX-Echo: bad\r\n'
                                        b'Connection: close\r\n\r\nbad')
                await connection.writer.drain()
                return False
            if not message.complete:
                expects = any(b'100' in value for value in message.values(b'expect'))
                if expects and message.framing != 'partial' and not connection.invited:
                    connection.invited = True
                    connection.writer.write(b'HTTP/1.1 100 Continue\r\n\r\n')
                return True
            connection.unread, connection.invited = connection.unread[end:], False
            closes = b'close' in b','.join(message.values(b'connection')).lower() or message.version == b'1.0'
            connection.writer.write(self._answer(message, closes))
            await connection.writer.drain()
            if closes:
                return False
        return True

    @staticmethod
    def _answer(message, closes):
        host = (message.values(b'host') or [b''])[0]
        body = json.dumps({'method': message.method.decode('latin-1'), 'target': message.target.decode('latin-1'),
                           'host': host.decode('latin-1'), 'body': len(message.body)}).encode()
        head = (b'HTTP/1.1 405 No\r\n' if message.method == b'CONNECT' else b'HTTP/1.1 200 OK\r\n')
        head += b'Content-Length: %d\r\nContent-Type: application/json\r\nX-Echo: 1\r\n' % len(body)
        head += b'Connection: close\r\n\r\n' if closes else b'\r\n'
        return head if message.method == b'HEAD' else head + body

    def forget(self):
        for connection in self.connections:
            connection.writer.close()
        self.connections = []

    def stop(self):
        self.forget()
        self.listener.close()
