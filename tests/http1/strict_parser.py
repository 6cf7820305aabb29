"""A strict HTTP/1.1 parser (RFC 9110, RFC 9112) that judges what a proxy forwarded.

It shares no code with the proxy. Instead of stopping at the first error it notes every deviation:
  D:…  dangerous: two recipients can read the framing, the routing or the borders of a field in two ways
  W:…  weak: not as clean as it should be, but nobody reads it two ways
"""
import re

TOKEN = re.compile(rb"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$")
REQUEST_LINE = re.compile(rb"^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([^\x00-\x20\x7f]+) HTTP/([0-9])\.([0-9])$")
STATUS_LINE = re.compile(rb'^HTTP/([0-9])\.([0-9]) ([0-9]{3})(?: ([^\x00-\x08\x0a-\x1f\x7f]*))?$')
HOST = re.compile(rb"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~!$&'()*+;=%]*)(:[0-9]*)?$")
URL = re.compile(rb'^[A-Za-z][A-Za-z0-9+.\-]*://([^/?#]*)')
OTHER_CODINGS = re.compile(rb'^(gzip|deflate|compress|x-gzip|x-compress)$')
FRAMING_FIELDS = (b'content-length', b'transfer-encoding', b'host')
MOST_MESSAGES = 50  # nothing in the corpus comes near


class Message:
    def __init__(self):
        self.method = self.target = self.version = self.start = b''
        self.status = None
        self.headers, self.trailers = [], []
        self.body = b''
        self.framing = 'none'
        self.deviations = []
        self.complete = False

    def note(self, deviation):
        self.deviations.append(deviation)

    def values(self, name):
        return [value for field, value in self.headers if field.lower() == name]

    def dangers(self):
        return [d for d in self.deviations if d.startswith('D:')]


def take_line(data, at, message, where):
    """One line without its end, and the position behind it; None when it is not complete."""
    newline = data.find(b'\n', at)
    if newline < 0:
        return None, at
    line = data[at:newline]
    if line.endswith(b'\r'):
        line = line[:-1]
    else:
        message.note(f'D:bare-lf-{where}')
    if b'\r' in line:
        message.note(f'D:bare-cr-{where}')
    if b'\0' in line:
        message.note(f'D:nul-{where}')
    return line, newline + 1


def parse_fields(data, at, message, into, where):
    """Fields up to the empty line. The position behind it, or None when there is none yet."""
    while True:
        line, at_next = take_line(data, at, message, where)
        if line is None:
            return None
        at = at_next
        if line == b'':
            return at
        if line[:1] in b' \t':
            message.note(f'D:obs-fold-{where}')
            if into:
                into[-1] = (into[-1][0], into[-1][1] + b' ' + line.strip(b' \t'))
            continue
        if b':' not in line:
            message.note(f'D:no-colon-{where}')
            continue
        name, value = line.split(b':', 1)
        if name != name.rstrip(b' \t'):
            message.note(f'D:space-before-colon-{where}')
        elif name == b'':
            message.note(f'D:empty-name-{where}')
        elif not TOKEN.match(name):
            message.note(f'D:bad-name-{where}')
        value = value.strip(b' \t')
        if re.search(rb'[\x01-\x08\x0a-\x1f\x7f]', value.replace(b'\r', b'')):
            message.note(f'W:control-in-value-{where}')
        into.append((name.rstrip(b' \t'), value))


def chunk_size(line, message):
    """The size of a chunk, or None when no strict recipient would take it."""
    size, _, extension = line.partition(b';')
    if b';' in line:
        message.note('W:chunk-extension')
        if re.search(rb'[\x00-\x08\x0a-\x1f\x7f]', extension):
            message.note('D:chunk-extension-control')
    if size != size.strip(b' \t'):
        message.note('W:chunk-size-space')
        size = size.strip(b' \t')
    if not re.match(rb'^[0-9A-Fa-f]+$', size):
        message.note('D:chunk-size')
        return None
    if len(size.lstrip(b'0')) > 15:
        message.note('D:chunk-size-overflow')
        return None
    return int(size, 16)


def parse_chunked(data, at, message):
    """Fills message.body. The position behind the message, or None when it is incomplete or broken."""
    while True:
        line, at_next = take_line(data, at, message, 'chunk')
        if line is None:
            return None
        at = at_next
        size = chunk_size(line, message)
        if size is None:
            return None
        if size == 0:
            end = parse_fields(data, at, message, message.trailers, 'trailer')
            if end is not None and any(name.lower() in FRAMING_FIELDS for name, _ in message.trailers):
                message.note('W:framing-field-in-trailer')
            return end
        message.body += data[at:at + size]
        if len(data) < at + size:
            return None
        at += size
        end_of_chunk = data[at:at + 2]
        if end_of_chunk != b'\r\n':
            if end_of_chunk not in (b'', b'\r'):
                message.note('D:chunk-data-end')
            return None
        at += 2


def note_transfer_encoding(message, values):
    codings = [coding.strip(b' \t') for coding in b','.join(values).lower().split(b',')]
    if len(values) > 1:
        message.note('D:two-transfer-encodings')
    if values[0].lower() != b'chunked' or len(values) > 1:
        known = all(OTHER_CODINGS.match(coding) for coding in codings[:-1])
        if codings[-1] == b'chunked' and len(values) == 1 and known:
            message.note('W:other-transfer-coding')
        else:
            message.note('D:transfer-encoding-not-chunked')
    if message.version == b'1.0':
        message.note('D:transfer-encoding-in-http10')
    return 'chunked' if codings[-1] == b'chunked' else 'unknown-coding'


