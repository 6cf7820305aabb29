#!/usr/bin/env python3
"""Story: endpoints that speak HTTP/2, as nginx does it: their connections end after some requests (GOAWAY), they are told to
begin anew (reload: GOAWAY under load), one of them is killed and comes back; meanwhile traffic is switched, undone, and the
proxy itself loads its configuration anew and is started anew. Clients of HTTP/1 and of HTTP/2 ask all the time: not one
request fails, and none that was sent after a switch was answered is served by the generation before.

usage: http2_to_endpoints.py SWITCHYARD YARDBENCH [ROUNDS]"""
import asyncio
import pathlib
import re
import shutil
import signal
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "support"), str(ROOT / "http2")]
from checks import check, verdict  # noqa: E402
from frames import Client, headers  # noqa: E402
from running import Process, Switchyard, accepts, port_to_keep, until, workplace  # noqa: E402
from tls import Certificates  # noqa: E402

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
SECONDS = 60
PLAIN, CONNECTIONS, STREAMS = 6, 2, 8


class Nginx(Process):
    """HTTP/2 in clear, or by TLS; a connection ends after 200 requests, in order. One that will be killed is a single process."""

    def __init__(self, work, colour, number, port, files=None, single=False):
        folder = pathlib.Path(work) / f"{colour}{number}"
        folder.mkdir(exist_ok=True)
        self.port, self.address, self.seen = port, f"127.0.0.1:{port}", folder / "seen"
        secure = f"ssl_certificate {files['chain']}; ssl_certificate_key {files['key']};" if files else ""
        config = folder / "nginx.conf"
        config.write_text(f"""daemon off; {"master_process off;" if single else ""} worker_processes 1; pid {folder}/pid; error_log {folder}/err;
events {{ worker_connections 256; }}
http {{
    log_format seen '$server_protocol $connection $connection_requests $status';
    access_log {self.seen} seen;
    proxy_temp_path {folder}/p; client_body_temp_path {folder}/b; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
    scgi_temp_path {folder}/s;
    server {{
        listen 127.0.0.1:{port} http2 {"ssl" if files else ""}; {secure}
        keepalive_requests 200;
        location / {{ return 200 "{colour}\\n"; }}
    }}
}}
""")
        super().__init__([NGINX, "-c", config], folder, "nginx")
        until("nginx to listen", lambda: accepts(port))

    def __exit__(self, *_):
        self.end()  # killed, it would leave its workers behind

    def reload(self):
        self.child.send_signal(signal.SIGHUP)

    def rows(self):
        return [line.split() for line in self.seen.read_text().splitlines()]


