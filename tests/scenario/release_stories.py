#!/usr/bin/env python3
"""Story: releases as one command, good ones and bad ones, against two releases that notice when they are stopped too soon. One that
goes well, back and forth; one that fails its smoke test, one that never gets healthy, one whose canary fails, one that dies while
the old one drains, one that is interrupted: each ends with all traffic where it was, the right exit code and a sentence that says
why. What is not drained is not stopped; what a plan wants approved waits for two people. A second release of the route is refused by name, and what the token may not do is said
before the first step.

usage: release_stories.py SWITCHYARD YARDBENCH"""
import hashlib
import json
import os
import pathlib
import pty
import signal
import sys
import threading
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from checks import check, verdict  # noqa: E402
from colours import Clients, Colour, Deploy, Machine, two_colours  # noqa: E402
from running import DEADLINE, Switchyard, until, workplace  # noqa: E402

# Evidence takes as many requests as it takes, however slow the machine is.
QUICK = {"latency": None, "warm_up": "0s"}


class Stage:
    def __init__(self, program, proxy, blue, green, machine):
        self.program, self.proxy, self.machine = program, proxy, machine
        self.colours = {"blue": blue, "green": green}

    def serving(self):
        split = self.proxy.status()["routes"][0]["split"]
        return [c for c, w in split.items() if w]

    def other(self, colour):
        return next(c for c in self.colours if c != colour)

    def deploy(self, name, to, *words, start=True, stop=True, **keys):
        words = ["app", "--to", to, "--release-id", name, *words]
        real = to if to in self.colours else self.other(self.serving()[0])
        if start:
            words += ["--start", self.machine.command("start", real)]
        if stop:
            words += ["--stop", self.machine.command("stop", self.other(real))]
        return Deploy(self.program, self.proxy, *words, **keys)

    def record(self, name):
        return self.proxy.call("GET", f"/v1/releases/{name}")[1]

    def step_is(self, name, step):
        until(f"{name} to be at {step}", lambda: (lambda s: s and (s[-1]["step"], s[-1]["what"]) == (step, "begun"))(self.record(name).get("steps")))

    def stays(self, name, ended, colour, *sentences, code=1):
        """Ended badly, with everything as it was."""
        rc, said = ended
        r = {"outcome": None, "reason": "", **self.record(name)}
        check(f"{name}: exit {code}", rc == code, (rc, said))
        check(f"{name}: {colour} serves", self.serving() == [colour], self.serving())
        check(f"{name}: nothing was stopped", all(not c.wrong for c in self.colours.values()) and self.colours[colour].up, [c.wrong for c in self.colours.values()])
        for sentence in sentences:
            check(f"{name}: says {sentence!r}", sentence in said and sentence in r["reason"], said)
        check(f"{name}: the record says so", r["outcome"] == ("failed" if code == 1 else "incomplete"), r)
        check(f"{name}: nothing waits", "pending" not in self.proxy.status(), self.proxy.status().get("pending"))


def good(stage):
    """Everything a release may have, then back by a plan, then once more with a watch; not one request fails."""
    green, blue = stage.colours["green"], stage.colours["blue"]
    with Clients(stage.proxy) as clients:
        clients.answered_by("blue")
        rc, said = stage.deploy("g1", "green", "--smoke", "GET /smoke", "--smoke", "GET /readyz =200", "--smoke-through", "GET / -H X-Release:green",
                                "--reason", "the first").end()
        check("g1: done", rc == 0 and "done: green serves app, blue is stopped" in said, (rc, said))
        check("g1: each step has a line", [line.split()[0] for line in said.splitlines()[1:-1] if line.startswith("  ")] ==
              ["start", "healthy", "smoke", "smoke_through", "traffic", "drained", "confirm", "stop"], said)
        check("g1: stopped once, started once", (blue.stops, blue.up, green.starts) == (1, False, 1))
        r = stage.record("g1")
        check("g1: the record", r["outcome"] == "succeeded" and r["who"] == "local-admin" and len(r["generations"]) == 1, r)
        reasons = {g["generation"]: g["reason"] for g in stage.proxy.call("GET", "/v1/generations")[1]["generations"]}
        check("g1: history names it", reasons[r["generations"][0]] == "release g1: the first", reasons)
        again = stage.deploy("g1", "green", "--smoke", "GET /smoke", "--smoke-through", "GET / -H X-Release:green").end()
        check("g1 again: nothing is done twice", again[0] == 0 and "has ended before" in again[1] and green.starts == 1, again)

        plan = pathlib.Path(stage.proxy.work) / "plan.json"
        plan.write_text(json.dumps({"steps": [{"weight": 50, "bake": "100ms"}, {"weight": 100, "bake": "100ms"}], "analysis": QUICK}))
        rc, said = stage.deploy("g2", "@candidate", "--plan", plan).end()
        r = stage.record("g2")
        check("g2: a plan", rc == 0 and r["outcome"] == "succeeded" and len(r["rollouts"]) == 1 and stage.serving() == ["blue"] and not green.up, (rc, said, r))

        rc, said = stage.deploy("g3", "green", "--watch", "1s", "--json").end()
        told = json.loads(said[said.index("{"):])
        check("g3: a watch, told to a machine", rc == 0 and told["outcome"] == "succeeded" and told["rollouts"] and not blue.up, (rc, said))
        blue.start()
        undone = stage.proxy.call("POST", "/v1/releases/g2/undo", {})
        check("undo: only the last one", undone[0] == 409 and "g3" in undone[1]["detail"], undone)
        until("blue to be healthy", lambda: stage.proxy.status()["upstreams"]["blue"]["healthy"])
        check("undo: g3", stage.proxy.call("POST", "/v1/releases/g3/undo", {})[0] == 200 and stage.serving() == ["blue"])
        clients.answered_by("blue")
    check("not one request failed", not clients.failed, clients.failed[:5])
    check("all of them were asked", all(clients.served.get(c, 0) > 20 for c in stage.colours), clients.served)