def read_framing(message):
    """Sets message.framing; gives the length when there is one."""
    lengths, codings, length = message.values(b'content-length'), message.values(b'transfer-encoding'), None
    if codings:
        message.framing = note_transfer_encoding(message, codings)
        if lengths:
            message.note('D:length-and-transfer-encoding')
    if lengths:
        if len(lengths) > 1:
            message.note('D:two-lengths' if len(set(lengths)) > 1 else 'W:same-length-twice')
        if not re.match(rb'^[0-9]+$', lengths[0]):
            message.note('D:bad-length')
        elif len(lengths[0].lstrip(b'0')) > 18:
            message.note('D:length-overflow')
        else:
            length = int(lengths[0])
            if lengths[0] != b'%d' % length:
                message.note('W:length-leading-zero')
            if message.framing == 'none':
                message.framing = 'length'
    return length


def check_host(message):
    hosts = message.values(b'host')
    if not hosts:
        if message.version == b'1.1':
            message.note('D:host-missing')
        return
    if len(hosts) > 1:
        message.note('D:host-twice')
    if not HOST.match(hosts[0]):
        message.note('D:host-invalid')
    if hosts[0] == b'' and message.target[:1] == b'/':
        message.note('W:host-empty')
    url = URL.match(message.target)
    if url:
        if url.group(1).split(b'@')[-1].lower() != hosts[0].lower():
            message.note('D:host-differs-from-target')
        if b'@' in url.group(1):
            message.note('W:userinfo')


def check_target(message):
    target = message.target
    if re.search(rb'[\x80-\xff]', target):
        message.note('W:target-8bit')
    if b'#' in target:
        message.note('W:target-fragment')
    if message.method == b'CONNECT':
        proper = re.match(rb'^[^/?#@]+:\d+$', target)
    elif target == b'*':
        proper = message.method == b'OPTIONS'
    else:
        proper = target.startswith(b'/') or URL.match(target)
    if not proper:
        message.note('D:target-form')


def parse_request_line(message, line):
    """False when nothing sensible can follow."""
    message.start = line
    match = REQUEST_LINE.match(line)
    if match:
        message.method, message.target = match.group(1), match.group(2)
        message.version = match.group(3) + b'.' + match.group(4)
    else:
        message.note('D:request-line')
        parts = line.split()
        if len(parts) >= 2:
            message.method, message.target = parts[0], parts[1]
        if len(parts) < 3 or not parts[-1].startswith(b'HTTP/'):
            return False
        message.version = parts[-1][5:]
    if message.version not in (b'1.0', b'1.1'):
        message.note('D:version')
    check_target(message)
    return True


def parse_body(data, at, message, length):
    """The position behind the body, or None when it is not complete."""
    if message.framing == 'chunked':
        return parse_chunked(data, at, message)
    if message.framing == 'length':
        message.body = data[at:at + length]
        return at + length if len(data) >= at + length else None
    return at


def parse_requests(data, most=MOST_MESSAGES):
    """The requests in `data` and the position behind the last complete one; the last may be incomplete."""
    messages, at = [], 0
    while at < len(data) and len(messages) < most:
        message = Message()
        if data[at:at + 2] == b'\r\n':
            message.note('W:leading-crlf')
            at += 2
            if at >= len(data):
                break
        messages.append(message)
        line, at_fields = take_line(data, at, message, 'request-line')
        if line is None:
            message.framing = 'partial'
            return messages, at
        if not parse_request_line(message, line):
            return messages, at
        at_body = parse_fields(data, at_fields, message, message.headers, 'header')
        if at_body is None:
            message.framing = 'partial'
            return messages, at
        check_host(message)
        length = read_framing(message)
        end = None if message.framing == 'unknown-coding' else parse_body(data, at_body, message, length)
        if end is None:
            return messages, at
        if any(name.lower() in (b'transfer_encoding', b'content_length') for name, _ in message.headers):
            message.note('W:underscore-framing')
        message.complete = True
        at = end
    return messages, at


def parse_status_line(message, line):
    message.start = line
    match = STATUS_LINE.match(line)
    if not match:
        message.note('D:status-line')
        match = re.match(rb'^HTTP/(\d)\.(\d)\s+(\d{3})', line)
        if not match:
            return False
    elif line.count(b' ') < 2:
        message.note('W:status-line-without-space')
    message.version = match.group(1) + b'.' + match.group(2)
    message.status = int(match.group(3))
    if message.version not in (b'1.0', b'1.1'):
        message.note('D:version')
    return True


def parse_responses(data, methods, ended, most=MOST_MESSAGES):
    """What a client sees that sent requests with these methods; `ended`: the connection was closed in order."""
    messages, at, finals = [], 0, 0
    while at < len(data) and len(messages) < most:
        message = Message()
        messages.append(message)
        line, at_fields = take_line(data, at, message, 'status-line')
        if line is None:
            message.framing = 'partial'
            break
        if not parse_status_line(message, line):
            break
        at_body = parse_fields(data, at_fields, message, message.headers, 'header')
        if at_body is None:
            message.framing = 'partial'
            break
        method = methods[finals] if finals < len(methods) else b'GET'
        length = read_framing(message)
        if message.status < 200:
            if message.framing != 'none':
                message.note('W:framing-on-1xx')
            message.framing, message.complete, at = 'none', True, at_body
            if message.status == 101:
                message.body = data[at:]
                break
            continue
        finals += 1
        if finals > len(methods):
            message.note('D:response-to-no-request')
        if method == b'HEAD' or message.status in (204, 304):
            message.framing, message.complete, at = 'no-body', True, at_body
            continue
        if message.framing not in ('chunked', 'length'):
            message.framing, message.body, message.complete = 'close', data[at_body:], ended
            break
        end = parse_body(data, at_body, message, length)
        if end is None:
            break
        message.complete, at = True, end
    return messages
