#!/usr/bin/env python3
"""Story: calls of gRPC, HTTP/2 on both sides. A canary that answers every call with 200, and INTERNAL in its trailers, is taken
back within twenty of its answers. Then calls that answer in many messages run while traffic is switched between blue and
green: not one fails, each endpoint has seen what the clients have sent, and a call that begins when a switch has been answered is served
by whom was switched to.

usage: grpc.py SWITCHYARD YARDBENCH [SWITCHES]"""
import asyncio
import json
import pathlib
import signal
import subprocess
import sys
import urllib.request

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / part) for part in ("support", "http2")]
import frames  # noqa: E402
from checks import check, verdict  # noqa: E402
from running import DEADLINE, Endpoint, Switchyard, blue_green, until, workplace  # noqa: E402

PLAN = {"route": "app", "from": "blue", "to": "green", "steps": [{"weight": 20, "bake": "1m"}, {"weight": 100, "bake": "1m"}]}
MOST = 20


def configuration(blue, green):
    config = blue_green([blue.address], [green.address])
    config["listeners"][0]["protocols"] = ["h2"]
    for upstream in config["upstreams"].values():
        upstream["protocol"] = "h2"
    return config


class Load:
    """Calls until the `with` block is left; then what became of them."""

    def __init__(self, yardbench, proxy, *flags):
        self.process = subprocess.Popen([yardbench, "load", proxy.url() + "/shop.Cart/Add", "--grpc", "--warm-up", "0s", "--duration", "10m",
                                         "--json", *map(str, flags)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def end(self):
        self.process.send_signal(signal.SIGINT)
        return json.loads(self.process.communicate(timeout=DEADLINE)[0])

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def canary(switchyard, yardbench):
    with workplace() as work, Endpoint(yardbench, work, "blue", "--h2", "--grpc", "0") as blue, \
            Endpoint(yardbench, work, "green", "--h2", "--grpc", "13") as green, \
            Switchyard(switchyard, work, configuration(blue, green)) as proxy:
        proxy.healthy("blue", "green")
        with Load(yardbench, proxy, "--rate", 50, "--connections", 2, "--streams", 10) as load:
            until("load", lambda: proxy.status()["traffic"].get("requests_per_second", 1) > 0)
            status, started, _ = proxy.call("POST", "/v1/rollouts", PLAN)
            check("the rollout begins", status == 201, started)
            path = f"/v1/rollouts/{started['id']}"
            until("the rollback", lambda: proxy.call("GET", path)[1]["state"] == "rolled_back")
            until("the route to be free", lambda: proxy.call("GET", path + "/report")[1]["journal"][-1]["kind"] == "closed")
            counts = proxy.call("GET", path + "/report")[1]["ended"]["evidence"]["counts"]
            ended = load.end()
        print(f"rolled back after {counts['green']['attempts']} answers of the canary; the clients got {ended['failures']}")
        check(f"a canary that fails in its trailers is taken back within {MOST} of its answers",
              counts["green"]["failures"] == counts["green"]["attempts"] <= MOST, counts)
        check("the one that is good has failed nobody", counts["blue"]["failures"] == 0, counts)
        check("every head said 200", set(ended["statuses"]) == {"2xx"}, ended["statuses"])
        metrics = urllib.request.urlopen(urllib.request.Request(
            proxy.admin + "/metrics", headers={"Authorization": "Bearer " + proxy.token}), timeout=DEADLINE).read().decode()
        check("calls are counted by status", 'upstream="green",status="INTERNAL"}' in metrics and 'upstream="blue",status="OK"}' in metrics)


async def switch(proxy, switches):
    """One after the other, and a call behind each, on one connection; the calls that the new one has not served."""
    astray = []
    async with frames.Client(int(proxy.url().rsplit(":", 1)[1])) as client:
        for i in range(switches):
            to, stream = ("green", "blue")[i % 2], client.stream(2 * i + 1)
            status, receipt, _ = await asyncio.to_thread(proxy.call, "POST", "/v1/routes/app/switch", {"to": to})
            if status != 200:
                check("a switch", False, receipt)
            client.send(frames.headers(2 * i + 1, [(":method", "POST"), (":scheme", "http"), (":authority", "a"), (":path", "/shop.Cart/Add"),
                                                   ("content-type", "application/grpc"), ("te", "trailers")], end=False) +
                        frames.data(2 * i + 1, b"\0\0\0\0\0", end=True))
            await client.until(stream.over, DEADLINE)
            said = dict(field for head in stream.heads for field in head)
            if said.get(b"x-forum-colour") != to.encode() or said.get(b"grpc-status") != b"0" or not stream.ended:
                astray.append((i, to, said, stream.reset))
    return astray


def streams(switchyard, yardbench, switches):
    many = ("--h2", "--grpc", "0", "--messages", "50", "--delay", "5ms")
    with workplace() as work, Endpoint(yardbench, work, "blue", *many) as blue, Endpoint(yardbench, work, "green", *many) as green:
        with Switchyard(switchyard, work, configuration(blue, green)) as proxy:
            proxy.healthy("blue", "green")
            with Load(yardbench, proxy, "--connections", 4, "--streams", 20) as load:
                until("load", lambda: proxy.status()["traffic"].get("requests_per_second", 1) > 0)
                astray = asyncio.run(switch(proxy, switches))
                ended = load.end()
        for endpoint in (blue, green):
            endpoint.end()
        seen = [json.loads(endpoint.text().splitlines()[-1])["requests"] for endpoint in (blue, green)]
        whole = ended["whole_run"]
        print(f"{whole['sent']} calls, {switches} switches; the endpoints saw {seen}")
        check("not one call failed", ended["failed"] == 0, ended["failures"])
        check("a call behind a switch is served by whom was switched to", not astray, astray[:5])
        check("each was answered whole", whole["sent"] == whole["answered"] >= switches, whole)
        check("both have served, and what was sent is what they saw", min(seen) > 0 and sum(seen) == whole["sent"] + switches, (seen, whole))


if __name__ == "__main__":
    canary(*sys.argv[1:3])
    streams(*sys.argv[1:3], int(sys.argv[3]) if len(sys.argv) > 3 else 60)
    sys.exit(verdict())
