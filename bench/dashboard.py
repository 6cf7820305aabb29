#!/usr/bin/env python3
"""What looking costs: 50 dashboards beside a load of half of what the proxy can carry. Each holds a stream of events and asks
once a second, as the page does: status, and what came new in the ring of series.

Phases without and with them take turns in one run. Printed: requests per processor second of the workers' threads, with
against without, and the share of a processor that control's thread takes. Exit 1 when the first is below 0.98 or the
second above 10 %; on a machine that is busy with something else neither says anything.

    bench/dashboard.py build/release/switchyard build/release/yardbench [--dashboards 50] [--rounds 5] [--seconds 6]
"""
import argparse
import hashlib
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading

TREE = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TREE / "tests" / "support"))
from running import Endpoint, Switchyard  # noqa: E402

STREAMS_OF_A_TOKEN = 32  # kEventReaders in handlers_drains.cpp
LEAST, MOST = 0.98, 0.10


def seconds_by_thread(pid):
    """Processor seconds: workers', control's and all other threads'."""
    out = {"workers": 0.0, "control": 0.0, "others": 0.0}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        spent = int((task / "schedstat").read_text().split()[0]) / 1e9
        out["control" if int(task.name) == pid else "workers" if (task / "comm").read_text().startswith("worker") else "others"] += spent
    return out


class Dashboards:
    """As many pages as there are; their own work is done in one process beside, so that it is not counted here."""

    def __init__(self, proxy, tokens, count):
        where = proxy.admin.removeprefix("http://")
        self.over = threading.Event()
        self.asked, self.events = 0, 0
        self.lock = threading.Lock()
        self.threads = []
        for i in range(count):
            token = tokens[i // STREAMS_OF_A_TOKEN]
            for work in (self.listen, self.ask):
                thread = threading.Thread(target=work, args=(where, {"Authorization": "Bearer " + token}, i / count), daemon=True)
                self.threads.append(thread)
                thread.start()

    def listen(self, where, headers, _):
        client = http.client.HTTPConnection(where, timeout=5)
        client.request("GET", "/v1/events", headers={**headers, "Last-Event-ID": "0"})
        answer = client.getresponse()
        while not self.over.is_set():
            try:
                line = answer.readline()
            except OSError:
                continue
            if line.startswith(b"event:"):
                with self.lock:
                    self.events += 1
        client.close()

    def ask(self, where, headers, offset):
        client = http.client.HTTPConnection(where, timeout=30)
        to = 0
        self.over.wait(offset)
        while not self.over.is_set():
            for path in ("/v1/status", f"/v1/series?after={to}"):
                client.request("GET", path, headers=headers)
                body = client.getresponse().read()
            to = json.loads(body)["to"]
            with self.lock:
                self.asked += 2
            self.over.wait(1)
        client.close()

    def close(self):
        self.over.set()


def load(yardbench, url, seconds, rate=None):
    words = [yardbench, "load", url, "--connections", "32", "--warm-up", "1s", "--duration", f"{seconds}s", "--json", "--quiet"]
    if rate:
        words += ["--rate", str(rate)]
    return json.loads(subprocess.run(words, capture_output=True, check=True, text=True).stdout)


def look(program):
    """The dashboards' own process: this file again."""
    return subprocess.Popen([sys.executable, __file__, *program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def phase(proxy, yardbench, url, seconds, rate):
    before = seconds_by_thread(proxy.child.pid)
    got = load(yardbench, url, seconds, rate)
    after = seconds_by_thread(proxy.child.pid)
    spent = {name: after[name] - before[name] for name in after}
    if got["failed"]:
        raise SystemExit(f"requests failed: {got}")
    # The warm-up is in both: the rate holds from the first second.
    return {"per_second": rate * (seconds + 1) / spent["workers"], "control": spent["control"] / (seconds + 1), "p99": got["latency_ms"]["p99"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("switchyard", type=pathlib.Path)
    parser.add_argument("yardbench", type=pathlib.Path)
    parser.add_argument("--dashboards", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--rate", type=int, help="requests a second; without it half of what a closed loop reaches")
    options = parser.parse_args()
    tokens = [os.urandom(16).hex() for _ in range(options.dashboards // STREAMS_OF_A_TOKEN + 1)]
    with tempfile.TemporaryDirectory(prefix="dashboards-") as work, Endpoint(options.yardbench.resolve(), work, "blue") as blue, \
            Endpoint(options.yardbench.resolve(), work, "green") as green:
        configured = [{"name": f"eye-{i}", "role": "viewer", "sha256": hashlib.sha256(t.encode()).hexdigest()} for i, t in enumerate(tokens)]
        config = {"process": {"workers": 1, "admin": {"bind": "127.0.0.1:0", "tokens": configured}},
                  "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
                  "upstreams": {c: {"endpoints": [{"address": e.address}]} for c, e in (("blue", blue), ("green", green))},
                  "routes": [{"name": "app", "split": {"blue": 90, "green": 10}}]}
        state = pathlib.Path(work) / "state"
        state.mkdir()
        (state / "admin.token").write_text(tokens[0])  # where the command line looks for it
        with Switchyard(options.switchyard.resolve(), work, config) as proxy:
            proxy.healthy("blue", "green")
            url = proxy.url() + "/"
            rate = options.rate or int(load(options.yardbench, url, 3)["requests_per_second"] / 2)
            without, beside = [], []
            asked = events = 0
            for number in range(options.rounds):
                for with_them in ((False, True) if number % 2 == 0 else (True, False)):
                    pages = look(["--pages", proxy.admin, str(options.dashboards), *tokens]) if with_them else None
                    if pages:
                        pages.stdout.readline()  # all are there
                    (beside if with_them else without).append(phase(proxy, options.yardbench, url, options.seconds, rate))
                    if pages:
                        told = json.loads(pages.communicate("\n")[0])
                        asked, events = asked + told["asked"], events + told["events"]
    mean = lambda rows, key: statistics.median(r[key] for r in rows)  # noqa: E731
    ratio = statistics.median(b["per_second"] / w["per_second"] for b, w in zip(beside, without))
    control = mean(beside, "control")
    print(f"{rate} requests a second, {options.rounds} rounds of {options.seconds} s; {options.dashboards} dashboards asked {asked} times, got {events} events")
    print(f"without: {mean(without, 'per_second'):.0f} requests per processor second of the workers, control {100 * mean(without, 'control'):.1f} % of a processor, p99 {mean(without, 'p99'):.2f} ms")
    print(f"beside:  {mean(beside, 'per_second'):.0f} requests per processor second of the workers, control {100 * control:.1f} % of a processor, p99 {mean(beside, 'p99'):.2f} ms")
    print(f"ratio {ratio:.3f} (at least {LEAST}), control {100 * control:.1f} % (at most {100 * MOST:.0f} %)")
    return 0 if ratio >= LEAST and control <= MOST else 1


def pages(admin, count, *tokens):
    class Proxy:
        pass
    proxy = Proxy()
    proxy.admin = admin
    all_of_them = Dashboards(proxy, tokens, int(count))
    print("here", flush=True)
    sys.stdin.readline()
    all_of_them.close()
    print(json.dumps({"asked": all_of_them.asked, "events": all_of_them.events}), flush=True)
    os._exit(0)  # streams that wait for the next event are not waited for


if __name__ == "__main__":
    if sys.argv[1:2] == ["--pages"]:
        pages(*sys.argv[2:])
    sys.exit(main())
