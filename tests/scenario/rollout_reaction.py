#!/usr/bin/env python3
"""Story: a release that answers nothing but 500 gets 5 % of 2,000 requests a second. How long until it gets none? From
the journal: the moment the weight was decided to the moment of the alarm. And from the clients: how many answers failed in
all, those after the alarm and those that nobody had counted yet among them.

usage: rollout_reaction.py SWITCHYARD YARDBENCH [TIMES [SECONDS]]    (exit 1 when the median is above SECONDS, default 1)"""
import datetime
import json
import pathlib
import signal
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from running import DEADLINE, Endpoint, Failed, Switchyard, blue_green, until, workplace  # noqa: E402

PLAN = {"route": "app", "from": "blue", "to": "green", "steps": [{"weight": 5, "bake": "1m"}, {"weight": 100, "bake": "1m"}],
        "analysis": {"max_extra_failures": 30}}


def moment(record):
    return datetime.datetime.fromisoformat(record["at"].replace("Z", "+00:00"))


def once(proxy):
    status, started, _ = proxy.call("POST", "/v1/rollouts", PLAN)
    if status != 201:
        raise Failed(f"not started: {status} {started}")
    path = f"/v1/rollouts/{started['id']}"
    until("the rollback", lambda: proxy.call("GET", path)[1]["state"] == "rolled_back")
    until("the route to be free", lambda: proxy.call("GET", path + "/report")[1]["journal"][-1]["kind"] == "closed")
    report = proxy.call("GET", path + "/report")[1]
    at = {record["kind"]: moment(record) for record in report["journal"]}
    green = report["ended"]["evidence"]["counts"]["green"]
    return (at["rolled_back"] - at["step"]).total_seconds(), (at["closed"] - at["rolled_back"]).total_seconds(), green["failures"]


def main():
    switchyard, yardbench = sys.argv[1:3]
    times = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    limit = float(sys.argv[4]) if len(sys.argv) > 4 else 1.0
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, \
            Endpoint(yardbench, work, "green", "--status", "500") as green:
        with Switchyard(switchyard, work, blue_green([blue.address], [green.address])) as proxy:
            proxy.healthy("blue", "green")
            load = subprocess.Popen([yardbench, "load", proxy.url() + "/", "--rate", "2000", "--connections", "32",
                                     "--warm-up", "0s", "--duration", "10m", "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            try:
                until("load", lambda: proxy.status()["traffic"].get("requests_per_second", 1) > 0)
                runs = [once(proxy) for _ in range(times)]
                load.send_signal(signal.SIGINT)  # it then says what there was
                clients = json.loads(load.communicate(timeout=DEADLINE)[0])
            finally:
                load.kill()
                load.wait()
    alarm, returned, failed = ([run[i] for run in runs] for i in range(3))
    print(f"{times} rollouts: alarm after {statistics.median(alarm):.3f} s (most {max(alarm):.3f} s), all workers back "
          f"{1000 * statistics.median(returned):.1f} ms later (most {1000 * max(returned):.1f} ms), "
          f"{statistics.median(failed):.0f} failed answers in the evidence (most {max(failed)}); the clients got "
          f"{clients['failed'] / times:.1f} failed answers per rollout in all ({clients['statuses']})")
    if statistics.median(alarm) > limit:
        raise Failed(f"the median is above {limit} s")


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
