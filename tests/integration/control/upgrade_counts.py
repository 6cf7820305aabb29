#!/usr/bin/env python3
"""What is counted crosses with an upgrade, and limits hold over both processes while the one before still has something: sums
of /metrics never fall, also where the new process dies; rate limits, ejections and breakers go on; drains wait for requests that
the process before still answers; a rollout keeps the evidence of its step."""
import http.client
import os
import pathlib
import signal
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402
from threaded_server import Restarted  # noqa: E402
from upgraded import Lineage  # noqa: E402

SOON = ("--probation", "100ms", "--drain-within", "5m")


class Backend(Restarted):
    """Answers at once; /hold when it is let go; /fails with 500."""

    def __init__(self):
        super().__init__()
        self.held, self.go = 0, threading.Event()
        self.start()

    def serve(self, call):
        if call.path == "/hold":
            self.held += 1
            self.go.wait(running.DEADLINE)
        call.send_response(500 if call.path == "/fails" else 200)
        call.send_header("Content-Length", "0")
        call.end_headers()


def config_of(blue, green):
    own = f"127.0.0.1:{blue.port}"
    to = lambda **more: {"endpoints": [{"address": own}], "health": {"type": "none"}, **more}  # noqa: E731
    return {
        "process": {"workers": 2, "shutdown_grace": "2s"}, "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        "upstreams": {
            "blue": to(), "green": {"endpoints": [{"address": f"127.0.0.1:{green.port}"}], "health": {"type": "none"}},
            "narrow": {"endpoints": [{"address": own, "max_connections": 1}], "health": {"type": "none"}},
            "resting": to(breaker={"failure_percent": 50, "min_requests": 2, "window": "1m", "open_time": "1h"}),
            "pair": {"endpoints": [{"address": own}, {"address": f"127.0.0.1:{green.port}"}], "health": {"type": "none"},
                     "ejection": {"consecutive_failures": 1, "base_time": "1h", "max_time": "1h", "max_ejected_percent": 50}}},
        "routes": [
            {"name": "rated", "match": {"hosts": ["rated"]}, "split": {"blue": 1},
             "limits": {"rate": {"by": "client", "requests": 5, "per": "1h"}}},
            {"name": "one", "match": {"hosts": ["one"]}, "split": {"blue": 1}, "limits": {"in_flight": 1}},
            {"name": "narrow", "match": {"hosts": ["narrow"]}, "split": {"narrow": 1}},
            {"name": "resting", "match": {"hosts": ["resting"]}, "split": {"resting": 1}},
            {"name": "pair", "match": {"hosts": ["pair"]}, "split": {"pair": 1}},
            {"name": "app", "split": {"blue": 100, "green": 0}}]}


class Client:
    def __init__(self, proxy):
        self.port = int(proxy.url().rsplit(":", 1)[1])

    def begin(self, host, path="/"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=running.DEADLINE)
        connection.request("GET", path, headers={"Host": host})
        return connection

    def ask(self, host, path="/"):
        connection = self.begin(host, path)
        try:
            return connection.getresponse().status
        finally:
            connection.close()


def fallen(before, after):
    """Sums of seconds are added up in another order in another process, and rounded."""
    return {name: (value, after.get(name)) for name, value in before.items()
            if after.get(name, -1.0) < value * (1 - 1e-9 if "_sum" in name else 1)}


def requests_of(proxy, route):
    return sum(value for name, value in proxy.sums().items() if name.startswith("switchyard_requests_total{") and f'route="{route}"' in name)


def upgraded(lineage, *options):
    code, out, complaint = lineage.upgrade(*(options or SOON))
    check("an upgrade", code == 0, (out, complaint))


def standing(proxy):
    upstreams = proxy.call("GET", "/v1/upstreams")[1]
    ejected = [e["address"] for e in upstreams["pair"]["endpoints"] if e["ejected"]]
    return ejected, upstreams["resting"]["breaker"]["open"]


def limits_and_sums(proxy, lineage, client, blue):
    for _ in range(40):
        client.ask("app")
    check("three of five", [client.ask("rated") for _ in range(3)] == [200] * 3)
    while standing(proxy)[1] == 0:
        client.ask("resting", "/fails")
    running.until("somebody is ejected", lambda: client.ask("pair", "/fails") and standing(proxy)[0])
    held = [client.begin("one", "/hold"), client.begin("narrow", "/hold")]
    running.until("both are held", lambda: blue.held == 2)
    running.until("all is counted", lambda: requests_of(proxy, "app") == 40 and requests_of(proxy, "rated") == 3)
    ejected, resting = standing(proxy)
    before, known = proxy.sums(), requests_of(proxy, "one")

    upgraded(lineage)
    after = proxy.sums()
    check("no sum has fallen", not fallen(before, after), fallen(before, after))
    check("all series are there", len(before) > 100, len(before))
    check("who was ejected is", standing(proxy) == (ejected, resting), (ejected, resting, standing(proxy)))
    check("two of five are left", [client.ask("rated") for _ in range(3)] == [200, 200, 429])
    running.until("the process before is known to have two requests",
                  lambda: (lineage.view()["predecessors"] or [{}])[0].get("requests") == 2)
    check("status says so as well", proxy.status()["predecessors"][0]["requests"] == 2, proxy.status()["predecessors"])
    check("a limit of one holds over both", client.ask("one") == 503, "")
    check("so does an endpoint's", client.ask("narrow") == 503, "")

    # They end in the process before: it is counted here, and there is room again.
    blue.go.set()
    check("what was held is answered", [each.getresponse().status for each in held] == [200, 200])
    running.until("it is counted", lambda: requests_of(proxy, "one") == known + 2)  # one of them was refused
    running.until("the process before has ended", lambda: not lineage.view()["predecessors"])
    check("there is room again", (client.ask("one"), client.ask("narrow")) == (200, 200))
    check("no sum has fallen since", not fallen(after, proxy.sums()), fallen(after, proxy.sums()))
    blue.go.clear()


