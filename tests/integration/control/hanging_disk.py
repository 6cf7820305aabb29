#!/usr/bin/env python3
"""The disk that holds the state does not answer for a while: changes wait for it, in order and bounded, and everything
else goes on – traffic, health checks, reading, dry runs, and the return of a bad release. What was answered is durable,
whether the process is killed or ends in order in the midst of it."""
import os
import pathlib
import signal
import sys
import threading
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

MOST_WAITING = 64  # core/turns.h


class Disk:
    def __init__(self, work, library):
        self.flag = pathlib.Path(work) / "hangs"
        os.environ.update(LD_PRELOAD=library, HANGS_WHILE=str(self.flag), HANGS_BELOW=str(pathlib.Path(work) / "state"))

    def __enter__(self):
        self.flag.touch()
        return self

    def __exit__(self, *_):
        self.flag.unlink(missing_ok=True)


class Call(threading.Thread):
    """A call in a thread of its own."""

    def __init__(self, proxy, method, path, body=None, **headers):
        super().__init__(daemon=True)
        self.answer = None
        self.run = lambda: self.ask(proxy, method, path, body, headers)
        self.start()

    def ask(self, proxy, method, path, body, headers):
        try:
            self.answer = proxy.call(method, path, body, **headers)
        except OSError as error:
            self.answer = (0, str(error), {})

    def answered(self):
        self.join(running.DEADLINE)
        return self.answer or (0, "no answer", {})


def split(proxy, route, blue):
    return Call(proxy, "PUT", f"/v1/routes/{route}/split", {"blue": blue, "green": 1})


def under_way(proxy):
    return proxy.status()["store"].get("under_way_ms") is not None


def everything_else_goes_on(proxy, disk, spare):
    with disk:
        change = split(proxy, "app", 9)
        running.until("the change reaches the disk", lambda: under_way(proxy))
        second = Call(proxy, "POST", "/v1/undo", {})
        for path in ("/healthz", "/readyz", "/metrics", "/v1/status", "/v1/generations", "/v1/audit", "/v1/upstreams",
                     "/v1/config", "/v1/rollouts", "/v1/audit/verify"):
            check(f"{path} is answered meanwhile", asked(proxy.admin + path, proxy.token) == 200)
        check("and so is a client", asked(proxy.url() + "/") == 200)
        status, looked, _ = proxy.call("PUT", "/v1/routes/app/split?dry_run=true", {"blue": 5, "green": 1})
        check("a dry run is answered meanwhile", (status, looked["dry_run"]) == (200, True), looked)
        spare.kill()
        running.until("a health check finds who went down",
                      lambda: proxy.status()["upstreams"]["spare"]["healthy"] == 0)
        running.until("status says how long it has taken", lambda: proxy.status()["store"]["under_way_ms"] >= 1000)
        running.until("the log says so", lambda: "does not answer" in proxy.text())
        check("and that traffic goes by what is in force", proxy.status()["generation"] == 1, proxy.status()["generation"])
        check("nobody was told that it is done", change.answer is None and second.answer is None, change.answer)
    status, receipt, _ = change.answered()
    check("it is done when the disk answers", (status, receipt.get("generation")) == (200, 2), receipt)
    status, receipt, _ = second.answered()
    check("and what waited behind it comes next", (status, receipt.get("generation")) == (200, 3), receipt)
    running.until("the log says so, too", lambda: "answers again" in proxy.text())


def asked(url, token=""):
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + token} if token else {})
    with urllib.request.urlopen(request, timeout=running.DEADLINE) as answer:
        answer.read()
        return answer.status


def a_storm_is_bounded(proxy, disk):
    before = proxy.status()["generation"]
    with disk:
        calls = [split(proxy, "app", 2 + i) for i in range(MOST_WAITING + 20)]
        running.until("those that may not wait are refused",
                      lambda: sum(1 for c in calls if c.answer) >= len(calls) - MOST_WAITING - 1)
        refused = [c.answer for c in calls if c.answer]
        check("with 503, a word and a time to come again",
              all(a[0] == 503 and a[1]["type"].endswith("store_busy") and a[2].get("Retry-After") == "1" for a in refused),
              refused[:1])
        check("reading goes on in a storm", proxy.call("GET", "/healthz")[0] == 200)
    done = sorted(c.answered()[1]["generation"] for c in calls if c.answered()[0] == 200)
    check("each of the others has its generation", done == list(range(before + 1, before + 1 + len(done))), done)
    check("nobody got anything else", len(done) + len(refused) == len(calls), (len(done), len(refused)))
    status, verdict_, _ = proxy.call("GET", "/v1/audit/verify")
    check("the audit is whole", status == 200 and verdict_["intact"], verdict_)