class Load:
    """`known`: no answer to what is sent from now on may be of a generation before it."""

    def __init__(self):
        self.known, self.asked, self.failed, self.stale, self.posts = 0, 0, [], 0, 0
        self.stopping = False

    def judge(self, known, status, head, how):
        self.asked += 1
        if status != 200:
            self.failed.append((how, status, head[-300:]))
            return
        self.stale += int(re.search(r"generation=(\d+)", head)[1]) < known

    async def plain(self, port):
        """HTTP/1.1, one request after the other; every fifth is a POST, which is never sent twice by guess."""
        number = 0
        while not self.stopping:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                while not self.stopping:
                    number += 1
                    post = number % 5 == 0
                    known = self.known
                    writer.write(b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello" if post
                                 else b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
                    head = (await reader.readuntil(b"\r\n\r\n")).decode()
                    length = int(re.search(r"(?i)content-length: (\d+)", head)[1])
                    await reader.readexactly(length)
                    self.posts += post
                    self.judge(known, int(head.split()[1]), head, "POST" if post else "GET")
                    if "connection: close" in head.lower():
                        break
                writer.close()
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                if not self.stopping:
                    self.failed.append(("plain", repr(error)))
                    return

    async def many(self, port):
        """HTTP/2, some at once on a connection."""
        async with Client(port) as client:
            lock, number = asyncio.Lock(), iter(range(1, 2 ** 30, 2))

            async def one():
                while not self.stopping and client.goaway is None:
                    async with lock:
                        stream, known = next(number), self.known
                        client.send(headers(stream, [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.test")]))
                    answer = client.stream(stream)
                    done = await client.until(answer.over, SECONDS)
                    if client.goaway is not None and stream > client.last_lane:
                        return
                    head = str(dict(answer.heads[-1]).get(b"x-switchyard")) if answer.heads else ""
                    self.judge(known, answer.status() if done and answer.ended else answer.reset, head, "h2")
                    del client.streams[stream]

            await asyncio.gather(*(one() for _ in range(STREAMS)))
            if client.goaway is not None:
                await client.until(lambda: client.closed, SECONDS)


async def under_load(proxy, change):
    """What `change` does while both kinds of clients ask."""
    port = int(proxy.url().rsplit(":", 1)[1])
    load = Load()
    running = [asyncio.create_task(load.plain(port)) for _ in range(PLAIN)]
    running += [asyncio.create_task(load.many(port)) for _ in range(CONNECTIONS)]
    await change(load)
    load.stopping = True
    await asyncio.gather(*running)
    return load


def switch(proxy, load, to):
    status, receipt, _ = proxy.call("POST", "/v1/routes/app/switch", {"to": to})
    if status != 200:
        check("a switch", False, receipt)
    load.known = receipt["generation"]


async def story(proxy, colours, work, rounds):
    async def change(load):
        async def asked(more):
            """So many requests more have been answered: what was begun is under load."""
            wanted = load.asked + more
            while load.asked < wanted and not load.failed:
                await asyncio.sleep(0.005)

        for i in range(rounds):
            await asyncio.to_thread(switch, proxy, load, ("green", "blue")[i % 2])
            await asked(60)
            colours["blue"][0].reload()
            colours["green"][1].reload()
            await asked(60)
            if i % 4 == 1:  # one of two is killed, in the middle of what it does, and comes back
                victim = colours["green"][0]
                await asyncio.to_thread(victim.kill)
                await asked(40)
                colours["green"][0] = await asyncio.to_thread(Nginx, work, "green", 0, victim.port, single=True)
            if i % 4 == 2:
                status, receipt, _ = await asyncio.to_thread(proxy.call, "POST", "/v1/undo", {})
                check("an undo", status == 200, receipt)
                load.known = receipt["generation"]
                await asked(40)
            if i % 4 == 3:
                proxy.child.send_signal(signal.SIGHUP)
                await asked(40)

    load = await under_load(proxy, change)
    print(f"{load.asked} requests, {load.posts} of them POST, {rounds} rounds")
    # A POST that an endpoint was killed over may have been acted on: it alone may not be sent again.
    killed = [one for one in load.failed if one[0] == "POST" and one[1] == 502 and rounds > 1]
    failed = [one for one in load.failed if one not in killed]
    check("not one request failed", not failed, failed[:5])
    check("of those that must not be sent twice, at most what the killed endpoint had begun", len(killed) <= PLAIN * ((rounds + 2) // 4), killed[:5])
    check("none was served by a generation that had been switched away from", load.stale == 0, load.stale)


def main():
    switchyard = sys.argv[1]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    with workplace() as work:
        certificates = Certificates(work)
        files = certificates.sign("app", ["app.test"])
        colours = {"blue": [Nginx(work, "blue", i, port_to_keep(), files) for i in range(2)],
                   "green": [Nginx(work, "green", i, port_to_keep(), single=i == 0) for i in range(2)]}
        try:
            config = {
                "process": {"workers": 2},
                "listeners": [{"name": "web", "bind": "127.0.0.1:0", "protocols": ["h2", "http/1.1"]}],
                "upstreams": {
                    "blue": {"endpoints": [{"address": one.address} for one in colours["blue"]], "protocol": "auto",
                             "tls": {"ca": str(certificates.ca), "server_name": "app.test"}},
                    "green": {"endpoints": [{"address": one.address} for one in colours["green"]], "protocol": "h2"},
                },
                "routes": [{"name": "app", "split": {"blue": 100, "green": 0}, "debug_headers": True}],
            }
            with Switchyard(switchyard, work, config) as proxy:
                proxy.healthy("blue", "green")
                asyncio.run(story(proxy, colours, work, rounds))
                check("the program ended in order", proxy.end() == 0)
            with Switchyard(switchyard, work, None) as proxy:
                proxy.healthy("blue", "green")
                asyncio.run(story(proxy, colours, work, 1))
            for colour in ("blue", "green"):
                rows = [row for one in colours[colour] for row in one.rows()]
                spoken = {row[0] for row in rows if row[2:] != ["0", "000"]}
                check(f"{colour} was spoken to in HTTP/2", spoken == {"HTTP/2.0"}, spoken)
                shared = {}
                for row in rows:
                    shared[row[1]] = max(shared.get(row[1], 0), int(row[2]))
                check(f"{colour}: connections carry many requests", max(shared.values()) > 20, shared)
        finally:
            for one in colours["blue"] + colours["green"]:
                one.__exit__()
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
