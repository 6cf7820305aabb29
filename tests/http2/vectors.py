"""What a request must be before anything else sees it: messages as frames, with the verdict that each must get.

  rst      the stream is reset with PROTOCOL_ERROR, the connection lives
  goaway   the connection ends
  4xx, 5xx answered by the proxy
  pass     reaches the endpoint as the one request it is; `check` says what must be true of what arrived
"""
import struct

from frames import (CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PADDED, PING, PREFACE, PRIORITY, PUSH_PROMISE,
                    RST_STREAM, SETTINGS, WINDOW_UPDATE, WITH_PRIORITY, block, data, frame, headers, integer, literal)

VECTORS = []


class Vector:
    def __init__(self, group, name, verdict, octets, check=None):
        self.id = f'{group:02}/{name}'
        self.verdicts = (verdict,) if isinstance(verdict, (str, int)) else verdict
        self.octets, self.check = octets, check


def add(group, name, verdict, octets, check=None):
    VECTORS.append(Vector(group, name, verdict, octets, check))


def request(*more, method='GET', path='/case', scheme='http', authority='a.test'):
    pairs = [(':method', method), (':scheme', scheme), (':path', path), (':authority', authority)]
    return [(name, value) for name, value in pairs if value is not None] + list(more)


def get(*more, **pseudo):
    return headers(1, request(*more, **pseudo))


def post(*more, **pseudo):
    return headers(1, request(*more, method='POST', **pseudo), end=False)


def u32(number):
    return struct.pack('>I', number)


def line(name, *values):
    wanted = [value.encode('latin-1') for value in values]
    return lambda message: message.values(name.encode()) == wanted


# 1-3: what speaks of one connection
add(1, 'te-chunked', 'rst', get(('transfer-encoding', 'chunked')))
add(1, 'te-chunked-body', 'rst', post(('transfer-encoding', 'chunked')) + data(1, b'0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n', True))
add(1, 'te-upper', 'rst', get(('Transfer-Encoding', 'chunked')))
for name, value in (('connection', 'x'), ('connection', 'close'), ('keep-alive', 'timeout=5'), ('proxy-connection', 'close'),
                    ('upgrade', 'h2c'), ('upgrade', 'websocket')):
    add(2, f'{name}-{value}', 'rst', get((name, value)))
add(2, 'http2-settings', 'pass', get(('http2-settings', 'AAMAAABk')), line('http2-settings'))
add(3, 'te-gzip', 'rst', get(('te', 'gzip')))
add(3, 'te-trailers-gzip', 'rst', get(('te', 'trailers, gzip')))
add(3, 'te-trailers', 'pass', get(('te', 'trailers')), line('te'))

# 4-6: content-length and what comes
add(4, 'short', 'rst', post(('content-length', '5')) + data(1, b'abc', True))
add(4, 'long', 'rst', post(('content-length', '5')) + data(1, b'abcdefg', True))
add(4, 'long-smuggle', 'rst', post(('content-length', '4')) + data(1, b'abcdGET /evil HTTP/1.1\r\nHost: a\r\n\r\n', True))
add(4, 'zero-smuggle', 'rst', post(('content-length', '0')) + data(1, b'GET /evil HTTP/1.1\r\nHost: a\r\n\r\n', True))
add(4, 'exact', 'pass', post(('content-length', '5')) + data(1, b'abc') + data(1, b'de', True), lambda m: m.body == b'abcde')
for number, value in enumerate(('+5', '5 5', '0x5', '5,5', '-5', '', '05', '5.0', '1' * 19, '5\t')):
    add(5, f'value-{number}', 'rst', post(('content-length', value)) + data(1, b'abcde', True))
add(5, 'twice-equal', 'rst', post(('content-length', '5'), ('content-length', '5')) + data(1, b'abcde', True))
add(5, 'twice-other', 'rst', post(('content-length', '5'), ('content-length', '6')) + data(1, b'abcde', True))
add(6, 'without-body', 'rst', get(('content-length', '5')))

