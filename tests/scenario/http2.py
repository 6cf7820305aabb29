#!/usr/bin/env python3
"""Story: clients of HTTP/2, twenty requests at once on each of their connections, while traffic is switched between blue and
green: not one request fails, and none that was sent after a switch was answered is served by the generation before. Then
the program ends: every connection is told twice, what is under way is answered, and nothing is cut.

usage: http2.py SWITCHYARD YARDBENCH [SWITCHES]"""
import asyncio
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "support"), str(ROOT / "http2")]
from checks import check, verdict  # noqa: E402
from frames import Client, headers  # noqa: E402
from running import Endpoint, Switchyard, blue_green, workplace  # noqa: E402

CONNECTIONS, STREAMS = 4, 20
SECONDS = 60


class Load:
    def __init__(self, port):
        self.port = port
        self.known, self.asked, self.failed, self.stale = 0, 0, [], 0
        self.stopping = False

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
                    del client.streams[stream]

            await asyncio.gather(*(one() for _ in range(STREAMS)))
            if client.goaway is not None:
                await client.until(lambda: client.closed, SECONDS)
            return client.goaways


async def story(proxy, switches):
    port = int(proxy.url().rsplit(":", 1)[1])
    load = Load(port)
    running = [asyncio.create_task(load.connection()) for _ in range(CONNECTIONS)]
    for i in range(switches):
        status, receipt, _ = await asyncio.to_thread(proxy.call, "POST", "/v1/routes/app/switch", {"to": ("green", "blue")[i % 2]})
        if status != 200:
            check("a switch", False, receipt)
        load.known = receipt["generation"]
        await asyncio.sleep(0)
    ended = asyncio.create_task(asyncio.to_thread(proxy.end))
    goaways = await asyncio.gather(*running)
    code = await ended
    print(f"{load.asked} requests, {switches} switches")
    check("there were requests between the switches", load.asked >= switches)
    check("not one request failed", not load.failed, load.failed[:5])
    check("none was served by a generation that had been switched away from", load.stale == 0, load.stale)
    check("every connection was told twice, in order", all(told == [0, 0] for told in goaways), goaways)
    check("the program ended in order", code == 0, code)


def main():
    switchyard, yardbench = sys.argv[1:3]
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        config = blue_green([blue.address], [green.address])
        config["listeners"][0]["protocols"] = ["h2"]
        with Switchyard(switchyard, work, config) as proxy:
            proxy.healthy("blue", "green")
            asyncio.run(story(proxy, int(sys.argv[3]) if len(sys.argv) > 3 else 60))
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
