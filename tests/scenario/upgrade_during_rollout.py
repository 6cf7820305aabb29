#!/usr/bin/env python3
"""Story: the process is replaced in the middle of a rollout that waits in its step, and once a process that was to take over
dies on probation. The rollout stays in its step, at its weight, holds its route, loses no traffic that it was given, and
goes on when a person says so.

usage: upgrade_during_rollout.py SWITCHYARD YARDBENCH"""
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from running import Endpoint, Failed, Load, Switchyard, blue_green, until, workplace  # noqa: E402
from upgraded import Lineage  # noqa: E402

# None of the steps is left by time: each takes more requests than come.
PLAN = {"route": "app", "from": "blue", "to": "green",
        "steps": [{"weight": 5, "bake": "1h"}, {"weight": 50, "bake": "1h"}, {"weight": 100, "bake": "1s"}]}


def percent(proxy):
    split = proxy.status()["routes"][0]["split"]
    return 100 * split["green"] / (split["blue"] + split["green"])


def standing(proxy):
    """State, step, weight, and how many records its journal has."""
    report = proxy.call("GET", "/v1/rollouts/r1/report")[1]
    steps = [record for record in report["journal"] if record["kind"] == "step"]
    return report["state"], steps[-1]["step"], percent(proxy), len(steps)


def expect(what, found, wanted):
    if found != wanted:
        raise Failed(f"{what}: {found}, it was {wanted}")


def main():
    program, yardbench = os.path.abspath(sys.argv[1]), sys.argv[2]
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        with Switchyard(program, work, blue_green([blue.address], [green.address])) as proxy, Lineage(program, proxy) as lineage:
            proxy.healthy("blue", "green")
            with Load(yardbench, proxy, 200):
                status, started, _ = proxy.call("POST", "/v1/rollouts", PLAN)
                if status != 201:
                    raise Failed(f"not started: {status} {started}")
                until("the first weight", lambda: percent(proxy) == 5)
                before = standing(proxy)
                code, out, complaint = lineage.upgrade("--probation", "100ms", "--drain-within", "1s")
                expect(f"the upgrade: {out} {complaint}", code, 0)
                expect("after an upgrade", standing(proxy), before)
                expect("the route is held", proxy.call("PUT", "/v1/routes/app/split", {"blue": 1})[0], 409)
                expect("a promote", proxy.call("POST", "/v1/rollouts/r1/promote")[0], 200)
                until("the second weight", lambda: percent(proxy) == 50)
                before = standing(proxy)

                # It dies on probation, after it has acted: what it has done stays done.
                verb = lineage.begin("--probation", "1m")
                until("it is in charge", lambda: lineage.view()["upgrade"]["state"] == "probation" and len(lineage.running()) == 2
                      or lineage.note())
                expect("on probation", standing(proxy), before)
                expect("a pause", proxy.call("POST", "/v1/rollouts/r1/pause")[0], 200)
                os.kill(lineage.serving(), signal.SIGKILL)
                expect("the verb", (verb.wait(60), verb.communicate()[0][:0])[0], 1)
                until("the old one decides again", lambda: lineage.view()["upgrade"]["state"] == "failed")
                expect("after the new one died", (standing(proxy)[1:3], proxy.call("GET", "/v1/rollouts/r1")[1]["state"]),
                       (before[1:3], "paused"))
                expect("resume", proxy.call("POST", "/v1/rollouts/r1/resume")[0], 200)
                status, answer, _ = proxy.call("POST", "/v1/rollouts/r1/abort")
                expect(f"abort: {answer}", (status, answer["state"]), (200, "aborted"))
                until("everything back", lambda: percent(proxy) == 0)
            lineage.pids = lineage.running()
            print("a rollout stayed in its step over an upgrade, and over one that failed")


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