# 7-10: names and values
for number, value in enumerate(('a\r\nx: y', 'a\nb', 'a\rb', 'a\0b', 'a\x01b', 'a\x7fb', 'a\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n')):
    add(7, f'value-{number}', 'rst', get(('x-field', value)))
for number, value in enumerate((' a', 'a ', '\ta', 'a\t', ' ')):
    add(8, f'space-{number}', 'rst', get(('x-field', value)))
add(8, 'empty', 'pass', get(('x-field', '')), line('x-field', ''))
add(8, 'inside', 'pass', get(('x-field', 'a \tb')), line('x-field', 'a \tb'))
for number, name in enumerate((':x', 'x:y', 'x y', 'x\r\ny', 'x\0y', 'X', 'x(y', b'x\x80', '', 'x\ty', 'host ', 'x\r\n\r\nGET /evil HTTP/1.1\r\nhost')):
    add(9, f'name-{number}', 'rst', get((name, 'v')))
add(10, 'transfer_encoding', 400, get(('transfer_encoding', 'chunked')))
add(10, 'content_length', 400, get(('content_length', '5')))
add(10, 'x_forwarded_for', 'pass', get(('x_forwarded_for', '1.2.3.4')), line('x_forwarded_for'))

# 11-20: pseudo fields
for number, path in enumerate(('/a b', '/a\r\nb', '/a\n', '/a#b', b'/\x80', '', 'foo', 'http://b/', '*', '/a\0', '/a\x7f')):
    add(11, f'path-{number}', ('rst', 400), get(path=path))
add(11, 'options-star', 'pass', get(method='OPTIONS', path='*'), lambda m: m.target == b'*')
add(12, 'split-path', 'rst', get(path='/a HTTP/1.1\r\nHost: b\r\n\r\nGET /c'))
for number, method in enumerate(('GET /x HTTP/1.1\r\nHost: b\r\n\r\nGET', 'G ET', '', 'GET\r', 'GE(T', 'GET:')):
    add(13, f'method-{number}', 'rst', get(method=method))
add(13, 'unknown', 'pass', get(method='BREW'), lambda m: m.method == b'BREW')
for number, scheme in enumerate(('https://evil/', '', 'ftp', 'http\r\nx: y', 'HTTP')):
    add(14, f'scheme-{number}', 'rst', get(scheme=scheme))
add(14, 'https-in-clear', 'pass', get(scheme='https'), line('x-forwarded-proto', 'http'))
for number, authority in enumerate(('a@b', 'a b', 'a/b', 'a,b', 'a:1:2', '', 'a\r\nx: y', 'a?b', 'a#b', '[::1')):
    add(15, f'authority-{number}', (400, 'rst'), get(authority=authority))
add(16, 'differ', 400, get(('host', 'b.test')))
add(16, 'same', 'pass', get(('host', 'A.TEST')), line('host', 'a.test'))
add(16, 'two-hosts', 400, get(('host', 'a.test'), ('host', 'b.test'), authority=None))
add(16, 'two-same', 400, get(('host', 'a.test'), ('host', 'a.test')))
add(16, 'host-only', 'pass', get(('host', 'b.test'), authority=None), line('host', 'b.test'))
add(16, 'none', 400, get(authority=None))
add(17, 'method-twice', 'rst', headers(1, request() + [(':method', 'POST')]))
add(17, 'path-twice', 'rst', headers(1, request() + [(':path', '/evil')]))
add(17, 'late', 'rst', headers(1, [('x', 'y')] + request()))
add(17, 'unknown', 'rst', get((':foo', 'x')))
add(17, 'status', 'rst', get((':status', '200')))
for missing in (':method', ':scheme', ':path'):
    add(17, f'no-{missing[1:]}', 'rst', headers(1, [pair for pair in request() if pair[0] != missing]))
add(18, 'pseudo-in-trailers', 'rst', post() + data(1, b'abc') + headers(1, [(':path', '/evil')]))
add(18, 'not-the-end', 'rst', post() + data(1, b'abc') + headers(1, [('x', 'y')], end=False))
for name, value in (('content-length', '99'), ('host', 'evil'), ('authorization', 'x')):
    add(18, f'dropped-{name}', 'pass', post() + data(1, b'abc') + headers(1, [(name, value)]),
        lambda m, name=name: m.body == b'abc' and not any(n.lower() == name.encode() for n, _ in m.trailers))
