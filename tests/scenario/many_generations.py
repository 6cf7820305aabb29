#!/usr/bin/env python3
"""Story: so many generations in one life of the process, of a seeded mixture: releases named by their version come and go
with upstreams and routes of their own, endpoints come and go, splits move, kinds of checks turn, a listener opens and
closes, and each is asked while it is there. At the end nothing has grown with them: not memory, descriptors or threads, not
the rows of /metrics, not the history beyond what is kept; each change was in force when it was answered, and what was asked
was answered by whom it was meant for.

usage: many_generations.py SWITCHYARD YARDBENCH [GENERATIONS [SEED]]"""
import copy
import http.client
import os
import pathlib
import random
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from checks import check, verdict  # noqa: E402
from running import DEADLINE, Endpoint, Switchyard, blue_green, until, workplace  # noqa: E402

KEPT = 50          # generations of history
AT_ONCE = 8        # routes and upstreams of a release
GONE = 2 * 256     # of what is gone so many totals stay at most for a scraper (control/metrics/totals.h)
SPARE = 10         # endpoints that come and go, about
WARM = 1 / 3       # of the run: what a process needs anyway is there by then
SLACK_KB = 24_576  # of resident memory: what an allocator keeps of the largest documents and reports


class Life:
    def __init__(self, proxy, endpoints, seed):
        self.proxy, self.endpoints, self.random = proxy, endpoints, random.Random(seed)
        self.release, self.weight, self.extra = 0, 0, None
        _, self.document, _ = proxy.call("GET", "/v1/config")
        self.addresses = 0

    def change(self, method, path, body=None):
        status, receipt, _ = self.proxy.call(method, path, body)
        check(f"{method} {path}", status == 200, (status, receipt))

    def put(self, document):
        self.change("PUT", "/v1/config?force=true", document)
        self.document = self.proxy.call("GET", "/v1/config")[1]

    def ask(self, host, colour):
        client = http.client.HTTPConnection(self.proxy.url().removeprefix("http://"), timeout=DEADLINE)
        client.request("GET", "/", headers={"Host": host, "Connection": "close"})
        answer = client.getresponse()
        answer.read()
        got = (answer.status, answer.getheader("X-Forum-Colour"))
        check(f"who answers {host}", got[0] == 200 and got[1] in colour, got)
        client.close()

    def new_release(self):
        """The one before goes, as if it had never been."""
        document = copy.deepcopy(self.document)
        gone = {f"v{self.release}-{n}" for n in range(AT_ONCE)}
        document["routes"] = [r for r in document["routes"] if r["name"] not in gone]
        document["upstreams"] = {name: u for name, u in document["upstreams"].items() if name not in gone}
        self.release += 1
        for n in range(AT_ONCE):
            name = f"v{self.release}-{n}"
            endpoint = self.endpoints[self.random.randrange(2)]
            document["upstreams"][name] = {"endpoints": [{"address": endpoint.address}], "health": {"type": "none"}}
            document["routes"].insert(0, {"name": name, "match": {"hosts": [f"{name}.example"]}, "split": {name: 1}})
        self.put(document)
        for n in range(AT_ONCE):
            self.ask(f"v{self.release}-{n}.example", ("blue", "green"))

    def split(self):
        self.weight = (self.weight + self.random.randrange(1, 100)) % 100
        self.change("PUT", "/v1/routes/app/split", {"blue": 100 - self.weight, "green": self.weight})
        self.document = self.proxy.call("GET", "/v1/config")[1]
        self.ask("app", ("blue",) if self.weight == 0 else ("blue", "green"))

    def endpoint(self):
        """One more, which is new and has no listener, or one less."""
        known = [e["address"] for e in self.document["upstreams"]["spare"]["endpoints"]]
        if len(known) > self.random.randrange(2 * SPARE):
            self.change("DELETE", f"/v1/upstreams/spare/endpoints/{self.random.choice(known)}")
        else:
            self.addresses += 1
            address = f"127.1.{self.addresses >> 8}.{self.addresses & 255}:9"
            self.change("PUT", f"/v1/upstreams/spare/endpoints/{address}", {"weight": self.random.randrange(1, 9)})
        self.document = self.proxy.call("GET", "/v1/config")[1]

    def checks(self):
        document = copy.deepcopy(self.document)
        for name in ("green", "spare"):
            document["upstreams"][name]["health"] = {"type": self.random.choice(["none", "tcp", "http"]), "interval": "100ms"}
        self.put(document)

    def listener(self):
        document = copy.deepcopy(self.document)
        if len(document["listeners"]) == 1:
            document["listeners"].append({"name": "extra", "bind": "127.0.0.1:0"})
        else:
            del document["listeners"][1]
        self.put(document)

    def step(self):
        self.random.choices([self.new_release, self.split, self.endpoint, self.checks, self.listener], [4, 3, 4, 1, 1])[0]()

    def rows(self):
        client = http.client.HTTPConnection(self.proxy.admin.removeprefix("http://"), timeout=DEADLINE)
        client.request("GET", "/metrics", headers={"Authorization": "Bearer " + self.proxy.token})
        rows = [row for row in client.getresponse().read().decode().splitlines() if row and not row.startswith("#")]
        client.close()
        return rows

    def size(self):
        process = pathlib.Path(f"/proc/{self.proxy.child.pid}")
        status = (process / "status").read_text()
        number = lambda name: int(re.search(rf"^{name}:\s+(\d+)", status, re.M)[1])  # noqa: E731
        rows = self.rows()
        pairs = {(re.search(r'route="([^"]*)"', row), re.search(r'upstream="([^"]*)"', row)) for row in rows}
        return {"resident KiB": number("VmRSS"), "threads": number("Threads"), "descriptors": len(os.listdir(process / "fd")),
                "metric rows": len(rows), "routes and upstreams in them": len({tuple(m and m[1] for m in p) for p in pairs}),
                "endpoints in them": len({m[1] for row in rows if (m := re.search(r'endpoint="([^"]*)"', row))})}