def a_drain(proxy, lineage, client, blue):
    """A request that the process before still answers belongs to the drain of a switch here."""
    blue.held = 0
    held = client.begin("app", "/hold")
    running.until("it is held", lambda: blue.held == 1)
    upgraded(lineage)
    status, receipt, _ = proxy.call("POST", "/v1/routes/app/switch", {"to": "green"})
    check("a receipt of all", status == 200 and receipt["adopted"] == {"workers": 3, "of": 3}, receipt)
    drain = proxy.call("GET", f"/v1/drains/{receipt['generation']}")[1]
    check("it is waited for", (drain["state"], drain["in_flight"]["blue"]["requests"]) == ("running", 1), drain)
    blue.go.set()
    check("it is answered", held.getresponse().status == 200)
    running.until("the drain is done", lambda: proxy.call("GET", f"/v1/drains/{receipt['generation']}")[1]["state"] == "done")
    running.until("the process before has ended", lambda: not lineage.view()["predecessors"])
    blue.go.clear()


def one_that_dies(proxy, lineage, client):
    """On probation it has answered, and shown how much: the process that takes all back knows of it."""
    before = proxy.sums()
    verb = lineage.begin("--probation", "10m")
    running.until("it is in charge", lambda: (lineage.view()["upgrade"] or {}).get("state") == "probation")
    lineage.note()
    for _ in range(30):
        client.ask("app")
    known = requests_of(proxy, "app")
    running.until("all is shown", lambda: requests_of(proxy, "app") >= known and proxy.sums()["switchyard_connections_accepted_total"]
                  >= before["switchyard_connections_accepted_total"] + 30)
    shown = proxy.sums()
    check("no sum has fallen in the new one", not fallen(before, shown), fallen(before, shown))
    os.kill(lineage.serving(), signal.SIGKILL)
    check("the verb says so", verb.wait(running.DEADLINE) == 1)
    verb.communicate()
    running.until("the old one decides again", lambda: lineage.view()["upgrade"]["state"] == "failed")
    traffic = ("switchyard_requests", "switchyard_request_", "switchyard_endpoint_requests", "switchyard_connections_accepted")
    lost = {name: value for name, value in fallen(shown, proxy.sums()).items() if name.startswith(traffic)}
    check("no sum of traffic has fallen when it died", not lost, lost)


def a_rollout(proxy, lineage, client):
    """Its step goes on with what it had counted."""
    plan = {"route": "app", "from": "green", "to": "blue", "steps": [{"weight": 50, "bake": "1h"}, {"weight": 100, "bake": "1s"}]}
    status, started, _ = proxy.call("POST", "/v1/rollouts", plan)
    check("a rollout", status == 201, started)
    name = started["id"]
    asked = 0
    view = lambda: proxy.call("GET", f"/v1/rollouts/{name}")[1]  # noqa: E731

    def counted():
        nonlocal asked
        client.ask("app")
        asked += 1
        return view()["arms"]["blue"]["step"]["attempts"]
    running.until("something is counted", lambda: counted() >= 40)
    before = view()
    upgraded(lineage)
    after = view()
    step = lambda v: tuple(v["arms"][colour]["step"]["attempts"] for colour in ("blue", "green"))  # noqa: E731
    check("the step's counts", min(a - b for a, b in zip(step(after), step(before))) >= 0, (step(before), step(after)))
    check("not interrupted", not any(r["kind"] == "restarted" for r in proxy.call("GET", f"/v1/rollouts/{name}/report")[1]["journal"]))
    check("still running", after["state"] == before["state"] == "running", after["state"])
    was = step(after)[0]
    running.until("it goes on from there", lambda: counted() > was)
    check("abort", proxy.call("POST", f"/v1/rollouts/{name}/abort")[0] == 200)


def main():
    program = os.path.abspath(sys.argv[1])
    blue, green = Backend(), Backend()
    with running.workplace() as work:
        with running.Switchyard(program, work, config_of(blue, green)) as proxy, Lineage(program, proxy) as lineage:
            client = Client(proxy)
            limits_and_sums(proxy, lineage, client, blue)
            a_drain(proxy, lineage, client, blue)
            one_that_dies(proxy, lineage, client)
            a_rollout(proxy, lineage, client)
            lineage.end()
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
