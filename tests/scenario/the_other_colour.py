#!/usr/bin/env python3
"""Story: one rule for every release. `"upstream": "@candidate"` leads testers to the colour that is not live, switch after
switch; while a rollout runs to the one it leads to, beyond half of the traffic, through a kill -9 in the middle, and past its
end no longer; at equal weights to the one that had less before, through restart, undo and another reading of the file.

usage: the_other_colour.py SWITCHYARD YARDBENCH"""
import json
import pathlib
import signal
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from checks import check, verdict  # noqa: E402
from running import DEADLINE, Endpoint, Load, Switchyard, blue_green, until, workplace  # noqa: E402

TESTERS = {"name": "testers", "when": {"header": "X-Release", "equals": "canary"}, "upstream": "@candidate"}


def served_by(proxy):
    """Whom a tester gets, as the answer itself says."""
    request = urllib.request.Request(proxy.url() + "/", headers={"X-Release": "canary"})
    with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
        said = dict(part.split("=", 1) for part in answer.headers["X-Switchyard"].split("; "))
    return said["upstream"]


def told(proxy, what, colour, why):
    """The proxy does it, explain and status say it."""
    did = served_by(proxy)
    said = proxy.call("POST", "/v1/explain", {"host": "a", "headers": {"X-Release": "canary"}})[1]
    check(f"{what}: testers get {colour}", did == colour, did)
    check(f"{what}: explain names it", said["upstream"] == colour and said["meant_by"] == "@candidate", said)
    check(f"{what}: and why", any(why in line for line in said["why"]), said["why"])
    check(f"{what}: status names it", proxy.status()["routes"][0]["candidate"] == colour, proxy.status()["routes"][0])


def cli(program, proxy, *words):
    return subprocess.run([program, *words, "--state-dir", proxy.state], capture_output=True, text=True, timeout=DEADLINE)


def switches(program, proxy):
    told(proxy, "blue is live", "green", "gets less")
    done = cli(program, proxy, "switch", "app", "@candidate")
    check("switch @candidate", done.returncode == 0 and "all traffic moves from blue to green" in done.stdout, done)
    check("the receipt tells of the rule", "rule testers takes moves from green to blue" in done.stdout, done.stdout)
    told(proxy, "green is live", "blue", "gets less")
    check("status shows it", "@candidate (now blue)" in cli(program, proxy, "status").stdout)
    done = cli(program, proxy, "switch", "app", "@candidate", "--watch", "1ms", "--dry-run")
    check("watched, too", done.returncode == 0 and "from green to blue" in done.stdout, done)
    status, _, _ = proxy.call("POST", "/v1/changes", [{"verb": "switch", "route": "app", "to": "@candidate"}])
    check("as one of several changes", status == 200, status)
    told(proxy, "blue again", "green", "gets less")


def equal(proxy, again):
    proxy.call("PUT", "/v1/routes/app/split", {"blue": 10, "green": 90})
    generation = proxy.call("PUT", "/v1/routes/app/split", {"blue": 50, "green": 50})[1]["generation"]
    told(proxy, "equal weights", "blue", "had less before")
    proxy.end()
    proxy = again()
    told(proxy, "after a restart", "blue", "had less before")
    config = json.loads(proxy.config.read_text())
    config["routes"][0]["limits"] = {"body": "1MiB"}
    proxy.config.write_text(json.dumps(config))
    proxy.child.send_signal(signal.SIGHUP)
    until("the file is read", lambda: "limits" in proxy.call("GET", "/v1/config")[1]["routes"][0])
    told(proxy, "after the file was read again", "blue", "had less before")
    proxy.call("PUT", "/v1/routes/app/split", {"blue": 100})
    told(proxy, "after another split", "green", "gets less")
    proxy.call("POST", "/v1/undo", {"to": generation})
    told(proxy, "after an undo", "blue", "had less before")
    proxy.call("PUT", "/v1/routes/app/split", {"blue": 100})
    return proxy


