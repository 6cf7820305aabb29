#!/usr/bin/env python3
"""Story: clients of HTTP/2, twenty requests at once on each of their connections, while traffic is switched between blue and
green, a switch is undone and the configuration is read again: not one request fails, and none that was sent after a change
was answered is served by the generation before. Then the program ends, twice: every connection is told twice, what is under
way is answered, and nothing is cut. Between the two it is started again where it was, and the clients come back to it.

usage: http2.py SWITCHYARD YARDBENCH [SWITCHES]"""
import asyncio
import json
import pathlib
import re
import signal
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "support"), str(ROOT / "http2")]
from checks import check, verdict  # noqa: E402
from frames import Client, headers  # noqa: E402
from running import Endpoint, Switchyard, blue_green, port_to_keep, until, workplace  # noqa: E402

CONNECTIONS, STREAMS = 4, 20
SECONDS = 60


class Load:
    def __init__(self, port):
        self.port = port
        self.known, self.asked, self.served, self.failed, self.stale = 0, 0, 0, [], 0
        self.stopping = False

    async def client(self):
        """One connection after the other; what each was told at its end."""
        told = []
        while not self.stopping:
            try:
                told.append(await self.connection())
            except ConnectionError:  # the program has not begun yet
                await asyncio.sleep(0.05)
        return told

    async def connection(self):
        """Requests on it until it is told to stop; what is under way then is waited for."""
        async with Client(self.port) as client:
            lock, number = asyncio.Lock(), iter(range(1, 2 ** 30, 2))

            async def one():
                while not self.stopping and client.goaway is None:
                    async with lock:  # ids rise in the order of sending
                        stream = next(number)
                        known = self.known
                        client.send(headers(stream, [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.test")]))
                    self.asked += 1
                    answer = client.stream(stream)
                    if not await client.until(answer.over, SECONDS) or answer.status() != 200 or not answer.ended:
                        if client.goaway is None or stream <= client.last_lane:
                            self.failed.append((stream, answer.status(), answer.reset))
                        return
                    said = dict(answer.heads[-1])[b"x-switchyard"].decode()
                    self.stale += int(re.search(r"generation=(\d+)", said)[1]) < known
                    self.served += 1
                    del client.streams[stream]

            await asyncio.gather(*(one() for _ in range(STREAMS)))
            await client.until(lambda: client.closed, SECONDS)
            return client.goaways


async def changes(proxy, load, switches, reads=True):
    """Switches, and half-way one more that is undone, and a file that is read again."""
    async def call(path, body):
        status, receipt, _ = await asyncio.to_thread(proxy.call, "POST", path, body)
        if status != 200:
            check(path, False, receipt)
        load.known = receipt["generation"]
        await asyncio.sleep(0)

    for i in range(switches):
        await call("/v1/routes/app/switch", {"to": ("green", "blue")[i % 2]})
        if reads and i == switches // 2:
            await call("/v1/undo", {})
            before = load.known
            config = json.loads(proxy.config.read_text())
            config["routes"].append({"name": "more", "match": {"path_prefix": "/more"}, "split": {"blue": 100}})
            proxy.config.write_text(json.dumps(config))
            proxy.child.send_signal(signal.SIGHUP)
            status = await asyncio.to_thread(until, "the file is read", lambda: newer(proxy, before))
            load.known = status


def newer(proxy, before):
    now = proxy.call("GET", "/v1/status")[1]["generation"]
    return now if now > before else None


async def served(load, more):
    """Until so many more requests were answered."""
    wanted = load.served + more
    while load.served < wanted and not load.failed:
        await asyncio.sleep(0.01)


async def story(begin, switches):
    proxy = await asyncio.to_thread(begin)
    load = Load(int(proxy.url().rsplit(":", 1)[1]))
    running = [asyncio.create_task(load.client()) for _ in range(CONNECTIONS)]
    await changes(proxy, load, switches)
    first = await asyncio.to_thread(proxy.end)
    proxy = await asyncio.to_thread(begin)
    await served(load, 100)
    await changes(proxy, load, 4, reads=False)
    second = await asyncio.to_thread(proxy.end)
    load.stopping = True
    told = [goaways for one in await asyncio.gather(*running) for goaways in one]
    print(f"{load.asked} requests, {switches + 4} switches")
    check("there were requests between the switches", load.asked >= switches)
    check("not one request failed", not load.failed, load.failed[:5])
    check("none was served by a generation that had been switched away from", load.stale == 0, load.stale)
    check("every connection was told twice, in order, at each end", len(told) >= 2 * CONNECTIONS and all(one == [0, 0] for one in told), told)
    check("the program ended in order", (first, second) == (0, 0), (first, second))


def main():
    switchyard, yardbench = sys.argv[1:3]
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        config = blue_green([blue.address], [green.address])
        config["listeners"][0] |= {"bind": f"127.0.0.1:{port_to_keep()}", "protocols": ["h2"]}

        def begin():
            proxy = Switchyard(switchyard, work, config if not started else None)
            started.append(proxy)
            proxy.healthy("blue", "green")
            return proxy

        started = []
        try:
            asyncio.run(story(begin, int(sys.argv[3]) if len(sys.argv) > 3 else 60))
        finally:
            for proxy in started:
                proxy.__exit__()
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
