"""HTTP/2 as octets: frames, header blocks written literally (so that they can say anything), and a client that keeps every
frame. Blocks are read by nghttp2's own decoder."""
import asyncio
import ctypes
import ctypes.util
import struct

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, WITH_PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'


def frame(kind, flags, stream, payload=b''):
    return struct.pack('>I', len(payload))[1:] + bytes([kind, flags]) + struct.pack('>I', stream) + payload


def integer(value, bits, first=0):
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out = bytearray([first | most])
    value -= most
    while value >= 0x80:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def literal(name, value):
    """A field without indexing and without Huffman: whatever octets there are."""
    return b'\0' + integer(len(name), 7) + name + integer(len(value), 7) + value


def block(fields):
    return b''.join(literal(name.encode('latin-1') if isinstance(name, str) else name,
                            value.encode('latin-1') if isinstance(value, str) else value) for name, value in fields)


def headers(stream, fields, end=True, flags=END_HEADERS):
    return frame(HEADERS, flags | (END_STREAM if end else 0), stream, block(fields))


def data(stream, octets, end=False):
    return frame(DATA, END_STREAM if end else 0, stream, octets)


class Pair(ctypes.Structure):
    _fields_ = [('name', ctypes.POINTER(ctypes.c_ubyte)), ('value', ctypes.POINTER(ctypes.c_ubyte)),
                ('namelen', ctypes.c_size_t), ('valuelen', ctypes.c_size_t), ('flags', ctypes.c_uint8)]


class Decoder:
    def __init__(self):
        self.library = ctypes.CDLL(ctypes.util.find_library('nghttp2') or 'libnghttp2.so.14')
        self.library.nghttp2_hd_inflate_hd2.restype = ctypes.c_ssize_t
        self.inflater = ctypes.c_void_p()
        if self.library.nghttp2_hd_inflate_new(ctypes.byref(self.inflater)) != 0:
            raise MemoryError

    def __del__(self):
        self.library.nghttp2_hd_inflate_del(self.inflater)

    def read(self, octets):
        fields = []
        while True:
            pair, flags = Pair(), ctypes.c_int(0)
            used = self.library.nghttp2_hd_inflate_hd2(self.inflater, ctypes.byref(pair), ctypes.byref(flags), octets,
                                                       ctypes.c_size_t(len(octets)), 1)
            if used < 0:
                raise ValueError('a header block that nghttp2 does not read')
            octets = octets[used:]
            if flags.value & 2:
                fields.append((ctypes.string_at(pair.name, pair.namelen), ctypes.string_at(pair.value, pair.valuelen)))
            if flags.value & 1:
                self.library.nghttp2_hd_inflate_end_headers(self.inflater)
                return fields
            if not flags.value & 2 and not octets:
                raise ValueError('a header block that does not end')


class Stream:
    def __init__(self):
        self.heads, self.body, self.ended, self.reset = [], b'', False, None

    def status(self):
        """Of the final answer; None: there is none."""
        for fields in self.heads:
            status = dict(fields).get(b':status')
            if status is not None and status[:1] != b'1':
                return int(status)
        return None

    def over(self):
        return self.ended or self.reset is not None


class Client:
    """async with Client(port) as client: … Says the preface and its SETTINGS. `tls`: an SSLContext that offers h2."""

    def __init__(self, port, preface=PREFACE + frame(SETTINGS, 0, 0), tls=None):
        self.port, self.preface, self.tls = port, preface, tls
        self.streams, self.closed, self.raw = {}, False, b''
        self.goaway, self.goaways, self.last_lane = None, [], 0  # the last one's code, all codes, and its stream

    async def __aenter__(self):
        self.begin(await asyncio.open_connection('127.0.0.1', self.port, ssl=self.tls))
        return self

    def begin(self, opened):
        self.reader, self.writer = opened
        self.decoder, self.block, self.of = Decoder(), b'', (0, False)
        self.news = asyncio.Event()
        self.task = asyncio.create_task(self._read())
        self.send(self.preface)

    async def __aexit__(self, *_):
        self.task.cancel()
        self.writer.close()

    def send(self, octets):
        if not self.closed:
            self.writer.write(octets)

    def stream(self, number):
        return self.streams.setdefault(number, Stream())

    async def until(self, condition, seconds):
        """False: it has not come to that."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    if self.closed:
                        return condition()
                    self.news.clear()
                    await self.news.wait()
            return True
        except TimeoutError:
            return False

    async def _read(self):
        unread = b''
        try:
            while octets := await self.reader.read(65536):
                self.raw += octets
                unread += octets
                while len(unread) >= 9 and unread[:5] != b'HTTP/':
                    size = int.from_bytes(unread[:3], 'big')
                    if len(unread) < 9 + size:
                        break
                    self._take(unread[3], unread[4], int.from_bytes(unread[5:9], 'big') & 0x7fffffff,
                               unread[9:9 + size])
                    unread = unread[9 + size:]
                self.news.set()
        except ConnectionError:
            pass
        self.closed = True
        self.news.set()

    def _take(self, kind, flags, number, payload):
        if kind == SETTINGS and not flags & ACK:
            self.send(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            self.send(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            self.last_lane, self.goaway = int.from_bytes(payload[:4], 'big'), int.from_bytes(payload[4:8], 'big')
            self.goaways.append(self.goaway)
        elif kind == RST_STREAM:
            self.stream(number).reset = int.from_bytes(payload, 'big')
        elif kind in (HEADERS, CONTINUATION):
            if kind == HEADERS:
                self.block, self.of = b'', (number, bool(flags & END_STREAM))
            self.block += payload
            if flags & END_HEADERS:
                stream = self.stream(self.of[0])
                stream.heads.append(self.decoder.read(self.block))
                stream.ended = stream.ended or self.of[1]
        elif kind == DATA:
            stream = self.stream(number)
            if stream.over():
                raise AssertionError(f'DATA behind the end of stream {number}')
            stream.body += payload
            stream.ended = bool(flags & END_STREAM)
            if payload:
                self.send(frame(WINDOW_UPDATE, 0, 0, struct.pack('>I', len(payload))))
