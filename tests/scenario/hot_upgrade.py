#!/usr/bin/env python3
"""Story: the process is replaced again and again while clients with kept connections, new clients and tunnels come – in clear and
by TLS, in HTTP/1 and HTTP/2 –, and traffic is switched. Not one request fails, none is answered by the colour that was
switched away from before it was sent, a tunnel ends only where its process was replaced, and no sum of /metrics falls.

usage: hot_upgrade.py SWITCHYARD YARDBENCH [UPGRADES]"""
import asyncio
import collections
import os
import pathlib
import ssl
import subprocess
import sys
import time

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / each) for each in ("support", "http2")]
from frames import Client, headers  # noqa: E402
from running import DEADLINE, Failed, Switchyard, until, workplace  # noqa: E402
from upgraded import Lineage  # noqa: E402

KEPT, FRESH, TUNNELS = 6, 2, 6  # each of the first two also by TLS
TWO, TWO_SECURE = 2, 2          # connections of HTTP/2
REFUSED = 7                     # RST_STREAM: it was not looked at, and may be sent again
# A process that drains gives an idle connection so long for one more request. Where the machine gives this test, which is client
# and endpoint at once, no time for longer than that, the connection is closed as every server closes idle ones; that is counted apart.
IDLE_GRACE = 1.0


async def endpoint(colour):
    """Answers its colour on kept connections, and echoes behind a 101."""
    async def serve(reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if b"upgrade: echo" in head.lower():
                    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
                    while data := await reader.read(4096):
                        writer.write(data)
                        await writer.drain()
                    return
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(colour), colour.encode()))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