def bad_smoke(stage):
    green = stage.colours["green"]
    green.smoke = 500
    stage.stays("smoke", stage.deploy("smoke", "green", "--smoke", "GET /smoke").end(), "blue", "GET /smoke at", "of green answered 500")
    green.smoke = 200
    stage.stays("lost", stage.deploy("lost", "green", "--smoke-through", "GET /").end(), "blue", "goes to blue, not to green")


def never_healthy(stage):
    stage.colours["green"].healthy = False
    until("green to be found sick", lambda: stage.proxy.status()["upstreams"]["green"]["healthy"] == 0)
    stage.stays("sick", stage.deploy("sick", "green", "--wait-healthy", "1s").end(), "blue", "green did not get healthy within 1s", "0 of 1 endpoint of green")
    stage.colours["green"].healthy = True
    failing = Deploy(stage.program, stage.proxy, "app", "--to", "green", "--release-id", "start", "--start", "exit 7").end()
    stage.stays("start", failing, "blue", '"exit 7" ended with 7')
    mended = Deploy(stage.program, stage.proxy, "app", "--to", "green", "--release-id", "start", "--start", "true").end()
    check("mended, under the same id", mended[0] == 0 and stage.serving() == ["green"] and stage.record("start")["outcome"] == "succeeded", mended)
    check("home", stage.deploy("home-again", "blue", stop=False).end()[0] == 0)


def restarted_in_place(stage):
    """The verdict of the process before says nothing about the one that was just started."""
    rc, said = Deploy(stage.program, stage.proxy, "app", "--to", "green", "--release-id", "restarted", "--smoke", "GET /smoke",
                      "--start", stage.machine.command("restart", "green")).end()
    check("restarted: healthy is what was checked since", rc == 0 and stage.serving() == ["green"], (rc, said))
    check("restarted: home", stage.deploy("restarted-home", "blue", stop=False).end()[0] == 0)


def bad_canary(stage):
    plan = pathlib.Path(stage.proxy.work) / "canary.json"
    plan.write_text(json.dumps({"steps": [{"weight": 5, "bake": "5m"}, {"weight": 100, "bake": "1m"}]}))
    stage.colours["green"].status = 500
    with Clients(stage.proxy) as clients:
        ended = stage.deploy("canary", "green", "--plan", plan).end()
    stage.stays("canary", ended, "blue", "rolled back")
    check("canary: only green failed", {c for _, c in clients.failed} == {"green"}, clients.failed[:5])
    stage.colours["green"].status = 200
    wrong = stage.deploy("typo", "green", "--plan", plan, "--watch", "5m").end()
    check("a plan and a watch do not go together", wrong[0] == 2, wrong)


def hold(stage):
    """A request that the old release does not finish by itself."""
    blue = stage.colours["blue"]
    blue.go.clear()
    held = blue.held
    caller = threading.Thread(target=lambda: urllib.request.urlopen(stage.proxy.url() + "/held", timeout=DEADLINE).read(), daemon=True)
    caller.start()
    until("a request that is held", lambda: blue.held > held)
    return caller


