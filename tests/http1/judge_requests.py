"""Sends each request of the corpus through the proxy and judges what the endpoint was given.

After each case an innocent request goes out on a fresh client connection: if a kept connection to the endpoint is no
longer at a message border, that request gets somebody else's answer ("poisoned").
"""
import asyncio
import re

import strict_parser
from client import exchange
from recording_endpoint import RecordingEndpoint

FIRST_SECONDS = 0.8        # until the first byte of an answer; only truly incomplete requests wait that long
PROBE_SECONDS = 5.0
HOST_DANGER = re.compile(r'D:(host|target)')


class Verdict:
    def __init__(self, case, word, detail=''):
        self.id, self.title, self.word, self.detail, self.must = case.id, case.title, word, detail, case.must

    def __str__(self):
        return f'{self.word:18} {self.id:28} {self.title[:60]}  {self.detail}'


def path_of(target):
    """What an endpoint is asked for, whether the target was a path or a URL."""
    path = re.sub(rb'^[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]*', b'', target)
    return path if path.startswith((b'/', b'*')) else b'/' + path


def alterations(sent, forwarded):
    """What became of plainly valid requests on their way."""
    changed = []
    for before, after in zip(sent, forwarded):
        if before.method != after.method:
            changed.append('method')
        if before.body != after.body:
            changed.append('body')
        whole_server = before.method == b'OPTIONS' and re.fullmatch(rb'[A-Za-z]+://[^/?#]*', before.target)
        if whole_server:  # RFC 9112 section 3.2.4
            if after.target != b'*':
                changed.append(f'target {before.target[:40]!r} -> {after.target[:40]!r}')
        elif before.method != b'CONNECT' and path_of(before.target) != path_of(after.target):
            changed.append(f'target {before.target[:40]!r} -> {after.target[:40]!r}')
    return changed


def poison(endpoint, reply, path):
    """How the innocent request fared: '' when well."""
    finals = reply.finals()
    if not finals:
        return 'the probe got no answer'
    if finals[0].status == 200 and path not in finals[0].body:
        return f'the probe got a foreign answer: {finals[0].body[:80]!r}'
    if finals[0].status != 200:
        return f'the probe got status {finals[0].status}'
    for connection in endpoint.connections:
        case_bytes, probe_bytes = connection.bytes_of.get('case', b''), connection.bytes_of.get('probe', b'')
        if case_bytes and probe_bytes:
            targets = [message.target for message in strict_parser.parse_requests(case_bytes + probe_bytes)[0]]
            if path not in targets:
                return 'the probe was swallowed by the message before it'
    return ''


def judge(case, sent, reply, endpoint):
    recordings = [c.bytes_of['case'] for c in endpoint.connections if c.bytes_of.get('case')]
    forwarded = [message for data in recordings for message in strict_parser.parse_requests(data)[0]]
    deviations = sorted({d for message in forwarded for d in message.deviations})
    dangers = [d for d in deviations if d.startswith('D:')]
    own = [m.status for m in reply.finals()
           if m.status >= 400 and not any(name.lower() == b'x-echo' for name, _ in m.headers)]
    if dangers:
        return 'host-ambiguous' if all(HOST_DANGER.match(d) for d in dangers) else 'ambiguous', ' '.join(dangers)
    if not forwarded:
        if own or (reply.ended and not reply.data):
            return 'rejected', f'{own}'
        return ('answered-locally' if reply.finals() else 'pending'), ''
    if not all(message.complete for message in forwarded):
        gave_up = own or (reply.ended and not reply.finals())
        return ('aborted' if gave_up else 'pending-forwarded'), f'{own}'
    clean = all(message.complete and not message.deviations for message in sent)
    if clean and len(forwarded) == len(sent):
        changed = alterations(sent, forwarded)
        if changed:
            return 'altered', ' '.join(changed)
    elif clean and len(forwarded) > len(sent):
        return 'altered', f'{len(sent)} requests became {len(forwarded)}'
    word = 'weak' if deviations else 'normalised'
    return word + ('+rejected' if own else ''), ' '.join(deviations)


async def run_case(endpoint, port, number, case):
    sent = strict_parser.parse_requests(case.raw)[0]
    methods = [message.method for message in sent] or [b'GET']
    endpoint.phase = 'case'
    reply = await exchange(port, case.raw, methods + [b'GET'] * 3, FIRST_SECONDS)
    endpoint.phase = 'probe'
    path = b'/probe-%d' % number
    probe = await exchange(port, b'GET ' + path + b' HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n', [b'GET'],
                           PROBE_SECONDS, PROBE_SECONDS)
    poisoned = poison(endpoint, probe, path)
    word, detail = ('poisoned', poisoned) if poisoned else judge(case, sent, reply, endpoint)
    endpoint.forget()
    return Verdict(case, word, detail)


async def run(proxy, endpoint, cases):
    verdicts = []
    for number, case in cases:
        try:
            verdicts.append(await run_case(endpoint, proxy.port, number, case))
        except OSError as error:
            verdicts.append(Verdict(case, 'crash' if not proxy.alive() else 'refused', str(error)))
    return verdicts


async def new_endpoint():
    endpoint = RecordingEndpoint()
    await endpoint.start()
    return endpoint
