#!/usr/bin/env python3
"""Figures of discovery: from a changed SRV record to the first answer of who is new in it (TTL 1 s, the floor), and what a roll
of a thousand endpoints, exchanged every second for another thousand, does to the requests of a neighbour – beside the same
load without it, in turns of one run.

    bench/discovery.py build/release/switchyard build/release/yardbench [--rounds 5]
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/support"))
import running  # noqa: E402
from addresses import Server  # noqa: E402
from discovered import Discovered, discovering  # noqa: E402
from name_server import NameServer  # noqa: E402


def srv(program, rounds):
    """Seconds from the change to an answer, each time."""
    out = []
    with running.workplace() as work, Server("127.0.0.2") as a, Server("127.0.0.3", a.port) as b, NameServer(ttl=1) as names:
        names.names = {"a.test": [a.host], "b.test": [b.host]}
        names.services["_http._tcp.app.test"] = [(0, 1, a.port, "a.test")]
        process = {"resolver": {"servers": [names.address]}}
        with Discovered(program, work, discovering({"srv": {"name": "_http._tcp.app.test"}}, process)) as s:
            s.until_up(a.address)
            for n in range(rounds):
                old, fresh, name = ((a, b, "b.test"), (b, a, "a.test"))[n % 2]
                names.services["_http._tcp.app.test"] = [(0, 1, fresh.port, name)]
                begun = time.monotonic()
                running.until("an answer", lambda: s.ask()[1] == fresh.host)
                out.append(time.monotonic() - begun)
                s.until_members(fresh.address)
                del old
    return sorted(out)


def load(yardbench, url):
    done = subprocess.run([yardbench, "load", url, "--rate", "2000", "--connections", "16", "--duration", "8s", "--json", "--quiet"],
                          capture_output=True, text=True, timeout=120)
    return json.loads(done.stdout)


def thousand(program, yardbench, rounds):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        file = pathlib.Path(work) / "green.json"

        def say(block):
            new = file.with_suffix(".new")
            new.write_text(json.dumps([f"10.{block}.{n // 250}.{n % 250 + 1}:80" for n in range(1000)]))
            os.replace(new, file)
        config = discovering({"file": {"path": str(file)}}, hold="0s", confirm_after="0s", max_removed_percent=100, allow=[], max_endpoints=2000)
        config["upstreams"]["green"]["health"] = {"type": "none"}
        config["upstreams"]["blue"] = {"endpoints": [{"address": blue.address}]}
        config["routes"] = [{"name": "app", "split": {"blue": 100}}, {"name": "green", "match": {"path_prefix": "/green"}, "split": {"green": 1}}]
        say(0)
        with Discovered(program, work, config) as s:
            s.proxy.healthy("blue")
            running.until("a thousand", lambda: s.proxy.status()["upstreams"]["green"]["of"] == 1000)
            for _ in range(rounds):
                yield "quiet", load(yardbench, s.proxy.url() + "/"), 0
                over, before = threading.Event(), s.discovery()["roll"]

                def turn():
                    block = 0
                    while not over.wait(1):
                        block += 1
                        say(block % 200)
                thread = threading.Thread(target=turn)
                thread.start()
                result = load(yardbench, s.proxy.url() + "/")
                over.set()
                thread.join()
                yield "a thousand a second", result, s.discovery()["roll"] - before


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("switchyard")
    parser.add_argument("yardbench")
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    program, yardbench = (str(pathlib.Path(p).resolve()) for p in (wanted.switchyard, wanted.yardbench))
    times = srv(program, 2 * wanted.rounds)
    print(f"SRV changed to routed: median {times[len(times) // 2]:.2f} s, {times[0]:.2f} to {times[-1]:.2f} s of {len(times)} (TTL 1 s)")
    for what, result, rolls in thousand(program, yardbench, wanted.rounds):
        print(f"{what:<20} {rolls:>3} rolls  {json.dumps(result)[:400]}")


if __name__ == "__main__":
    main()