class Load:
    def __init__(self, clear, secure):
        self.clear, self.secure, self.over = clear, secure, False
        self.colour = "blue"     # what a request that is sent from now on must be answered by; None: either
        self.begun = self.over_with = 0  # upgrades that have begun, and those that are over
        self.count = collections.Counter()
        self.failures = []

    async def ask(self, reader, writer, close=False):
        """Whether the connection stays."""
        expected = self.colour
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n" + (b"Connection: close\r\n" if close else b"") + b"\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        body = (await reader.readexactly(int(head.lower().split(b"content-length:")[1].split()[0]))).decode()
        if not head.startswith(b"HTTP/1.1 200"):
            raise Failed(f"{head[:300]!r} {body[:300]}")
        self.count["answered"] += 1
        if expected and self.colour == expected and body != expected:
            self.count["stale"] += 1
            self.failures.append(f"{body} where {expected} was in force")
        return b"connection: close" not in head.lower()

    def failed(self, who, failure, since):
        """`since`: when the request before was sent; its connection cannot have been idle for longer."""
        if not isinstance(failure, Failed) and time.monotonic() - since >= IDLE_GRACE:
            self.count["not in time"] += 1
            return
        self.failures.append(f"{who}: {failure!r}")
        self.count["failed"] += 1

    async def client(self, kept, tls=None):
        while not self.over:
            asked, before, sent = 0, *[time.monotonic()] * 2
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.secure if tls else self.clear, ssl=tls)
                try:
                    while await self.ask(reader, writer, close=not kept) and not self.over:
                        asked += 1
                        await asyncio.sleep(0.002)
                        before, sent = sent, time.monotonic()
                finally:
                    writer.close()
            except (OSError, EOFError, Failed) as failure:
                self.failed(f"{'kept' if kept else 'fresh'}{' by TLS' if tls else ''}, its request {asked}", failure, before)
            await asyncio.sleep(0.005)

    async def stream(self, client, number):
        """One request of HTTP/2; False: it was not looked at, and belongs on another connection."""
        expected, stream = self.colour, client.stream(number)
        client.send(headers(number, [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a")]))
        await client.until(lambda: stream.over() or client.goaway is not None and client.last_lane < number, DEADLINE)
        if client.goaway is not None and client.last_lane < number or stream.reset == REFUSED:
            return False
        if stream.status() is None and client.closed:
            raise ConnectionResetError(f"stream {number}: closed without a word, goaway {client.goaways} {client.last_lane}")
        if stream.status() != 200 or not stream.ended or stream.reset is not None:
            raise Failed(f"stream {number}: {stream.status()}, reset {stream.reset}, goaway {client.goaways} {client.last_lane}, closed {client.closed}")
        self.count["answered by HTTP/2"] += 1
        if expected and self.colour == expected and stream.body.decode() != expected:
            self.count["stale"] += 1
            self.failures.append(f"{stream.body!r} where {expected} was in force, by HTTP/2")
        return True

    async def two(self, tls=None):
        while not self.over:
            before, sent = [time.monotonic()] * 2
            try:
                async with Client(self.secure if tls else self.clear, tls=tls) as client:
                    number = 1
                    while not self.over and client.goaway is None and not client.closed:
                        if not await self.stream(client, number):
                            break
                        number += 2
                        client.streams.clear()
                        await asyncio.sleep(0.002)
                        before, sent = sent, time.monotonic()
            except (OSError, Failed) as failure:
                self.failed("HTTP/2" + (" by TLS" if tls else ""), failure, before)

    async def tunnel(self):
        while not self.over:
            before = self.over_with
            reader, writer = await asyncio.open_connection("127.0.0.1", self.clear)
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
            try:
                if not (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101"):
                    raise Failed("no tunnel")
                self.count["tunnels"] += 1
                while not self.over:
                    writer.write(b"x" * 8)
                    await reader.readexactly(8)
                    self.count["echoed"] += 1
                    await asyncio.sleep(0.02)
            except (OSError, EOFError) as end:
                self.count["ended"] += 1
                if self.begun == before:
                    self.failures.append(f"a tunnel ended without an upgrade: {end!r}")
            except Failed as failure:
                self.failures.append(str(failure))
            finally:
                writer.close()


async def switch(proxy, load, to):
    """A receipt of 200 is a promise for all that is sent after it."""
    load.colour = None
    while True:
        try:
            status, body, _ = await asyncio.to_thread(proxy.call, "POST", "/v1/routes/app/switch", {"to": to})
        except OSError:
            continue  # its process was replaced: a repetition says what came of it
        if status == 200:
            load.colour = to
            return
        if status not in (202, 503):
            raise Failed(f"switch: {status} {body}")
        await asyncio.sleep(0.05)


def certificate(work):
    chain, key = (pathlib.Path(work) / f"web.{end}" for end in ("pem", "key"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=a", "-addext", "subjectAltName=DNS:a", "-keyout", key, "-out", chain], check=True, capture_output=True)
    return {"chain": str(chain), "key": str(key)}


def speaking(protocol):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    return context


class Sums:
    """Of /metrics, whichever process says it."""

    def __init__(self, proxy):
        self.proxy, self.last = proxy, {}

    def look(self):
        try:
            now = self.proxy.sums()
        except OSError:
            return
        fallen = {name: (value, now.get(name)) for name, value in self.last.items() if now.get(name, -1) < value * (1 - 1e-9 if "_sum" in name else 1)}
        if fallen:
            raise Failed(f"sums have fallen: {dict(list(fallen.items())[:5])} of {len(fallen)}")
        self.last = now


async def story(program, work, times):
    servers = {colour: await endpoint(colour) for colour in ("blue", "green")}
    config = {"process": {"workers": 2, "shutdown_grace": "2s"},
              "listeners": [{"name": "web", "bind": "127.0.0.1:0", "protocols": ["h2", "http/1.1"]},
                            {"name": "secure", "bind": "127.0.0.1:0", "tls": {"certificates": ["a"]}}],
              "certificates": {"a": certificate(work)},
              "routes": [{"name": "app", "split": {"blue": 100, "green": 0}}],
              "upstreams": {colour: {"endpoints": [{"address": address}], "health": {"type": "tcp", "interval": "500ms"}}
                            for colour, (_, address) in servers.items()}}
    proxy = await asyncio.to_thread(Switchyard, program, work, config)
    with proxy, Lineage(program, proxy) as lineage:
        await asyncio.to_thread(proxy.healthy, "blue", "green")
        load, sums = Load(*(int(proxy.url(i).rsplit(":", 1)[1]) for i in range(2))), Sums(proxy)
        one, two = speaking("http/1.1"), speaking("h2")
        tasks = [asyncio.create_task(each) for each in
                 [load.client(True, tls) for tls in (None, one) for _ in range(KEPT)] +
                 [load.client(False, tls) for tls in (None, one) for _ in range(FRESH)] +
                 [load.two() for _ in range(TWO)] + [load.two(two) for _ in range(TWO_SECURE)] +
                 [load.tunnel() for _ in range(TUNNELS)]]
        late = number = 0
        while number < times:
            load.begun += 1
            verb = asyncio.create_task(asyncio.to_thread(lineage.upgrade, "--probation", "300ms", "--drain-within", "2s", "--cut-oldest"))
            await switch(proxy, load, ("green", "blue")[number % 2])
            code, out, complaint = await verb
            if code != 0 and " within " in complaint and late < times:
                late += 1  # the machine was too busy for a phase: it goes on as before, and loses none either
            elif code != 0:
                raise Failed(f"upgrade {number}: {code} {out} {complaint}\n{proxy.text()[-3000:]}")
            else:
                number += 1
            load.over_with += 1
            await asyncio.to_thread(sums.look)
            for task in tasks:
                if task.done():
                    task.result()
        predecessors = lineage.view()["predecessors"]
        load.over = True
        await asyncio.gather(*tasks)
        print(dict(load.count), f"{times} upgrades, {late} that were given up, {len(predecessors)} predecessors at the end")
        if load.failures:
            raise Failed(f"{len(load.failures)} failures, the first: {load.failures[:8]}\n{proxy.text()[-3000:]}")
        if not load.count["echoed"] or min(load.count["answered"], load.count["answered by HTTP/2"]) < 100 * times // 20:
            raise Failed("there was no load")
        await asyncio.to_thread(until, "only one process is left", lambda: len(lineage.running()) == 1)
        if lineage.running() != [lineage.serving()]:
            raise Failed(f"{lineage.running()} runs, {lineage.serving()} says that it serves")
        await asyncio.to_thread(lineage.end)
        if proxy.child.wait(DEADLINE) != 0:
            raise Failed("the first process did not end well")
    for server, _ in servers.values():
        server.close()


def main():
    program = os.path.abspath(sys.argv[1])
    times = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    with workplace() as work:
        asyncio.run(story(program, work, times))


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
