#!/usr/bin/env python3
"""Every vector (vectors.py) as raw frames through a proxy to an HTTP/1 endpoint that keeps every byte, each followed by an
innocent request on the same connection, where that lives, and by one over HTTP/1: nothing is smuggled, nobody is poisoned.

usage: run.py --proxy PROGRAM [--only REGEX] [-v]"""
import argparse
import asyncio
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'http1'))
import proxy_process  # noqa: E402
import strict_parser  # noqa: E402
from client import exchange  # noqa: E402
from recording_endpoint import RecordingEndpoint  # noqa: E402
from vectors import PREFACE, VECTORS, request  # noqa: E402

from frames import Client, headers  # noqa: E402

LANES = 8
SECONDS = 20.0
PROBE = 4_001  # a stream above all that vectors use


def with_http2(configuration):
    def configured(port):
        out = configuration(port)
        out['listeners'][0]['protocols'] = ['http/1.1', 'h2']
        return out
    return configured


proxy_process.configuration = with_http2(proxy_process.configuration)


async def shown(port, vector):
    """What the proxy makes of it, in the words of the table."""
    async with Client(port) as client:
        stream = client.stream(1)
        client.send(vector.octets)
        await client.until(lambda: stream.over() or client.goaway is not None, SECONDS)
        if client.goaway or client.closed:
            return 'goaway', None, stream
        if stream.reset is not None and stream.status() is None:
            word = 'rst' if stream.reset == 1 else f'reset {stream.reset}'
        elif stream.status() is None:
            return 'nothing', None, stream
        else:
            word = 'pass' if b'x-echo' in dict(stream.heads[-1]) else stream.status()
        client.send(headers(PROBE, request(path='/innocent')))
        probe = client.stream(PROBE)
        if not await client.until(probe.over, SECONDS):
            return word, 'the innocent request on the same connection got no answer', stream
        return word, innocent(probe.status(), probe.body, '/innocent'), stream


def innocent(status, body, path):
    if status != 200:
        return f'an innocent request got status {status}'
    got = json.loads(body)
    if got['target'] != path or got['method'] != 'GET':
        return f'an innocent request got the answer of another: {got}'
    return None


async def judge(proxy, endpoint, vector):
    endpoint.forget()
    endpoint.phase = 'case'
    word, trouble, _ = await shown(proxy.port, vector)
    endpoint.phase = 'probe'
    path = '/plain-innocent'
    octets = f'GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n'.encode()
    reply = await exchange(proxy.port, octets, [b'GET'], SECONDS, enough=1)
    finals = reply.finals()
    if not finals:
        trouble = trouble or 'the innocent request over HTTP/1 got no answer'
    else:
        trouble = trouble or innocent(finals[0].status, finals[0].body, path)
    messages = []
    for connection in endpoint.connections:
        messages += strict_parser.parse_requests(connection.bytes_of.get('case', b''))[0]
    dangers = [d for message in messages for d in message.dangers()]
    of_case = [m for m in messages if m.target != b'/innocent' and m.complete]
    if dangers:
        trouble = f'ambiguous bytes reached the endpoint: {dangers}'
    if any(b'evil' in m.target or b'evil' in b''.join(m.values(b'host')) for m in messages):
        trouble = 'smuggled'
    if word != 'pass' and of_case and word != 'goaway':
        trouble = trouble or f'refused, and yet a whole request reached the endpoint: {of_case[0].start!r}'
    if word == 'pass':
        if len(of_case) != 1:
            trouble = trouble or f'{len(of_case)} requests reached the endpoint'
        elif vector.check and not vector.check(of_case[0]):
            trouble = trouble or f'not as it should be: {of_case[0].start!r} {of_case[0].headers} {of_case[0].body[:80]!r}'
    if word not in vector.verdicts:
        trouble = trouble or f'expected {vector.verdicts}'
    return word, trouble


async def run_lane(program, vectors, verbose):
    failed = []
    endpoint = RecordingEndpoint()
    await endpoint.start()
    async with proxy_process.ProxyProcess(program, endpoint.port) as proxy:
        for vector in vectors:
            word, trouble = await judge(proxy, endpoint, vector)
            if verbose or trouble:
                print(f'{"FAILED" if trouble else "ok":6} {vector.id:24} {word}  {trouble or ""}')
            if trouble:
                failed.append(vector.id)
    endpoint.stop()
    return failed


async def without_http2(program):
    """30: the preface where only HTTP/1 is spoken."""
    plain = []

    async def serve(_, writer):
        plain.append(1)
        writer.close()

    listener = await asyncio.start_server(serve, '127.0.0.1', 0)
    saved = proxy_process.configuration
    proxy_process.configuration = lambda port: {**saved(port), 'listeners': [{'name': 'web', 'bind': '127.0.0.1:0'}]}
    try:
        async with proxy_process.ProxyProcess(program, listener.sockets[0].getsockname()[1]) as proxy:
            async with Client(proxy.port, PREFACE) as client:
                await client.until(lambda: client.closed, SECONDS)
                return [] if client.raw.startswith(b'HTTP/1.1 505 ') and not plain else ['30/preface']
    finally:
        proxy_process.configuration = saved
        listener.close()


async def run_all(program, only, verbose):
    wanted = [vector for vector in VECTORS if re.search(only, vector.id)]
    lanes = [run_lane(program, wanted[lane::LANES], verbose) for lane in range(LANES) if wanted[lane::LANES]]
    failed = [name for names in await asyncio.gather(*lanes) for name in names]
    if not only:
        failed += await without_http2(program)
    return len(wanted), failed


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument('--proxy', required=True)
    arguments.add_argument('--only', default='')
    arguments.add_argument('-v', '--verbose', action='store_true')
    chosen = arguments.parse_args()
    count, failed = asyncio.run(run_all(chosen.proxy, chosen.only, chosen.verbose))
    print(f'{count} vectors, {len(failed)} failed')
    return 1 if failed or not count else 0


if __name__ == '__main__':
    sys.exit(main())
