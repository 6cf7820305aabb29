#!/usr/bin/env python3
"""Endpoints out of a file: taken up and given up without a generation and without a failed request; a file that is missing,
torn, empty or has lost its mind takes nothing away; drain and maint hold by address while it is gone; a restart knows what
was known; a release goes to what is discovered; the API, the command line, the metrics and the events say so."""
import json
import os
import pathlib
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from addresses import Server, Traffic  # noqa: E402
from checks import check, verdict  # noqa: E402
from discovered import Discovered, discovering  # noqa: E402


class Registry:
    """What a program writes: a whole file renamed over the one of before."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def says(self, *addresses):
        self.writes(json.dumps(list(addresses)))

    def writes(self, text):
        new = self.path.with_suffix(".new")
        new.write_text(text)
        os.replace(new, self.path)


def nothing_yet(s):
    s.until_state("stale")
    d = s.discovery()
    check("a missing file is told", "No such file" in d["why"], d)
    check("nobody there is 503, never 404", s.ask()[0] == 503, s.ask())
    running.until("ready all the same", lambda: s.proxy.status()["ready"])


def comes_and_goes(s, a, b):
    s.registry.says(a.address)
    s.until_up(a.address)
    with Traffic(s.proxy.url()) as traffic:
        s.registry.says(a.address, b.address)
        s.until_up(a.address, b.address)
        traffic.only(a.host, b.host)
        s.registry.says(b.address)
        s.until_members(b.address)
        s.registry.says({"address": a.address, "weight": 2}, b.address)
        s.until_up(a.address, b.address)
        check("its weight is the source's", s.members()[a.address]["weight"] == 2, s.members())
    check("no request failed", not traffic.wrong, traffic.wrong[:3])
    check("no generation was made", s.generation() == 1, s.generation())
    said = s.proxy.call("POST", "/v1/explain", {"host": "x"})[1]
    check("explain shows both numbers", said["generation"] == 1 and said["facts"] > 0 and said["roll"] == s.discovery()["roll"], said)


def believes_little(s, a, b):
    before = s.discovery()["roll"]
    for text, word in (('["127.0.0.1:1", "127.', "not valid JSON"), ("{}", "expected a JSON list"), ('[{"adress": "127.0.0.1:1"}]', "entry 0"),
                       ('["8.8.8.8:80"]', "discovery.allow"), (json.dumps(["%s" % s.proxy.url().removeprefix("http://")]), "is listener web")):
        s.registry.writes(text)
        running.until(f"the file {text} is refused", lambda: word in s.discovery().get("why", ""))
    s.registry.writes("[]")
    running.until("an empty file is not believed", lambda: s.discovery()["held"] == 2)
    check("guard empty", {e["held"] for e in s.members().values()} == {"empty"}, s.members())
    s.registry.path.unlink()
    s.until_state("stale")
    s.registry.says({"address": a.address, "weight": 2}, b.address)
    s.until_state("current")
    check("nothing of it was a roll", s.discovery()["roll"] == before, s.discovery())


def the_last_stays(s, a, b):
    with Server("127.0.0.9") as gone:
        nobody = gone.address
    with Traffic(s.proxy.url()) as traffic:
        s.registry.says(nobody)
        running.until("kept-last", lambda: [e.get("held") for e in s.members().values()].count("kept-last") == 2)
        seen = len(traffic.seen)
        running.until("they serve", lambda: len(traffic.seen) > seen + 20)
        s.registry.says(a.address, b.address)
        s.until_members(a.address, b.address)
    check("no request failed meanwhile", not traffic.wrong, traffic.wrong[:3])
    code, text = s.cli("upstream", "green")
    check("the command line tells it", code == 0 and "kept (kept-last)" in text and "file " in text, text)


def overrides(s, a, b):
    code, text = s.cli("endpoint", "drain", "green", a.address)
    check("drain", code == 0 and "new requests leave" in text, text)
    check("it is a generation", s.generation() == 2, s.generation())
    running.until("shown", lambda: s.members()[a.address]["state"] == "drain")
    check("only the other serves", {s.ask()[1] for _ in range(10)} == {b.host})
    s.registry.says(b.address)
    s.until_members(b.address)
    check("the override waits", s.discovery()["absent_overrides"] == [a.address], s.discovery())
    s.registry.says(a.address, b.address)
    s.until_up(a.address, b.address)
    check("and holds", s.members()[a.address]["state"] == "drain" and s.members()[a.address]["override"], s.members())
    check("the guard knows who is left", s.cli("endpoint", "maint", "green", b.address)[0] == 1)
    check("up again", s.cli("endpoint", "up", "green", a.address)[0] == 0)
    check("an override that says nothing is none", "endpoint_overrides" not in s.proxy.call("GET", "/v1/config")[1]["upstreams"]["green"])
    check("a weight of one's own", s.cli("endpoint", "weight", "green", a.address, "--weight", "7")[0] == 0)
    running.until("weight 7", lambda: s.members()[a.address]["weight"] == 7)
    check("undone", s.cli("undo")[0] == 0)
    running.until("weight 1", lambda: s.members()[a.address]["weight"] == 1)
    check("who is neither written nor found is told his fellows", b.address in s.cli("endpoint", "drain", "green", "127.0.0.1:1")[1])
    check("what is discovered cannot be removed", s.cli("endpoint", "remove", "green", a.address)[0] == 1)


def restart(s, a, b):
    roll = s.discovery()["roll"]
    running.until("it is kept", lambda: kept(s) == (roll, {a.address, b.address}))
    s.proxy.kill()
    s.registry.path.unlink()
    s.again()
    s.until_up(a.address, b.address)
    d = s.discovery()
    check("what was known is known, and stale", d["state"] == "stale" and d["roll"] == roll, d)
    check("they serve", s.ask()[0] == 200)
    text = s.open("/metrics")
    check("metrics", 'switchyard_discovery_stale_seconds{upstream="green"} ' in text and
          'switchyard_discovery_held{upstream="green",guard="mass"} 0' in text, [l for l in text.splitlines() if "discovery" in l])
    s.registry.says(a.address)
    s.until_members(a.address)


def kept(s):
    """What the store knows: at most a second behind."""
    with sqlite3.connect(f"file:{s.proxy.state / 'switchyard.db'}?mode=ro", uri=True) as db:
        try:
            row = db.execute("SELECT list FROM rolls WHERE upstream = 'green'").fetchone()
        except sqlite3.OperationalError:
            return None
    known = json.loads(row[0])
    return known["number"], {m["address"] for m in known["members"]}


def released(program, work, a, b):
    """A release to an upstream whose endpoints are discovered, and what can be said against one before it begins."""
    registry = Registry(pathlib.Path(work) / "released.json")
    registry.says(b.address)
    config = discovering({"file": {"path": str(registry.path)}})
    config["upstreams"]["blue"] = {"endpoints": [{"address": a.address}]}
    config["routes"][0]["split"] = {"blue": 100}
    plan = pathlib.Path(work) / "plan.json"
    elsewhere = "http://10.255.255.1:9002/readyz"
    plan.write_text(json.dumps({"steps": [{"weight": 100, "bake": "1s"}], "analysis": {"checks": [{"name": "ready", "http": elsewhere}]}}))
    with Discovered(program, work, config) as s:
        s.until_up(b.address)
        code, text = s.cli("deploy", "app", "--to", "green", "--endpoint", "127.0.0.1:1")
        check("named endpoints of what is discovered: refused, with its cure", code == 1 and "the endpoints of green are discovered; let file name the new ones" in text, text)
        code, text = s.cli("deploy", "app", "--to", "green", "--plan", str(plan))
        check("a plan that asks what may come and go: refused, with its cure", code == 1 and "not what is discovered" in text and
              '"http://10.255.255.1:9002/" there would allow it' in text, text)
        code, text = s.cli("deploy", "app", "--to", "green", "--smoke", "GET /none =204")
        check("its smoke test asks who was discovered", code == 1 and f"at {b.address} of green answered 200" in text, text)
        code, text = s.cli("deploy", "app", "--to", "green", "--smoke", "GET / =200")
        check("and is passed", code == 0 and "1 call answered well" in text and s.ask()[1] == b.host, text)


def main(program, _yardbench):
    with running.workplace() as work, Server("127.0.0.2") as a, Server("127.0.0.3", a.port) as b:
        registry = Registry(pathlib.Path(work) / "green.json")
        with Discovered(program, work, discovering({"file": {"path": str(registry.path)}})) as s:
            s.registry = registry
            nothing_yet(s)
            comes_and_goes(s, a, b)
            believes_little(s, a, b)
            the_last_stays(s, a, b)
            overrides(s, a, b)
            restart(s, a, b)
            check("it ends", s.proxy.end() == 0)
        released(program, work, a, b)
    return verdict()


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:3]))
    except running.Failed as failed:
        verdict()
        sys.exit(f"FAILED: {failed}")