add(18, 'transfer-encoding', 'rst', post() + data(1, b'abc') + headers(1, [('transfer-encoding', 'chunked')]))
add(18, 'bad-value', 'rst', post() + data(1, b'abc') + headers(1, [('x', 'a\r\nb')]))
add(19, 'connect-path', 'rst', get(method='CONNECT', scheme=None))
add(19, 'connect-scheme', 'rst', get(method='CONNECT', path=None))
add(19, 'connect-nowhere', 'rst', get(method='CONNECT', scheme=None, path=None, authority=None))
add(19, 'connect', (400, 404, 405, 501), get(method='CONNECT', scheme=None, path=None, authority='evil:25'))
add(19, 'protocol-unknown', 400, headers(1, [
    (':method', 'CONNECT'), (':protocol', 'connect-udp'), (':scheme', 'http'), (':path', '/'), (':authority', 'a')], end=False))
add(20, 'protocol-get', 'rst', headers(1, [(':protocol', 'websocket')] + request()))

# 21-23: cookies, expectations, sizes
crumbs = [('cookie', f'c{i}=v{i}') for i in range(60)]
add(21, 'two', 'pass', get(('cookie', 'a=1'), ('cookie', 'b=2')), line('cookie', 'a=1; b=2'))
add(21, 'scattered', 'pass', get(('cookie', 'a=1'), ('x', 'y'), ('cookie', 'b=2')), line('cookie', 'a=1; b=2'))
add(21, 'sixty', 'pass', get(*crumbs), line('cookie', '; '.join(v for _, v in crumbs)))
add(21, 'empty', 'pass', get(('cookie', ''), ('cookie', 'b=2')), line('cookie', 'b=2'))
add(22, 'expect-continue', 'pass', post(('expect', '100-continue')) + data(1, b'abc', True), lambda m: m.body == b'abc')
add(22, 'expect-other', 417, get(('expect', '200-ok')))
add(23, 'fields-102', 431, get(*[(f'x{i}', 'y') for i in range(102)]))
add(23, 'size-17k', 431, headers(1, request(('x', 'y' * 16_000)), flags=0) +
    frame(CONTINUATION, END_HEADERS, 1, block([('z', 'y' * 1_000)])))
add(23, 'bomb-small', 431, frame(HEADERS, END_HEADERS | END_STREAM, 1,
                                 block(request()) + b'\x40\x01x' + integer(3000, 7) + b'v' * 3000 + b'\xbe' * 10))
add(23, 'bomb', 'goaway', frame(HEADERS, END_HEADERS | END_STREAM, 1,
                                block(request()) + b'\x40\x01x' + integer(3000, 7) + b'v' * 3000 + b'\xbe' * 12000))
add(23, 'names-16000', 'goaway', frame(HEADERS, END_HEADERS | END_STREAM, 1,
                                       block(request()) + b'\x40\x01x\x03abc' + b'\xbe' * 16000 + b'') +
    frame(HEADERS, 0, 3, block(request()) + b'\xbe' * 16000) + frame(CONTINUATION, END_HEADERS, 3, b'\xbe' * 16000))

# 24-27: HPACK and frames
for name, octets in (('index-0', b'\x80'), ('index-beyond', b'\xff\x80\x01'), ('size-beyond', b'\x3f\xe2\x1f' + block(request())),
                     ('size-late', block(request()) + b'\x20'), ('eos', b'\x00\x01x\x84\xff\xff\xff\xff'),
                     ('padding', b'\x00\x01x\x82\x0f\xff'), ('overflow', b'\x00\x01x\x7f\xff\xff\xff\xff\xff\xff\xff'),
                     ('cut', block(request())[:-3])):
    add(24, name, 'goaway', frame(HEADERS, END_HEADERS | END_STREAM, 1, octets))
