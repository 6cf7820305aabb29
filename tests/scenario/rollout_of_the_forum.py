#!/usr/bin/env python3
"""Story: releases of a real forum are rolled out under load. One that fails, one that is slow and one that dies are
rolled back, and users who were never sent to them saw nothing. When the old release is just as slow, nothing is rolled
back. A second edit of the route during a rollout is refused by the rollout's name.

usage: rollout_of_the_forum.py SWITCHYARD FORUM [SEED]"""
import collections
import http.client
import json
import pathlib
import random
import sys
import threading
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from running import DEADLINE, Failed, Process, Switchyard, blue_green, until, workplace  # noqa: E402

USERS = 3000
CLIENTS = 8


class Forum(Process):
    def __init__(self, program, work, colour, *flags):
        super().__init__([program, "serve", "--port", "0", "--database", f"{work}/forum.db", "--colour", colour,
                          "--version-label", colour, "--log-requests", "none", *flags], work, f"forum-{colour}")
        line = until(f"the {colour} forum's port",
                     lambda: next((l for l in self.text().splitlines() if l.startswith("forum listening")), None))
        self.address = f"127.0.0.1:{line.rsplit(':', 1)[1]}"


class Crowd:
    """Users with a cookie each, reading the forum as fast as it answers; what each met is kept."""

    def __init__(self, url, seed):
        self.host = url.removeprefix("http://")
        self.seed = seed
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.met = collections.defaultdict(collections.Counter)  # user -> (colour, status) -> times
        self.threads = [threading.Thread(target=self._read, args=(n,)) for n in range(CLIENTS)]

    def _read(self, number):
        dice = random.Random(self.seed * 100 + number)
        connection = None
        while not self.stop.is_set():
            user = f"u{dice.randrange(USERS)}"
            try:
                connection = connection or http.client.HTTPConnection(self.host, timeout=DEADLINE)
                connection.request("GET", "/api/v1/categories", headers={"Cookie": f"uid={user}"})
                answer = connection.getresponse()
                answer.read()
                seen = (answer.headers.get("X-Forum-Colour", "none"), answer.status)
            except (OSError, http.client.HTTPException) as error:
                seen, connection = ("none", type(error).__name__), None
            with self.lock:
                self.met[user][seen] += 1

    def requests(self):
        with self.lock:
            return sum(sum(met.values()) for met in self.met.values())

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def trouble_of_blue_users(self):
        """What users met who never got an answer of green: everything but blue's 200."""
        return {user: dict(met) for user, met in self.met.items()
                if not any(colour == "green" for colour, _ in met) and any(seen != ("blue", 200) for seen in met)}


def plan(**analysis):
    return {"route": "app", "from": "blue", "to": "green",
            "steps": [{"weight": 10, "bake": "3s"}, {"weight": 50, "bake": "3s"}, {"weight": 100, "bake": "3s"}],
            "analysis": {"warm_up": "1s", "max_extra_failures": 30, "slo": {"success_percent": 99.0}, **analysis}}


def ended(proxy, rollout):
    state = proxy.call("GET", f"/v1/rollouts/{rollout}")[1]
    return state if state["state"] not in ("running", "paused", "rolling_back") else None


def page_of(proxy, rollout):
    request = urllib.request.Request(f"{proxy.admin}/v1/rollouts/{rollout}/report.html")
    request.add_header("Authorization", "Bearer " + proxy.token)
    with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
        return answer.read().decode()


def act(programs, seed, name, blue_flags, green_flags, expected, tests=(), sticky=True, **analysis):
    """One rollout in a world of its own; returns how it ended, for further questions."""
    switchyard, forum = programs
    with workplace() as work, Forum(forum, work, "blue", *blue_flags) as blue, Forum(forum, work, "green", *green_flags) as green:
        route = {"sticky": {"by": "cookie:uid", "missing": "baseline"}} if sticky else {}
        with Switchyard(switchyard, work, blue_green([blue.address], [green.address], **route)) as proxy:
            proxy.healthy("blue", "green")
            with Crowd(proxy.url(), seed) as crowd:
                until("a past to compare with", lambda: crowd.requests() > 2500)
                status, started, _ = proxy.call("POST", "/v1/rollouts", plan(**analysis))
                if status != 201:
                    raise Failed(f"{name}: the rollout was not started: {status} {started}")
                rollout = started["id"]
                status, refusal, _ = proxy.call("PUT", "/v1/routes/app/split", {"blue": 1, "green": 1})
                still = proxy.call("GET", f"/v1/rollouts/{rollout}")[1]["state"] == "running"
                if still and (status != 409 or rollout not in refusal["detail"]):
                    raise Failed(f"{name}: an edit during the rollout got {status} {refusal}")
                end = until(f"{name}: an end of the rollout", lambda: ended(proxy, rollout), 120)
                split = proxy.status()["routes"][0]["split"]
                until("traffic after the end", lambda n=crowd.requests(): crowd.requests() > n + 200)
            if end["state"] not in expected:
                raise Failed(f"{name}: ended {end['state']}: {end['why']}\n{json.dumps(end['evidence'], indent=1)}")
            if end["state"] == "rolled_back":
                # On a busy machine the rollout may be over before the edit comes, which is what the split is then.
                if split["green"] != 0 and status == 409:
                    raise Failed(f"{name}: rolled back, but the split is {split}")
                test = end["ended"]["evidence"]["test"]
                if not test.startswith(tuple(tests)):
                    raise Failed(f"{name}: rolled back by {test}, expected one of {tests}")
                trouble = crowd.trouble_of_blue_users()
                if trouble:
                    raise Failed(f"{name}: users of blue met {list(trouble.items())[:5]}")
            page = page_of(proxy, rollout)
            if '<div id="pictures">' not in page or end["why"].split(":")[0] not in page:
                raise Failed(f"{name}: the report is not there")
            if end["state"] == "rolled_back" and green.address not in json.dumps(end["ended"]["evidence"]) and "errors" in tests:
                raise Failed(f"{name}: the evidence does not name the endpoint: {end['ended']}")
            print(f"{name}: {end['state']} – {end['why']} ({crowd.requests()} requests)")
            return end


def main():
    programs = sys.argv[1:3]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 20260101
    failures, latency = ("errors", "extra_failures"), ("latency_",)
    act(programs, seed, "green fails", [], ["--rehearsal", "--fail-percent", "50"], ["rolled_back"], failures)
    act(programs, seed, "green fails, per request", [], ["--rehearsal", "--fail-percent", "50"], ["rolled_back"], failures, sticky=False)
    act(programs, seed, "green is slow", [], ["--rehearsal", "--delay", "80ms"], ["rolled_back"], latency)
    act(programs, seed, "green dies", [], ["--rehearsal", "--crash-after", "40"], ["rolled_back"], (*failures, "nobody_there"), sticky=False)
    slow = ["--rehearsal", "--delay", "20ms"]
    # Two programs on a busy machine are never alike to a millisecond, and here everything happens within one: what is
    # told is that the delay of both is no release's fault.
    alike = {"p90": 4.0, "p99": 4.0}
    act(programs, seed, "both are slow", slow, slow, ["succeeded", "inconclusive"], latency=alike)


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
