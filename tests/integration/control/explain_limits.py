#!/usr/bin/env python3
"""What limits do to a request, explained and then sent: bodies, requests in flight, a full queue, an open breaker with and
without a fallback. The status and the metrics show the same."""
import http.client
import pathlib
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402

failures = []


def check(what, good, found=""):
    if not good:
        failures.append(f"{what}: {found}")


def send(proxy, host, method="GET", body=None):
    client = http.client.HTTPConnection(urllib.parse.urlparse(proxy.url()).netloc, timeout=running.DEADLINE)
    client.request(method, "/", body, {"Host": host})
    return client


def status_of(client):
    answer = client.getresponse()
    answer.read()
    client.close()
    return answer.status


def explain(proxy, host, **question):
    return proxy.call("POST", "/v1/explain", {"host": host, **question})[1]


def same(proxy, host, reason, **question):
    """Explain and the proxy give the same status; `reason` is among the words."""
    said = explain(proxy, host, **question)
    body = b"x" * int(question.get("headers", {}).get("Content-Length", 0))
    did = status_of(send(proxy, host, question.get("method", "GET"), body or None))
    check(f"{host}: explain says what happens", said.get("status", 200) == did, (said, did))
    check(f"{host}: and why", any(reason in why for why in said["why"]), said["why"])
    return said


def upstream(endpoint, **keys):
    return {"endpoints": [{"address": endpoint.address, "max_connections": 1}], "health": {"type": "none"}, **keys}


def metric(proxy, name, upstream):
    """None when there is no such line."""
    client = http.client.HTTPConnection(urllib.parse.urlparse(proxy.admin).netloc, timeout=running.DEADLINE)
    client.request("GET", "/metrics", headers={"Authorization": "Bearer " + proxy.token})
    text = client.getresponse().read().decode()
    client.close()
    return next((float(line.split()[-1]) for line in text.splitlines() if line.startswith(f'{name}{{upstream="{upstream}"}}')), None)


def main(program, yardbench):
    with running.workplace() as work, \
            running.Endpoint(yardbench, work, "slow", "--delay", "30s") as slow, \
            running.Endpoint(yardbench, work, "sick", "--status", "500") as sick, \
            running.Endpoint(yardbench, work, "well") as well:
        breaker = {"failure_percent": 50, "min_requests": 3, "open_time": "10m"}
        config = {
            "process": {"workers": 1},
            "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
            "upstreams": {
                "full": upstream(slow, queue_limit=1, timeouts={"queue": "30s"}),
                "held": upstream(slow), "kept": upstream(slow),
                "open": upstream(well, health={"type": "http", "expect": [299], "interval": "50ms"}, when_all_down="try_all"),
                "well": upstream(well), "calls": upstream(well, protocol="h2"),
                "sick": upstream(sick, breaker={**breaker, "fallback": "well"}),
                "alone": upstream(sick, breaker={**breaker, "static_status": 599}),
            },
            "routes": [
                {"name": "small", "match": {"hosts": ["small"]}, "split": {"well": 1}, "limits": {"body": 10}},
                {"name": "keyed", "match": {"hosts": ["keyed"]}, "split": {"kept": 1}, "limits": {"concurrent": {"requests": 1}}},
                {"name": "open", "match": {"hosts": ["open"]}, "split": {"open": 1}},
                {"name": "one", "match": {"hosts": ["one"]}, "split": {"held": 1}, "limits": {"in_flight": 1}},
                *({"name": n, "match": {"hosts": [n]}, "split": {n: 1}, "retries": {"attempts": 0}} for n in ("full", "sick", "alone", "calls")),
            ],
        }
        with running.Switchyard(program, work, config) as proxy:
            same(proxy, "small", "limit of 10", method="POST", headers={"Content-Length": "11"})
            said = same(proxy, "small", "most specific", method="POST", headers={"Content-Length": "10"})
            check("the protocol of the upstream is told", said["protocol"] == "http/1.1", said)
            said = explain(proxy, "calls")
            check("also where it is another", said["protocol"] == "h2", said)
            said = explain(proxy, "small", headers={"Content-Length": "1, 2"})
            check("an ambiguous message is refused as it would be", said.get("status") == 400, said)

            said = same(proxy, "open", "no endpoint of open is up: all are tried (when_all_down)")
            check("an endpoint that is down is the candidate", said["endpoint"] == well.address, said)

            held = [send(proxy, "one"), send(proxy, "full"), send(proxy, "full"), send(proxy, "keyed")]
            running.until("one of its client's", lambda: proxy.status()["upstreams"]["kept"]["in_flight"] == 1)
            same(proxy, "keyed", "its client has the 1 requests at once that the route allows")
            running.until("one at its endpoint, one in the queue", lambda: metric(proxy, "switchyard_queue_waiting", "full") == 1)
            running.until("one in flight", lambda: proxy.status()["upstreams"]["held"]["in_flight"] == 1)
            check("the status shows the queue", proxy.status()["upstreams"]["full"]["queue"] == {"waiting": 1, "limit": 1})
            same(proxy, "one", "limit of 1 requests in flight")
            same(proxy, "full", "the queue is full")
            for client in held:
                client.close()

            for host in ("sick", "alone"):
                check(f"{host} fails at first", [status_of(send(proxy, host)) for _ in range(3)] == [500] * 3)
                view = running.until("an open breaker", lambda: next(
                    (v for v in [proxy.status()["upstreams"][host]] if v["breaker"]["open"]), None))
                check("the status shows the breaker", view["breaker"] == {"open": 1, "half_open": 0, "of": 1}, view["breaker"])
                check("the metrics show it", metric(proxy, "switchyard_breaker_open", host) == 1)
            said = same(proxy, "sick", "its fallback well serves")
            check("the fallback is named", (said["upstream"], said["endpoint"]) == ("well", well.address), said)
            said = same(proxy, "alone", "open on 1 of 1 workers")
            check("its own answer", said["status"] == 599, said)
            check("a breaker that is off is not shown", metric(proxy, "switchyard_breaker_open", "well") is None
                  and "breaker" not in proxy.status()["upstreams"]["well"])
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