def a_bad_release_goes_back(proxy, disk, green):
    status, rollout, _ = proxy.call("POST", "/v1/rollouts", {
        "route": "shop", "from": "blue", "to": "green",
        "steps": [{"weight": 10, "bake": "10m"}, {"weight": 50, "bake": "10m"}, {"weight": 100, "bake": "10m"}]})
    check("a rollout begins", status == 201, rollout)
    name = rollout["rollout"] if "rollout" in rollout else rollout["id"]
    weight = lambda: next(r for r in proxy.status()["routes"] if r["name"] == "shop")["split"].get("green", 0)
    running.until("the first step", lambda: weight() > 0)
    with disk:
        change = split(proxy, "app", 77)
        running.until("a change hangs", lambda: under_way(proxy))
        green.kill()  # no endpoint is there: an alarm at once
        running.until("its traffic is taken back although the disk hangs", lambda: weight() == 0)
        shown = proxy.status()
        check("and status says that it is not stored", "unstored" in shown, shown)
        status, problem, _ = change.answered()
        check("the change that hung was withdrawn, and its caller told so",
              status == 503 and problem["type"].endswith("store_busy"), problem)
    running.until("it is stored when the disk answers", lambda: "unstored" not in proxy.status())
    running.until("and the rollout has ended",
                  lambda: proxy.call("GET", f"/v1/rollouts/{name}")[1]["state"] == "rolled_back")


def killed_and_ended(program, work, config, disk, proxy):
    status, receipt, _ = split(proxy, "app", 31).answered()
    check("a change is answered", status == 200, receipt)
    acknowledged = receipt["generation"]
    with disk:
        hung = split(proxy, "app", 32)
        running.until("the next one hangs", lambda: under_way(proxy))
        proxy.kill()
    hung.answered()
    with running.Switchyard(program, work, config) as again:
        check("what was answered is there after kill -9", again.status()["generation"] >= acknowledged)
        generation = again.status()["generation"]
        with disk:
            hung = split(again, "app", 33)
            running.until("one hangs", lambda: under_way(again))
            again.child.send_signal(signal.SIGTERM)
            running.until("it is told to end", lambda: "ending:" in again.text())
            check("and does not end before the disk has answered", again.alive())
        check("then it ends in order", again.child.wait(running.DEADLINE) == 0)
        hung.answered()
    with running.Switchyard(program, work, config) as last:
        check("what was under way at an end in order is stored", last.status()["generation"] == generation + 1,
              (last.status()["generation"], generation))
        check("and the audit is whole", last.call("GET", "/v1/audit/verify")[1]["intact"])


def main(program, yardbench, library):
    with running.workplace() as work:
        with running.Endpoint(yardbench, work, "blue") as blue, running.Endpoint(yardbench, work, "green") as green, \
             running.Endpoint(yardbench, work, "spare") as spare:
            health = {"type": "tcp", "interval": "200ms", "timeout": "5s", "fall": 1, "rise": 1}
            config = {
                "listeners": [{"name": "main", "bind": "127.0.0.1:0"}],
                "upstreams": {name: {"endpoints": [{"address": e.address}], "health": health}
                              for name, e in (("blue", blue), ("green", green), ("spare", spare))},
                "routes": [{"name": "shop", "match": {"hosts": ["shop.example"]}, "split": {"blue": 1}},
                           {"name": "spare", "match": {"hosts": ["spare.example"]}, "split": {"spare": 1}},
                           {"name": "app", "split": {"blue": 1, "green": 1}}]}
            disk = Disk(work, library)
            with running.Switchyard(program, work, config) as proxy:
                proxy.healthy("blue", "green", "spare")
                everything_else_goes_on(proxy, disk, spare)
                a_storm_is_bounded(proxy, disk)
                a_bad_release_goes_back(proxy, disk, green)
                killed_and_ended(program, work, config, disk, proxy)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
