#!/usr/bin/env python3
"""Endpoints that die, freeze, swallow connections or fail half of the time, under load: every request that could be saved
is answered by another endpoint, every other one is answered within its limit, with the right status and the right word in
the access log, and the sick endpoint is taken out.

GETs may be sent twice, so that none is lost. A POST that an endpoint may have read is not sent again: only those that were
under way when the endpoint fell ill may fail, and each says how."""
import contextlib
import http.client
import http.server
import json
import pathlib
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

READERS, WRITERS = 6, 4
RESPONSE_HEAD = 1.0   # the endpoint's time for an answer: far above a busy machine's hiccups
BEFORE, AFTER = 100, 200  # requests of every client before the endpoint falls ill, and once it is out

class Client(threading.Thread):
    """Sends one request after the other over a kept connection and writes down what came of each."""

    def __init__(self, address, method, number):
        super().__init__()
        self.address, self.method, self.number = address, method, number
        self.seen = []  # (id, status, seconds)
        self.goal = None  # requests in all, once that is known
        self.start()

    def run(self):
        host, port = self.address.split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=running.DEADLINE)
        while self.goal is None or len(self.seen) < self.goal:
            name = f"{self.method}-{self.number}-{len(self.seen)}"
            begun = time.monotonic()
            connection.request(self.method, "/", body=b"x" * 100 if self.method == "POST" else None, headers={"X-Request-Id": name})
            answer = connection.getresponse()
            answer.read()
            self.seen.append((name, answer.status, time.monotonic() - begun))

    def sent(self):
        return len(self.seen)


class Story:
    """A proxy before `endpoints`, and clients that go on sending while something happens to one of them."""

    def __init__(self, switchyard, work, endpoints, **upstream):
        self.log = work / "access.log"
        config = {
            "process": {"workers": 2, "log": {"access": str(self.log)}},
            "listeners": [{"name": "web", "bind": "127.0.0.1:0", "trusted_proxies": ["127.0.0.0/8"]}],
            "upstreams": {"app": {"endpoints": [{"address": a} for a in endpoints], "health": {"type": "none"},
                                  "timeouts": {"connect": "300ms", "response_head": f"{int(RESPONSE_HEAD * 1000)}ms"},
                                  **upstream}},
            "routes": [{"name": "app", "split": {"app": 1}, "retries": {"attempts": 2, "budget_percent": 100}}],
        }
        self.proxy = running.Switchyard(switchyard, work, config)

    def drive(self, title, falls_ill, sick):
        """Load, the fault in the middle of it until the endpoint is out, load again. Returns the requests by name:
        (status, seconds, log line)."""
        bound = self.proxy.status()["listeners"][0]["bound"]
        clients = [Client(bound, "GET", n) for n in range(READERS)] + [Client(bound, "POST", n) for n in range(WRITERS)]
        running.until("load", lambda: all(c.sent() >= BEFORE for c in clients))
        falls_ill()
        try:
            running.until(f"{title}: it is out", lambda: self.endpoint(sick)["ejected"])
        finally:
            out = {client: client.sent() + 1 for client in clients}  # one more may be under way
            for client in clients:
                client.goal = client.sent() + AFTER
        for client in clients:
            client.join()
        seen = {name: (status, seconds) for c in clients for name, status, seconds in c.seen}
        for client in clients:
            late = [one for one in client.seen[out[client]:] if one[1] != 200]
            check(f"{title}: nothing fails once it is out", not late, late[:3])
        lines = running.until("the access log", lambda: self.lines_of(seen))
        return {name: (*answer, lines[name]) for name, answer in seen.items()}

    def lines_of(self, seen):
        lines = {}
        for text in self.log.read_text().splitlines():
            line = json.loads(text)
            lines[line["id"]] = line
        return lines if all(name in lines for name in seen) else None

    def endpoint(self, address):
        endpoints = self.proxy.status()["upstreams"]["app"]["endpoints"]
        return next(e for e in endpoints if e["address"] == address)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proxy.__exit__()


def judge(title, requests, allowed, limit):
    """All GETs answered 200; a POST 200 or one of `allowed` (status, flag), at most one per writer; no client waits beyond `limit`."""
    lost = 0
    for name, (status, seconds, line) in requests.items():
        check(f"{title}: {name} within its limit", seconds < limit, f"{seconds:.2f} s, {status}, {line['flag']}")
        if status == 200:
            continue
        lost += 1
        check(f"{title}: {name} is saved", name.startswith("POST"), f"{status} {line}")
        check(f"{title}: {name} says why", (status, line["flag"]) in allowed, f"{status} {line}")
    check(f"{title}: only POSTs under way may fail", lost <= WRITERS, lost)
    saved = sum(line["attempts"] > 1 and status == 200 for status, _, line in requests.values())
    check(f"{title}: somebody had to be saved", saved > 0, "no request met the fault")
    print(f"{title}: {len(requests)} requests, {saved} saved by another endpoint, {lost} POSTs could not be")


@contextlib.contextmanager
def healthy(yardbench, work, count):
    with contextlib.ExitStack() as ended:
        yield [ended.enter_context(running.Endpoint(yardbench, work, "blue", "--delay", "2ms")) for _ in range(count)]


