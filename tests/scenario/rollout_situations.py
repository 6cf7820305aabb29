#!/usr/bin/env python3
"""Story: what a rollout does where there is little or nothing to compare, and a return that takes its time, all against
real processes. A gradual return goes down in stages, never up, holds the route and ends at nothing; killed (SIGKILL) in
the middle, the rest returns at once. Without traffic a step holds its weight and then asks a person. With all traffic
on the new release the absolute limit takes it back. After a restart the comparison is still there.

usage: rollout_situations.py SWITCHYARD YARDBENCH"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from running import Endpoint, Failed, Load, Switchyard, blue_green, until, workplace  # noqa: E402

RATE = 400


def demand(what, holds):
    if not holds:
        raise Failed(what)


def start(proxy, steps, **keys):
    status, started, _ = proxy.call("POST", "/v1/rollouts", {"route": "app", "from": "blue", "to": "green", "steps": steps, **keys})
    demand(f"not started: {status} {started}", status == 201)
    return f"/v1/rollouts/{started['id']}"


def look(proxy, rollout):
    return proxy.call("GET", rollout)[1]


def journal(proxy, rollout):
    return proxy.call("GET", rollout + "/report")[1]["journal"]


def green(proxy):
    split = proxy.status()["routes"][0]["split"]
    return 100 * split["green"] / (split["blue"] + split["green"])


def returning(proxy, rollout):
    return [record["weight_ppm"] / 10_000 for record in journal(proxy, rollout) if record["kind"] == "returning"]


def gradual(proxy, yardbench):
    """A failing release at 80 % is taken back over two seconds."""
    with Load(yardbench, proxy, RATE):
        rollout = start(proxy, [{"weight": 80, "bake": "1m"}, {"weight": 100, "bake": "1m"}], return_over="2s")
        until("the alarm", lambda: look(proxy, rollout)["state"] == "rolling_back")
        status, refusal, _ = proxy.call("PUT", "/v1/routes/app/split", {"blue": 1})
        demand(f"the route was not held while it returned: {status} {refusal}", status == 409 and rollout.rsplit("/", 1)[1] in refusal["detail"])
        seen = []

        def ended():
            seen.append(green(proxy))
            return journal(proxy, rollout)[-1]["kind"] == "closed"

        until("the return", ended)
    stages = returning(proxy, rollout)
    demand(f"weights on the way went up: {seen}", all(a >= b for a, b in zip(seen, seen[1:])))
    demand(f"no weight between all and nothing was seen: {sorted(set(seen))}", len([w for w in set(seen) if 0 < w < 80]) >= 2)
    demand(f"stages {stages}", len(stages) >= 4 and stages == sorted(stages, reverse=True) and stages[-1] == 0)
    demand("something is left", green(proxy) == 0)
    demand("it still rolls back", look(proxy, rollout)["state"] == "rolled_back")
    demand("the route is not free", proxy.call("PUT", "/v1/routes/app/split", {"blue": 100, "green": 0})[0] == 200)
    print(f"gradual return: {len(stages)} stages, {[round(w) for w in stages]}")


def cut_short(work, program, yardbench, proxy):
    """Killed in the middle of a return: the rest goes at once, and the numbers are still there."""
    with Load(yardbench, proxy, RATE):
        rollout = start(proxy, [{"weight": 80, "bake": "1m"}, {"weight": 100, "bake": "1m"}], return_over="20s")
        until("the first stage", lambda: returning(proxy, rollout))
        before = look(proxy, rollout)
        proxy.kill()
    with Switchyard(program, work, None, name="switchyard-again") as again:
        until("everything back", lambda: green(again) == 0)
        after = look(again, rollout)
        demand(f"ended {after['state']}", after["state"] == "rolled_back")
        for colour in ("blue", "green"):
            now, then = after["arms"][colour], before["arms"][colour]
            demand(f"{colour}: {now} after the restart, {then} before", now["attempts"] == then["attempts"] and "latency_ms" in now)
        print(f"killed in the middle of a return: at once to nothing, {after['arms']['green']['failures']} failures still shown")


def no_traffic(proxy):
    rollout = start(proxy, [{"weight": 5, "bake": "1s"}, {"weight": 100, "bake": "1s"}], analysis={"patience": "1s"})
    shown = until("a question for a person", lambda: (lambda r: r if r["state"] == "inconclusive" else None)(look(proxy, rollout)))
    demand(f"weight {green(proxy)}, {shown['why']}", green(proxy) == 5 and "not asked once" in shown["why"])
    demand("resume", proxy.call("POST", rollout + "/resume")[1]["state"] == "running")
    demand("promote", proxy.call("POST", rollout + "/promote")[1]["step"] == 2)
    until("everything", lambda: green(proxy) == 100)
    demand("abort", proxy.call("POST", rollout + "/abort")[1]["state"] == "aborted")
    until("the route to be free", lambda: journal(proxy, rollout)[-1]["kind"] == "closed")
    demand("something is left", green(proxy) == 0)
    print("no traffic: held at 5 %, inconclusive; a person took it on, and back")


def everything_at_once(proxy, yardbench):
    with Load(yardbench, proxy, RATE):
        rollout = start(proxy, [{"weight": 100, "bake": "1m"}], analysis={"slo": {"success_percent": 99.0}})
        until("the alarm", lambda: look(proxy, rollout)["state"] == "rolled_back")
    ended = look(proxy, rollout)["ended"]
    demand(f"rolled back by {ended}", ended["evidence"]["test"] == "slo_errors")
    print(f"100 % canary: {ended['why']}")


def main():
    program, yardbench = sys.argv[1:3]
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, \
            Endpoint(yardbench, work, "green", "--status", "500") as bad:
        with Switchyard(program, work, blue_green([blue.address], [bad.address])) as proxy:
            proxy.healthy("blue", "green")
            no_traffic(proxy)
            gradual(proxy, yardbench)
            everything_at_once(proxy, yardbench)
            cut_short(work, program, yardbench, proxy)


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
