"""Starts the proxy under test on ports that the kernel chooses, and stops it."""
import asyncio
import json
import os
import tempfile

START_SECONDS = 30  # generous: a sanitized build on a busy machine


def configuration(endpoint_port):
    """One route that sends everything to the one endpoint; connections to it are kept, so that poison would show."""
    return {
        'process': {'workers': 1},
        'listeners': [{'name': 'web', 'bind': '127.0.0.1:0'}],
        'upstreams': {'app': {'endpoints': [{'address': f'127.0.0.1:{endpoint_port}'}], 'health': {'type': 'none'}}},
        'routes': [{'name': 'app', 'split': {'app': 1}}],
    }


class ProxyProcess:
    """async with ProxyProcess(program, endpoint_port) as proxy: … proxy.port"""

    def __init__(self, program, endpoint_port):
        self.program, self.endpoint_port = program, endpoint_port
        self.port = None

    async def __aenter__(self):
        with tempfile.NamedTemporaryFile('w', suffix='.json', delete=False) as file:
            json.dump(configuration(self.endpoint_port), file)
        try:
            self.process = await asyncio.create_subprocess_exec(
                self.program, file.name, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
            self.port = await asyncio.wait_for(self._read_port(), START_SECONDS)
        finally:
            os.unlink(file.name)
        return self

    async def _read_port(self):
        port = None
        while True:
            words = (await self.process.stdout.readline()).split()
            if not words:
                raise RuntimeError(f'{self.program} ended before it was ready')
            if words[0] == b'listening':
                port = int(words[2])
            if words[0] == b'ready':
                return port

    def alive(self):
        return self.process.returncode is None

    async def __aexit__(self, *_):
        if self.alive():
            self.process.stdin.close()
        code = await asyncio.wait_for(self.process.wait(), START_SECONDS)
        if code != 0:
            raise RuntimeError(f'{self.program} ended with {code}: a crash, or a sanitizer had something to say')