def dies_while_draining(stage):
    caller = hold(stage)
    deploy = stage.deploy("dies", "green", "--wait-drained", "5m")
    stage.step_is("dies", "drained")
    stage.colours["green"].die()
    stage.stays("dies", deploy.end(), "blue", "green died while blue finished what it had")
    stage.colours["blue"].go.set()
    caller.join()


def interrupted(stage):
    caller = hold(stage)
    deploy = stage.deploy("ctrl-c", "green", "--wait-drained", "5m")
    stage.step_is("ctrl-c", "drained")
    second = stage.deploy("second", "green").end()
    check("a second release is refused by name", second[0] == 1 and "is being released by release ctrl-c of local-admin" in second[1], second)
    check("… and is no record", stage.proxy.call("GET", "/v1/releases/second")[0] == 404)
    deploy.child.send_signal(signal.SIGTERM)
    stage.stays("ctrl-c", deploy.end(), "blue", "interrupted by SIGTERM")
    stage.colours["blue"].go.set()
    caller.join()


def not_drained(stage):
    caller = hold(stage)
    rc, said = stage.deploy("slow", "green", "--wait-drained", "1s").end()
    check("slow: not complete", rc == 3 and "NOT COMPLETE: blue has 1 in flight after 1s and was not stopped" in said, (rc, said))
    check("slow: green serves, blue runs on", stage.serving() == ["green"] and stage.colours["blue"].up and not stage.colours["blue"].wrong)
    check("slow: it stays", "pending" not in stage.proxy.status())
    stage.colours["blue"].go.set()
    caller.join()
    check("back", stage.deploy("back", "blue", stop=False).end()[0] == 0 and stage.serving() == ["blue"])


def moved(stage, spare):
    """The new release comes at another address; what fails gives the old one back."""
    where = lambda: [e["address"] for e in stage.proxy.call("GET", "/v1/config")[1]["upstreams"]["green"]["endpoints"]]  # noqa: E731
    before = where()
    spare.start()
    spare.smoke = 500
    stage.stays("moved", Deploy(stage.program, stage.proxy, "app", "--to", "green", "--release-id", "moved", "--endpoint", spare.address,
                                "--smoke", "GET /smoke").end(), "blue", f"at {spare.address} of green answered 500")
    check("moved: the address is back", where() == before, where())
    spare.smoke = 200
    rc, said = Deploy(stage.program, stage.proxy, "app", "--to", "green", "--endpoint", spare.address, "--smoke", "GET /smoke").end()
    check("moved: done", rc == 0 and where() == [spare.address] and stage.serving() == ["green"], (rc, said))
    check("moved back", stage.deploy("home", "blue", stop=False).end()[0] == 0)


def on_a_terminal(stage):
    """A step that goes on has its line, which is written again until it is settled."""
    master, slave = pty.openpty()
    deploy = stage.deploy("tty", "green", "--smoke", "GET /smoke", stop=False, out=slave)
    os.close(slave)
    said = b""
    try:
        while piece := os.read(master, 4096):
            said += piece
    except OSError:  # the other end is closed
        pass
    os.close(master)
    deploy.child.wait(DEADLINE)
    lines = [line.rsplit("\x1b[K", 1)[-1] for line in said.decode().replace("\r\n", "\n").split("\n") if line]
    check("it is rewritten in place", b"\r\x1b[K" in said, said)
    check("what stays is a line per step", [line.split()[0] for line in lines if line.startswith("  ")] ==
          ["start", "healthy", "smoke", "traffic", "drained", "confirm"] and lines[-1] == "done: green serves app", lines)
    check("home from the terminal", stage.deploy("tty-home", "blue", stop=False).end()[0] == 0)


def as_token(proxy, token, method, path, body=None):
    mine, proxy.token = proxy.token, token
    try:
        return proxy.call(method, path, body)
    finally:
        proxy.token = mine