def rollout(proxy, yardbench, again):
    plan = {"route": "app", "from": "blue", "to": "green", "steps": [{"weight": 80, "bake": "1h"}, {"weight": 100, "bake": "1h"}]}
    status, begun, _ = proxy.call("POST", "/v1/rollouts", plan)
    check("the rollout begins", status == 201, begun)
    one = f"/v1/rollouts/{begun['id']}"
    until("its first weight", lambda: proxy.status()["routes"][0]["split"]["green"] > 0)
    told(proxy, "beyond half", "green", "a rollout leads there")
    proxy.kill()
    proxy = again()
    told(proxy, "after a kill -9", "green", "a rollout leads there")
    generation = proxy.status()["generation"]
    with Load(yardbench, proxy, 200):
        until("promoted", lambda: proxy.call("POST", one + "/promote")[0] == 200)
        until("all of it", lambda: proxy.status()["routes"][0]["split"].get("blue", 0) == 0)
        told(proxy, "with all traffic", "green", "a rollout leads there")
        until("promoted", lambda: proxy.call("POST", one + "/promote")[0] == 200)
        until("its end", lambda: proxy.call("GET", one)[1]["state"] == "succeeded")
        until("the workers know", lambda: served_by(proxy) == "blue")
    told(proxy, "past its end", "blue", "gets less")
    check("without another generation", proxy.status()["generation"] == generation + 1, proxy.status()["generation"])
    plan.update({"from": "green", "to": "blue"})
    begun = proxy.call("POST", "/v1/rollouts", plan)[1]
    until("the weight", lambda: proxy.status()["routes"][0]["split"]["blue"] > 0)
    told(proxy, "the way back", "blue", "a rollout leads there")
    proxy.call("POST", f"/v1/rollouts/{begun['id']}/abort")
    until("the abort", lambda: proxy.status()["routes"][0]["split"]["blue"] == 0)
    told(proxy, "aborted", "blue", "gets less")
    return proxy


def refused(program, proxy, work):
    file = pathlib.Path(work) / "three.json"
    config = json.loads(proxy.config.read_text())
    config["upstreams"]["red"] = config["upstreams"]["green"]
    for split, has in (({"blue": 1}, "has 1"), ({"blue": 1, "green": 0, "red": 0}, "has 3")):
        config["routes"][0]["split"] = split
        file.write_text(json.dumps(config))
        done = subprocess.run([program, "check", file, "--offline"], capture_output=True, text=True, timeout=DEADLINE)
        check(f"check: {has}", done.returncode == 1 and "/routes/0/rules/0/upstream" in done.stderr and has in done.stderr, done)
    generation = proxy.status()["generation"]
    status, problem, _ = proxy.call("PUT", "/v1/upstreams/red", {"endpoints": []})
    check("a third colour", status == 200, problem)
    status, problem, _ = proxy.call("PUT", "/v1/routes/app/split", {"green": 90, "red": 10})
    check("not in this split", status == 422 and "has 3" in problem["errors"][0]["detail"], problem)
    plan = {"route": "app", "from": "green", "to": "red", "steps": [{"weight": 100, "bake": "1s"}], "force": True}
    status, problem, _ = proxy.call("POST", "/v1/rollouts", plan)
    check("nor by a rollout", status == 422 and problem["errors"][0]["pointer"] == "/to", problem)
    check("and nothing changed but the upstream", proxy.status()["generation"] == generation + 1)


def main(program, yardbench):
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        proxies = []

        def again(config=None):
            proxies.append(Switchyard(program, work, config))
            proxies[-1].healthy("blue", "green")
            return proxies[-1]

        try:
            proxy = again(blue_green([blue.address], [green.address], rules=[TESTERS]))
            switches(program, proxy)
            proxy = equal(proxy, again)
            proxy = rollout(proxy, yardbench, again)
            refused(program, proxy, work)
        finally:
            for one in proxies:
                one.__exit__()
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