def story(switchyard, yardbench, work, generations, seed):
    with Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        config = blue_green([blue.address], [green.address])
        config["process"]["keep_generations"] = KEPT
        config["routes"][0]["match"] = {"hosts": ["app"]}
        for colour in ("blue", "green"):
            config["upstreams"][colour]["health"] = {"type": "none"}
        config["upstreams"]["spare"] = {"endpoints": [], "health": {"type": "none"}}
        with Switchyard(switchyard, work, config) as proxy:
            life = Life(proxy, (blue, green), seed)
            sizes = []
            begun = proxy.status()["generation"]
            for number in range(generations):
                life.step()
                if number % max(1, generations // 20) == 0 or number == generations - 1:
                    sizes.append(life.size())
                    print(f"{number + 1}: {sizes[-1]}", flush=True)
            made = proxy.status()["generation"] - begun
            check("each change made a generation, but where it changed nothing", made > generations * 0.8, (made, generations))
            warm, last = sizes[int(len(sizes) * WARM)], sizes[-1]
            live = 2 * (AT_ONCE + 3) + 2 * SPARE
            if proxy.is_sanitized():
                print("memory is not judged, a sanitizer keeps what was freed")
            else:
                check("memory", last["resident KiB"] <= warm["resident KiB"] + SLACK_KB, (warm, last))
            check("threads", last["threads"] == warm["threads"], (warm, last))
            check("descriptors", last["descriptors"] <= warm["descriptors"] + 16, (warm, last))
            check("routes and upstreams in /metrics", last["routes and upstreams in them"] <= GONE + live, last)
            check("endpoints in /metrics", last["endpoints in them"] <= live, last)
            check("history", len(proxy.call("GET", "/v1/generations?limit=1000")[1]["generations"]) <= KEPT + 1)
            until("only the newest generation is held", lambda: not any(
                d["state"] == "running" for d in proxy.call("GET", "/v1/drains")[1]["drains"]))
            check("it ends in order", proxy.end() == 0)


def main(switchyard, yardbench, generations=300, seed=1):
    with workplace() as work:
        story(switchyard, yardbench, work, int(generations), int(seed))
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