def approved(stage):
    """The plan wants two people, and not the pipeline that began it."""
    plan = pathlib.Path(stage.proxy.work) / "approved.json"
    plan.write_text(json.dumps({"steps": [{"weight": 50, "bake": "100ms"}, {"pause": {"approvals": 2}}, {"weight": 100, "bake": "100ms"}], "analysis": QUICK}))
    with Clients(stage.proxy) as clients:
        deploy = stage.deploy("approved", "green", "--plan", plan, token="o")
        rollout = until("the rollout", lambda: (stage.record("approved").get("rollouts") or [None])[0])
        path = f"/v1/rollouts/{rollout}"
        until("the pause", lambda: "2 approvals of others than ci; nobody" in stage.proxy.call("GET", path)[1]["why"])
        own = as_token(stage.proxy, "o", "POST", path + "/promote")
        check("who began it does not count", own[0] == 409 and "ci began it" in own[1]["detail"], own)
        first = as_token(stage.proxy, "anna", "POST", path + "/promote")
        check("the first", first[0] == 200 and first[1]["steps"][1]["approved_by"] == ["anna"] and "approved by anna" in first[1]["why"], first)
        twice = as_token(stage.proxy, "anna", "POST", path + "/promote")
        check("a name counts once", twice[0] == 409 and "anna has approved already" in twice[1]["detail"], twice)
        check("the second", as_token(stage.proxy, "bert", "POST", path + "/resume")[0] == 200)
        rc, said = deploy.end()
    check("approved: done", rc == 0 and stage.serving() == ["green"] and not clients.failed, (rc, said, clients.failed[:3]))
    journal = [(r["by"], r["kind"]) for r in stage.proxy.call("GET", path + "/report")[1]["journal"]]
    check("the report names both", [by for by, kind in journal if kind == "approved"] == ["anna", "bert"], journal)
    audit = {(e["who"], e["verb"]) for e in stage.proxy.call("GET", "/v1/audit")[1]["audit"]}
    check("so does the audit", {("anna", "rollout-promote"), ("bert", "rollout-resume")} <= audit, audit)
    stage.colours["blue"].start()
    check("and back", stage.deploy("unapproved", "blue", stop=False).end()[0] == 0)


def slips(stage, operator):
    for what, words, says in (("no such route", ["ap", "--to", "green"], "there is no route"), ("no such upstream", ["app", "--to", "gren"], "green"),
                              ("who serves already", ["app", "--to", "blue"], "has traffic of route app already"),
                              ("what the token may not do", ["app", "--to", "green", "--endpoint", "127.0.0.1:1", "--start", "exit 1"], "role")):
        rc, said = Deploy(stage.program, stage.proxy, *words, token=operator).end()
        check(f"{what} is said before the first step", rc == 1 and says in said and "nothing was done" in said, (rc, said))
    for what, words in (("no path", ["--smoke", "GET"]), ("no unit", ["--watch", "5"]), ("no target", [])):
        rc, said = Deploy(stage.program, stage.proxy, "app", *(["--to", "green"] if words else []), *words).end()
        check(f"{what} is wrong usage", rc == 2, (rc, said))
    before = len(stage.proxy.call("GET", "/v1/releases")[1]["releases"])
    dry = Deploy(stage.program, stage.proxy, "app", "--to", "green", "--dry-run", token=operator).end()
    check("a dry run does nothing", dry[0] == 0 and "nothing was done" in dry[1] and len(stage.proxy.call("GET", "/v1/releases")[1]["releases"]) == before, dry)


def main():
    program = sys.argv[1]
    with workplace() as work, Colour("blue") as blue, Colour("green") as green, Colour("spare") as spare, Machine(blue, green) as machine:
        blue.start()
        config = two_colours(blue, green)
        config["process"]["admin"] = {"bind": "127.0.0.1:0", "tokens": [
            {"name": "local-admin", "role": "admin", "sha256": hashlib.sha256(b"a").hexdigest()},
            {"name": "ci", "role": "operator", "sha256": hashlib.sha256(b"o").hexdigest()},
            *({"name": name, "role": "operator", "sha256": hashlib.sha256(name.encode()).hexdigest()} for name in ("anna", "bert"))]}
        (pathlib.Path(work) / "state").mkdir()
        (pathlib.Path(work) / "state" / "admin.token").write_text("a\n")
        with Switchyard(program, work, config) as proxy:
            proxy.healthy("blue")
            stage = Stage(program, proxy, blue, green, machine)
            good(stage)
            for story in (bad_smoke, never_healthy, restarted_in_place, bad_canary, dies_while_draining, interrupted, not_drained):
                for colour in (blue, green):
                    colour.start()
                story(stage)
            on_a_terminal(stage)
            approved(stage)
            moved(stage, spare)
            slips(stage, "o")
            check("nothing was stopped while it served, or asked afterwards", not blue.wrong + green.wrong, blue.wrong + green.wrong)
            check("the audit is whole", proxy.call("GET", "/v1/audit/verify")[1]["intact"])
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
