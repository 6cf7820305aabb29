"""Has the endpoint send each response of the corpus and judges what reaches the client.

Every case runs twice: the endpoint closes after its bytes, and it holds the connection open. Then an innocent request
follows on a fresh client connection, as in judge_requests.
"""
import asyncio
import re

import strict_parser
from client import exchange
from judge_requests import PROBE_SECONDS, Verdict

FIRST_SECONDS = 0.8
CASE_PATH = re.compile(rb'/response/(\d+)/(close|hold)')
NOT_COMPARED = {b'transfer-encoding', b'connection', b'keep-alive', b'content-length', b'trailer', b'upgrade',
                b'proxy-connection', b'te'}


class ScriptedEndpoint:
    """Answers /response/NUMBER/MODE with the raw bytes of that case, and anything else with its own target."""

    def __init__(self, cases):
        self.cases, self.writers = cases, set()

    async def start(self):
        self.listener = await asyncio.start_server(self._serve, '127.0.0.1', 0, limit=1 << 22)
        self.port = self.listener.sockets[0].getsockname()[1]

    async def _serve(self, reader, writer):
        self.writers.add(writer)
        try:
            while True:
                head = await reader.readuntil(b'\r\n\r\n')
                method, target = head.split(b' ', 2)[:2]
                case = CASE_PATH.search(target)
                if case:
                    writer.write(self.cases[int(case.group(1))].raw)
                    await writer.drain()
                    if case.group(2) == b'close':
                        break
                else:
                    body = b'{"probe":"%s"}' % target
                    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n' % len(body)
                                 + (b'' if method == b'HEAD' else body))
                    await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass
        finally:
            self.writers.discard(writer)
            writer.close()

    def forget(self):
        for writer in list(self.writers):
            writer.close()

    def stop(self):
        self.forget()
        self.listener.close()


def poison(reply, path):
    finals = reply.finals()
    if not finals:
        return 'the probe got no answer'
    if finals[0].status == 200:
        return '' if path in finals[0].body else f'the probe got a foreign answer: {finals[0].body[:80]!r}'
    return '' if finals[0].status >= 500 else f'the probe got status {finals[0].status}'


def lost_fields(given, got):
    names = {name.lower() for name, _ in given.headers} - {name.lower() for name, _ in got.headers} - NOT_COMPARED
    named = b','.join(given.values(b'connection')).lower()
    return sorted(name.decode('latin-1') for name in names if name not in named)


def judge(case, reply, closes):
    given = [m for m in strict_parser.parse_responses(case.raw, [case.method.encode()], closes)]
    broken = any(message.dangers() for message in given)
    given = [m for m in given if m.status and m.status >= 200]
    finals = reply.finals()
    dangers = sorted({d for message in reply.messages for d in message.dangers()})
    if dangers:
        return 'ambiguous', ' '.join(dangers)
    if finals and finals[0].status in (502, 504) and not (given and given[0].status == finals[0].status):
        return 'bad-gateway', ''
    if not finals:
        if reply.ended:
            return 'closed', ''
        return 'pending', ''
    if not finals[0].complete:
        return ('truncated-visibly' if reply.ended else 'pending'), ''
    if given and not broken:
        if not given[0].complete and given[0].framing in ('length', 'chunked'):
            return 'hidden-truncation', ''
        if given[0].complete and given[0].body != finals[0].body:
            return 'altered', f'body of {len(given[0].body)} became {len(finals[0].body)}'
        if given[0].status != finals[0].status:
            return 'altered', f'status {given[0].status} became {finals[0].status}'
        lost = lost_fields(given[0], finals[0])
        if lost:
            return 'altered', f'lost {lost}'
    weak = sorted({d for message in reply.messages for d in message.deviations})
    return ('weak' if weak else 'normalised'), ' '.join(weak)


async def run_case(endpoint, port, number, case, mode):
    request = f'{case.method} /response/{number}/{mode} HTTP/1.1\r\nHost: localhost\r\n\r\n'.encode()
    reply = await exchange(port, request, [case.method.encode()], FIRST_SECONDS)
    path = f'/probe/{number}/{mode}'.encode()
    probe = await exchange(port, b'GET ' + path + b' HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', [b'GET'],
                           PROBE_SECONDS, PROBE_SECONDS)
    poisoned = poison(probe, path)
    word, detail = ('poisoned', poisoned) if poisoned else judge(case, reply, mode == 'close')
    endpoint.forget()
    return Verdict(case, word, f'{mode} {detail}')


async def run(proxy, endpoint, cases):
    verdicts = []
    for number, case in cases:
        for mode in ('close', 'hold'):
            try:
                verdicts.append(await run_case(endpoint, proxy.port, number, case, mode))
            except OSError as error:
                verdicts.append(Verdict(case, 'crash' if not proxy.alive() else 'refused', str(error)))
    return verdicts
