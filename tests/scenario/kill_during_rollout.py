#!/usr/bin/env python3
"""Story: the proxy is killed (SIGKILL) again and again in the middle of a rollout. Each time it comes back it holds the
weight that the journal had, in the same step; without traffic it goes nowhere; a person's promote takes it on, and after
an abort and one more kill the old release has everything and the route is free again.

usage: kill_during_rollout.py SWITCHYARD YARDBENCH [SEED]"""
import http.client
import pathlib
import random
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from running import Endpoint, Failed, Switchyard, blue_green, until, workplace  # noqa: E402

WEIGHTS = [1, 5, 25, 50, 75, 90]
PLAN = {"route": "app", "from": "blue", "to": "green",
        "steps": [{"weight": w, "bake": "1s"} for w in WEIGHTS] + [{"weight": 100, "bake": "1s"}]}


def percent(proxy):
    split = proxy.status()["routes"][0]["split"]
    return 100 * split["green"] / (split["blue"] + split["green"])


def last_step(report):
    return [record for record in report["journal"] if record["kind"] == "step"][-1]


def main():
    switchyard, yardbench = sys.argv[1:3]
    dice = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 20260101)
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        config = blue_green([blue.address], [green.address])
        promoted = 0  # steps whose promote was answered
        with Switchyard(switchyard, work, config, name="switchyard-0") as proxy:
            proxy.healthy("blue", "green")
            status, started, _ = proxy.call("POST", "/v1/rollouts", PLAN)
            if status != 201:
                raise Failed(f"not started: {status} {started}")
            until("the first weight", lambda: percent(proxy) == WEIGHTS[0])
            proxy.kill()
        for kill in range(1, len(WEIGHTS)):
            with Switchyard(switchyard, work, None, name=f"switchyard-{kill}") as proxy:
                report = proxy.call("GET", "/v1/rollouts/r1/report")[1]
                step = last_step(report)
                if report["state"] != "running" or step["step"] < promoted:
                    raise Failed(f"kill {kill}: {report['state']} in step {step['step']}, promoted to {promoted}")
                until("the journal's weight", lambda: percent(proxy) == step["weight_ppm"] / 10_000)
                time.sleep(1.2)  # longer than the bake: time alone must not move it
                if percent(proxy) != step["weight_ppm"] / 10_000:
                    raise Failed(f"kill {kill}: went from {step['weight_ppm']} ppm to {percent(proxy)} % without evidence")
                status, _, _ = proxy.call("PUT", "/v1/routes/app/split", {"blue": 1})
                if status != 409:
                    raise Failed(f"kill {kill}: the route was not held: {status}")
                try:
                    if proxy.call("POST", "/v1/rollouts/r1/promote")[0] == 200:
                        promoted = step["step"] + 1
                except (OSError, http.client.HTTPException):
                    pass
                time.sleep(dice.uniform(0, 0.01))  # the moment of the kill: random on purpose, nothing waits for it
                proxy.kill()
        with Switchyard(switchyard, work, None, name="switchyard-last") as proxy:
            if last_step(proxy.call("GET", "/v1/rollouts/r1/report")[1])["step"] != promoted:
                raise Failed("the last promote that was answered is lost")
            status, answer, _ = proxy.call("POST", "/v1/rollouts/r1/abort")
            if status != 200 or answer["state"] != "aborted":
                raise Failed(f"abort: {status} {answer}")
            proxy.kill()
        with Switchyard(switchyard, work, None, name="switchyard-after") as proxy:
            until("everything back", lambda: percent(proxy) == 0)
            until("the route to be free", lambda: proxy.call("PUT", "/v1/routes/app/split", {"blue": 1, "green": 1})[0] == 200)
        print(f"killed {len(WEIGHTS) + 1} times; held at {[f'{w} %' for w in WEIGHTS]}, then aborted: nothing was lost, nothing moved by itself")


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
