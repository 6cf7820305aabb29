#!/usr/bin/env python3
"""Story: WebSockets over HTTP/2 to an endpoint of HTTP/1. Twenty on one connection, beside requests, carry more than their
windows hold both ways; a switch takes none of them away and its receipt counts them; the end of the program ends them all.
Then a browser does the same over TLS, if there is one here: its page's connection carries the socket.

usage: websocket_over_http2.py SWITCHYARD"""
import asyncio
import json
import pathlib
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "support"), str(ROOT / "http2")]
import browser  # noqa: E402
from checks import check, verdict  # noqa: E402
from frames import PREFACE, SETTINGS, Client, data, frame, headers  # noqa: E402
from running import Switchyard, blue_green, until, workplace  # noqa: E402
from web_sockets import OCTETS, PIECE, SECONDS, Endpoint, message, message_size, say, socket  # noqa: E402

SOCKETS = 20


async def raw(proxy, blue, green):
    port = int(proxy.url().rsplit(":", 1)[1])
    async with Client(port, PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 2 * OCTETS))) as client:
        streams = [1 + 2 * i for i in range(SOCKETS)]
        statuses = [await socket(client, stream) for stream in streams]
        check("each is opened", statuses == [200] * SOCKETS, statuses)
        what = bytes(i % 251 for i in range(OCTETS))
        back = b"".join(b"\x82" + message_size(PIECE) + what[at:at + PIECE] for at in range(0, OCTETS, PIECE))
        said = await asyncio.gather(*(say(client, stream, what) for stream in streams))
        check("all went up", all(said), said)
        whole = [await client.until(lambda s=stream: len(client.stream(s).body) >= len(back), SECONDS) for stream in streams]
        check("all came back", all(whole) and all(client.stream(s).body == back for s in streams), [len(client.stream(s).body) for s in streams])
        status, receipt, _ = await asyncio.to_thread(proxy.call, "POST", "/v1/routes/app/switch", {"to": "green"})
        check("the switch's receipt counts the tunnels", status == 200 and f'"tunnels": {SOCKETS}' in json.dumps(receipt), receipt)
        for stream in streams:
            client.send(data(stream, message(b"still")))
        still = [await client.until(lambda s=stream: client.stream(s).body.endswith(b"still"), SECONDS) for stream in streams]
        check("the switch took none away", all(still) and blue.sockets == SOCKETS, (still, blue.sockets))
        request = streams[-1] + 2
        client.send(headers(request, [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "a.test")]))
        await client.until(client.stream(request).over, SECONDS)
        check("a request beside them goes to the new colour", dict(client.stream(request).heads[-1]).get(b"x-by") == b"green", client.stream(request).heads)
        # One closes by itself, one is left.
        client.send(data(streams[0], b"\x88\x80\0\0\0\0"))
        client.send(data(streams[0], b"", end=True))
        check("one ends in order", await client.until(lambda: client.stream(streams[0]).ended, SECONDS))
        code = await asyncio.to_thread(proxy.end)
        check("the program ended in order", code == 0, code)
        over = [await client.until(client.stream(s).over, SECONDS) for s in streams]
        check("and all with it", all(over), over)
    lines = [json.loads(line) for line in (proxy.work / "access.log").read_text().splitlines()]
    tunnels = [line for line in lines if line["listener"] == "web" and line["path"].startswith("/echo/")]
    check("each has its line", len(tunnels) == SOCKETS and all(line["status"] == 200 and line["protocol"] == "HTTP/2" and line["bytes_in"] > OCTETS
                                                               for line in tunnels), tunnels[:1])


async def by_browser(proxy, blue, work):
    port = next(one["bound"] for one in proxy.call("GET", "/v1/status")[1]["listeners"] if one["name"] == "tls").rsplit(":", 1)[1]

    def page():
        chromium = browser.Browser(pathlib.Path(work) / "profile", flags=("--ignore-certificate-errors",))
        try:
            chromium.open(f"https://127.0.0.1:{port}/")
            return chromium.run_until_done("""
                const done = arguments[arguments.length - 1];
                const socket = new WebSocket(location.href.replace("https", "wss") + "echo/browser");
                socket.onmessage = (event) => { socket.onclose = () => done(event.data); socket.close(); };
                socket.onerror = () => done("an error");
                socket.onopen = () => socket.send("there and back");""")
        finally:
            chromium.close()

    said = await asyncio.to_thread(page)
    check("a browser's message comes back", said == "there and back", said)

    def line():
        lines = [json.loads(line) for line in (proxy.work / "access.log").read_text().splitlines()]
        return next((line for line in lines if line["path"] == "/echo/browser"), None)

    found = await asyncio.to_thread(until, "the socket's line", line)
    check("it went over HTTP/2", found["protocol"] == "HTTP/2" and found["status"] == 200, found)


def with_tls(config, work):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{work}/tls.key", "-out", f"{work}/tls.pem"],
                   check=True, capture_output=True)
    config["certificates"] = {"site": {"chain": f"{work}/tls.pem", "key": f"{work}/tls.key"}}
    config["listeners"].append({"name": "tls", "bind": "127.0.0.1:0", "tls": {"certificates": ["site"]}})
    return config


async def story(switchyard, work):
    async with Endpoint("blue") as blue, Endpoint("green") as green:
        config = with_tls(blue_green([blue.address], [green.address]), work)
        config["listeners"][0]["protocols"] = ["h2"]
        config["process"]["log"] = {"access": f"{work}/access.log"}
        config["process"]["shutdown_grace"] = "3s"
        proxy = await asyncio.to_thread(Switchyard, switchyard, work, config)
        with proxy:
            await asyncio.to_thread(proxy.healthy, "blue", "green")
            if browser.there_is_one():
                await by_browser(proxy, blue, work)
            else:
                print("chromium or chromedriver is missing: the browser's part is left out")
            await raw(proxy, blue, green)


def main():
    with workplace() as work:
        asyncio.run(story(sys.argv[1], work))
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
