#!/usr/bin/env python3
"""What others' programs make of the proxy's HTTP/2, over TLS and in clear: h2spec (every case that it lists, strict ones too),
curl, and h2load with many streams. A program that is not there is left out and said; without h2spec the test counts as
skipped.

usage: strangers.py --proxy PROGRAM | --switchyard PROGRAM     the data plane alone, or the whole program"""
import argparse
import asyncio
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'support'))
from running import Switchyard  # noqa: E402

SECONDS = 120
SKIPPED = 77


async def answer(reader, writer):
    """Echoes the body of a request, or says hello."""
    try:
        while True:
            head = (await reader.readuntil(b'\r\n\r\n')).lower()
            body = b''
            if length := re.search(rb'content-length: (\d+)', head):
                body = await reader.readexactly(int(length[1]))
            elif b'transfer-encoding: chunked' in head:
                while size := int(await reader.readuntil(b'\r\n'), 16):
                    body += (await reader.readexactly(size + 2))[:-2]
                await reader.readuntil(b'\r\n')
            body = body or b'hello'
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Cookie: %s\r\n\r\n' %
                         (len(body), (re.findall(rb'cookie: ([^\r]*)', head) or [b'-'])[0]))
            if not head.startswith(b'head'):
                writer.write(body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def certificate(folder):
    chain, key = folder / 'chain.pem', folder / 'key.pem'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
                    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', chain],
                   check=True, capture_output=True)
    return {'chain': str(chain), 'key': str(key)}


async def run(*words, give=None):
    process = await asyncio.create_subprocess_exec(*map(str, words), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                   stderr=subprocess.STDOUT)
    out, _ = await asyncio.wait_for(process.communicate(give), SECONDS)
    return process.returncode, out.decode('utf-8', 'replace')


class Checks:
    def __init__(self):
        self.failed = 0

    def check(self, what, good, why=''):
        print(f'{"ok" if good else "FAILED":7}{what}{"" if good else ": " + why}', flush=True)
        self.failed += not good


async def h2spec(checks, ports):
    for name, more in (('clear', ()), ('tls', ('-t', '-k'))):
        _, out = await run(H2SPEC, '-h', '127.0.0.1', '-p', ports[name], '-S', *more)
        done = re.search(r'(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed', out)
        good = done is not None and int(done[1]) >= 145 and done[1] == done[2]
        checks.check(f'h2spec, {name}: {done[0] if done else "no verdict"}', good, out[-3000:])


async def curl(checks, ports):
    for name, how in (('clear', ('--http2-prior-knowledge', f'http://127.0.0.1:{ports["clear"]}/')),
                      ('tls', ('--http2', '-k', f'https://127.0.0.1:{ports["tls"]}/'))):
        told = '\n%{http_version} %{http_code}'
        _, out = await run('curl', '-s', '-w', told, *how)
        checks.check(f'curl, {name}', out == 'hello\n2 200', out)
        body = os.urandom(3_000_000).hex().encode()
        _, out = await run('curl', '-s', '-w', told, '--data-binary', '@-', '-H', 'Content-Type: text/plain', *how, give=body)
        checks.check(f'curl, {name}: six megabytes go and come back', out == body.decode() + '\n2 200', out[-80:])
        _, out = await run('curl', '-s', '-w', told, '-T', '-', *how, give=b'of unknown length')
        checks.check(f'curl, {name}: a body of unknown length', out == 'of unknown length\n2 200', out)
        _, out = await run('curl', '-s', '-o', os.devnull, '-D', '-', '-b', 'a=1; b=2', '-I', *how)
        checks.check(f'curl, {name}: HEAD, cookies', 'x-cookie: a=1; b=2' in out and out.startswith('HTTP/2 200'), out)


async def h2load(checks, ports):
    for name, scheme in (('clear', 'http'), ('tls', 'https')):
        for connections, streams in ((8, 1), (4, 10), (4, 100)):
            _, out = await run('h2load', '-n', 4000, '-c', connections, '-m', streams, f'{scheme}://127.0.0.1:{ports[name]}/')
            checks.check(f'h2load, {name}: {connections} connections of {streams} streams',
                         '4000 succeeded, 0 failed, 0 errored, 0 timeout' in out and '4000 2xx' in out, out)


async def data_plane(program, config, folder):
    """Its ports by name, and how it is ended."""
    (folder / 'c.json').write_text(json.dumps(config))
    proxy = await asyncio.create_subprocess_exec(program, folder / 'c.json', stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    ports = {}
    while (words := (await asyncio.wait_for(proxy.stdout.readline(), SECONDS)).split()) and words[0] == b'listening':
        ports[words[1].decode()] = int(words[2])

    async def end():
        proxy.stdin.close()
        return await asyncio.wait_for(proxy.wait(), SECONDS)
    return ports, end


async def whole(program, config, folder):
    """The same of the program with its control plane."""
    proxy = await asyncio.to_thread(Switchyard, program, folder, config)
    listeners = (await asyncio.to_thread(proxy.status))['listeners']
    return {one['name']: int(one['bound'].rsplit(':', 1)[1]) for one in listeners}, lambda: asyncio.to_thread(proxy.end)


async def main(begin, program):
    checks, tools = Checks(), {'h2spec': h2spec, 'curl': curl, 'h2load': h2load}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        endpoint = await asyncio.start_server(answer, '127.0.0.1', 0, backlog=1024)
        ports, end = await begin(program, {
            'process': {'workers': 1},
            'certificates': {'site': certificate(folder)},
            'listeners': [{'name': 'clear', 'bind': '127.0.0.1:0', 'protocols': ['h2']},
                          {'name': 'tls', 'bind': '127.0.0.1:0', 'tls': {'certificates': ['site']}}],
            'upstreams': {'app': {'endpoints': [{'address': f'127.0.0.1:{endpoint.sockets[0].getsockname()[1]}'}],
                                  'health': {'type': 'none'}}},
            'routes': [{'name': 'app', 'split': {'app': 1}}]}, folder)
        missing = [name for name in tools if not (H2SPEC if name == 'h2spec' else shutil.which(name))]
        for name, judge in tools.items():
            if name not in missing:
                await judge(checks, ports)
        code = await end()
        checks.check('the proxy ends in order', code == 0, f'it ended with {code}')
        endpoint.close()
    for name in missing:
        print(f'left out: {name} is not there (scripts/setup)')
    return 1 if checks.failed else SKIPPED if 'h2spec' in missing else 0


TOOLS = pathlib.Path(os.environ.get('SWITCHYARD_API_TOOLS', '/opt/switchyard-api-tools'))
H2SPEC = shutil.which('h2spec') or next((path for path in (TOOLS / 'bin/h2spec', pathlib.Path.home() / 'go/bin/h2spec')
                                         if path.exists()), None)

if __name__ == '__main__':
    arguments = argparse.ArgumentParser(description=__doc__)
    which = arguments.add_mutually_exclusive_group(required=True)
    which.add_argument('--proxy')
    which.add_argument('--switchyard')
    asked = arguments.parse_args()
    sys.exit(asyncio.run(main(data_plane, asked.proxy) if asked.proxy else main(whole, asked.switchyard)))
