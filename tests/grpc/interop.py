#!/usr/bin/env python3
"""grpc-go's interoperability client and server with the proxy between them, in clear and by TLS: every case passes. Without
the two programs (scripts/setup --api, where Go is) the test counts as skipped.

usage: interop.py --proxy PROGRAM"""
import argparse
import asyncio
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile

SECONDS = 120
SKIPPED = 77
CASES = ('empty_unary', 'large_unary', 'client_streaming', 'server_streaming', 'ping_pong', 'empty_stream',
         'timeout_on_sleeping_server', 'cancel_after_begin', 'cancel_after_first_response', 'status_code_and_message',
         'special_status_message', 'custom_metadata', 'unimplemented_method', 'unimplemented_service')
TOOLS = pathlib.Path(os.environ.get('SWITCHYARD_API_TOOLS', '/opt/switchyard-api-tools')) / 'grpc-interop'


def certificate(folder):
    chain, key = folder / 'chain.pem', folder / 'key.pem'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
                    '-subj', '/CN=interop.test', '-addext', 'subjectAltName=DNS:interop.test', '-keyout', key, '-out', chain],
                   check=True, capture_output=True)
    return str(chain), str(key)


async def start_server(*flags):
    """The server takes a port as a flag and cannot be asked which it has got: another one that is free, until it stands."""
    for _ in range(20):
        with socket.create_server(('127.0.0.1', 0)) as taken:
            port = taken.getsockname()[1]
        server = await asyncio.create_subprocess_exec(TOOLS / 'server', '-port', str(port), *flags,
                                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while server.returncode is None:
            try:
                _, writer = await asyncio.open_connection('127.0.0.1', port)
                writer.close()
                return server, port
            except OSError:
                try:
                    await asyncio.wait_for(server.wait(), 0.05)
                except asyncio.TimeoutError:
                    pass
    raise SystemExit(f'the server does not stand: {(await server.stderr.read()).decode()}')


async def run(*words):
    process = await asyncio.create_subprocess_exec(*map(str, words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    return process.returncode, out.decode('utf-8', 'replace')


async def main(program):
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        chain, key = certificate(folder)
        clear, clear_port = await start_server()
        secure, secure_port = await start_server('-use_tls', '-tls_cert_file', chain, '-tls_key_file', key)

        def upstream(port, **more):
            return {'endpoints': [{'address': f'127.0.0.1:{port}'}], 'health': {'type': 'none'}, 'protocol': 'h2', **more}

        (folder / 'c.json').write_text(json.dumps({
            'process': {'workers': 1},
            'certificates': {'site': {'chain': chain, 'key': key}},
            'listeners': [{'name': 'clear', 'bind': '127.0.0.1:0', 'protocols': ['h2']},
                          {'name': 'tls', 'bind': '127.0.0.1:0', 'tls': {'certificates': ['site']}}],
            'upstreams': {'clear': upstream(clear_port),
                          'tls': upstream(secure_port, tls={'ca': chain, 'server_name': 'interop.test'})},
            'routes': [{'name': name, 'match': {'listeners': [name]}, 'split': {name: 1}} for name in ('clear', 'tls')]}))
        proxy = await asyncio.create_subprocess_exec(program, folder / 'c.json', stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        ports = {}
        while (words := (await asyncio.wait_for(proxy.stdout.readline(), SECONDS)).split()) and words[0] == b'listening':
            ports[words[1].decode()] = int(words[2])
        by_tls = ('-use_tls', '-use_test_ca', '-ca_file', chain, '-server_host_override', 'interop.test')
        for name, flags in (('clear', ()), ('tls', by_tls)):
            for case in CASES:
                code, out = await run(TOOLS / 'client', '-server_host', '127.0.0.1', '-server_port', ports[name], '-test_case', case,
                                      *flags)
                print(f'{"ok" if code == 0 else "FAILED":7}{name}: {case}{"" if code == 0 else ": " + out[-2000:]}', flush=True)
                failed += code != 0
        proxy.stdin.close()
        failed += await asyncio.wait_for(proxy.wait(), SECONDS) != 0
        for server in (clear, secure):
            server.kill()
            await server.wait()
    return 1 if failed else 0


if __name__ == '__main__':
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument('--proxy', required=True)
    program = arguments.parse_args().proxy
    if not all((TOOLS / name).exists() for name in ('client', 'server')):
        print('left out: grpc-go\'s interop programs are not there (scripts/setup --api)')
        sys.exit(SKIPPED)
    sys.exit(asyncio.run(main(program)))