add(25, 'even', 'goaway', headers(2, request()))
add(25, 'falling', 'goaway', headers(5, request(path='/case')) + headers(3, request(path='/case')))
add(25, 'interrupted', 'goaway', headers(1, request(), flags=0) + frame(PING, 0, 0, b'12345678'))
add(25, 'other-stream', 'goaway', headers(1, request(), flags=0) + frame(CONTINUATION, END_HEADERS, 3))
add(25, 'continuation', 'goaway', frame(CONTINUATION, END_HEADERS, 1, block(request())))
for name, octets in (('settings', frame(SETTINGS, 0, 0, b'12345')), ('ping', frame(PING, 0, 0, b'1234567')),
                     ('rst', post() + frame(RST_STREAM, 0, 1, b'123')), ('priority', frame(PRIORITY, 0, 1, b'1234')),
                     ('padding', frame(HEADERS, END_HEADERS | PADDED, 1, b'\xff' + block(request()))),
                     ('data-padding', post() + frame(DATA, PADDED, 1, b'\x04abc')),
                     ('too-long', post() + data(1, b'x' * 16_385)),
                     ('window', frame(SETTINGS, 0, 0, b'\0\4' + u32(0x80000000))),
                     ('frame-size', frame(SETTINGS, 0, 0, b'\0\5' + u32(16_383))),
                     ('push', frame(SETTINGS, 0, 0, b'\0\2' + u32(2)))):
    add(26, name, 'goaway', octets)
add(26, 'padded', 'pass', frame(HEADERS, END_HEADERS | PADDED | WITH_PRIORITY, 1, b'\x03' + u32(0) + b'\x10' +
                                block(request(method='POST')) + b'\0\0\0') +
    frame(DATA, PADDED | END_STREAM, 1, b'\x05abc\0\0\0\0\0'), lambda m: m.body == b'abc')
add(27, 'push', 'goaway', frame(PUSH_PROMISE, END_HEADERS, 1, u32(2) + block(request())))
add(27, 'data-0', 'goaway', data(0, b'x'))
add(27, 'overflow', 'goaway', frame(WINDOW_UPDATE, 0, 0, u32(0x7fffffff)))
add(27, 'overflow-stream', 'goaway', post() + frame(WINDOW_UPDATE, 0, 1, u32(0x7fffffff)))
add(27, 'zero', 'goaway', frame(WINDOW_UPDATE, 0, 0, u32(0)))
add(27, 'zero-stream', 'goaway', post() + frame(WINDOW_UPDATE, 0, 1, u32(0)))

# 28-29: exactly as in HTTP/1
add(28, 'max-forwards', 405, get(('max-forwards', '0'), method='TRACE'))
add(28, 'proxy', 'pass', get(('proxy', 'http://evil/')), line('proxy'))
add(28, 'forwarded-for', 'pass', get(('x-forwarded-for', '1.2.3.4')), line('x-forwarded-for', '127.0.0.1'))
add(28, 'forwarded', 'pass', get(('forwarded', 'for=1.2.3.4')), line('forwarded'))
add(28, 'request-id', 'pass', get(('x-request-id', 'evil')), lambda m: m.values(b'x-request-id') not in ([], [b'evil']))
add(28, 'via', 'pass', get(('via', '1.1 other')), line('via', '1.1 other', '2.0 switchyard'))
add(28, 'trace-body', 400, headers(1, request(method='TRACE'), end=False) + data(1, b'abc', True))
for number, (path, verdict) in enumerate((('/case/../..', 400), ('/case/%00', 400), ('/case/%2e%2e/%2e%2e', 400), ('/case/%zz', 400),
                                          ('/case//b', 'pass'), ('/case/./b', 'pass'))):
    add(29, f'path-{number}', verdict, get(path=path))

# 34: a body without a length
add(34, 'whole', 'pass', post() + data(1, b'hello', True), lambda m: m.body == b'hello' and m.values(b'content-length') == [b'5'])
add(34, 'empty', 'pass', post() + data(1, b'', True), lambda m: m.body == b'')
add(34, 'pieces', 'pass', post() + data(1, b'GET /evil HTTP/1.1\r\n') + data(1, b'Host: a\r\n\r\n', True),
    lambda m: m.body == b'GET /evil HTTP/1.1\r\nHost: a\r\n\r\n')