def killed(switchyard, yardbench, work):
    with healthy(yardbench, work, 3) as endpoints, Story(switchyard, work, [e.address for e in endpoints]) as story:
        requests = story.drive("killed", endpoints[0].kill, endpoints[0].address)
        judge("killed", requests, {(502, "reset")}, limit=RESPONSE_HEAD + 5)


def frozen(switchyard, yardbench, work):
    with healthy(yardbench, work, 3) as endpoints, Story(switchyard, work, [e.address for e in endpoints], ejection={"consecutive_failures": 2}) as story:
        requests = story.drive("frozen", lambda: endpoints[0].child.send_signal(signal.SIGSTOP), endpoints[0].address)
        # A frozen process still has its connections accepted by the kernel: only the answer's time tells.
        judge("frozen", requests, {(504, "timeout")}, limit=2 * RESPONSE_HEAD + 5)


class BlackHole:
    """A listening socket whose queue is full: the kernel drops every further SYN."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.fill = []
        for _ in range(8):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", self.listener.getsockname()[1]))
            self.fill.append(one)

    def close(self):
        for one in [*self.fill, self.listener]:
            one.close()


def swallowed(switchyard, yardbench, work):
    hole = BlackHole()
    with healthy(yardbench, work, 2) as endpoints, Story(switchyard, work, [e.address for e in endpoints],
                                                         balance="weighted_round_robin") as story:
        def add():
            status, answer, _ = story.proxy.call("PUT", f"/v1/upstreams/app/endpoints/{hole.address}", {})
            check("black hole: it was added", status in (200, 201), answer)
        requests = story.drive("black hole", add, hole.address)
        # Nothing was ever sent to it: POSTs are saved as well.
        judge("black hole", requests, set(), limit=2 * 0.3 + 5)
    hole.close()


class Flaky(http.server.ThreadingHTTPServer):
    """Answers 500 to every second request once it has fallen ill: never many failures in a row."""
    daemon_threads = True

    def __init__(self):
        self.ill, self.count = False, 0
        server, lock = self, threading.Lock()

        class Answer(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with lock:
                    server.count += server.ill
                    bad = server.ill and server.count % 2 == 0
                self.send_response(500 if bad else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()
            do_POST = do_GET

            def log_message(self, *_):
                pass
        super().__init__(("127.0.0.1", 0), Answer)
        self.address = "127.0.0.1:%d" % self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()


def flaky(switchyard, yardbench, work):
    sick = Flaky()
    ejection = {"consecutive_failures": 0, "failure_percent": 30, "min_requests": 20, "window": "5s"}
    with healthy(yardbench, work, 2) as endpoints, Story(switchyard, work, [*(e.address for e in endpoints), sick.address],
                                                         ejection=ejection, balance="weighted_round_robin") as story:
        def fall_ill():
            sick.ill = True
        requests = story.drive("flaky", fall_ill, sick.address)
        failed = [line for status, _, line in requests.values() if status != 200]
        check("flaky: failures are the sick endpoint's", all(line["endpoint"] == sick.address for line in failed), failed[:3])
        check("flaky: an answer is an answer", {status for status, _, _ in requests.values()} <= {200, 500},
              {status for status, _, _ in requests.values()})
        print(f"flaky: {len(requests)} requests, {len(failed)} answered 500 until its share took it out")
    sick.shutdown()


def asked_of(story, requests):
    """Which endpoints so many requests went to, one after another."""
    client = http.client.HTTPConnection(story.proxy.status()["listeners"][0]["bound"], timeout=running.DEADLINE)
    names = [f"panic-{time.monotonic_ns()}-{n}" for n in range(requests)]
    for name in names:
        client.request("GET", "/", headers={"X-Request-Id": name})
        client.getresponse().read()
    client.close()
    lines = running.until("the access log", lambda: story.lines_of(names))
    return {lines[name]["endpoint"] for name in names}


def panicking(switchyard, yardbench, work):
    """Two of three are ejected: fewer than half are left, and the ejected ones are asked again, while they stay ejected."""
    sick = [Flaky(), Flaky()]
    names = {one.address for one in sick}
    ejection = {"consecutive_failures": 0, "failure_percent": 30, "min_requests": 20, "window": "60s", "base_time": "60s",
                "max_ejected_percent": 100}
    with healthy(yardbench, work, 1) as (well,), Story(switchyard, work, [well.address, *names], ejection=ejection,
                                                       balance="weighted_round_robin") as story:
        for one in sick:
            one.ill = True
        running.until("both are out", lambda: asked_of(story, 30) and all(story.endpoint(name)["ejected"] for name in names))
        check("panic: off, the ejected ones are left alone", asked_of(story, 30) == {well.address}, asked_of(story, 30))
        config = story.proxy.call("GET", "/v1/config")[1]
        config["upstreams"]["app"]["ejection"]["panic_percent"] = 50
        status, answer, _ = story.proxy.call("PUT", "/v1/config", config)
        check("panic: set", status == 200, answer)
        seen = asked_of(story, 30)
        check("panic: all three are asked", seen == {well.address, *names}, seen)
        check("panic: and the two stay ejected", all(story.endpoint(name)["ejected"] for name in names))
    for one in sick:
        one.shutdown()


def main():
    switchyard, yardbench = sys.argv[1:3]
    for story in (killed, frozen, swallowed, flaky, panicking):
        with running.workplace() as work:
            story(switchyard, yardbench, pathlib.Path(work))
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
