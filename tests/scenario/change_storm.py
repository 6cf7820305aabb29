#!/usr/bin/env python3
"""Story: operators' scripts change the configuration hundreds of times a second while traffic flows. Not one request
fails, every change is acknowledged and in force, latency stays what it was, and memory does not grow with the history.

usage: change_storm.py SWITCHYARD YARDBENCH [SECONDS [RATE [CHANGES [GENERATIONS]]]]
  SECONDS      of the quiet phases and of the storm, each (default 3)
  RATE         requests per second (default 2000)
  CHANGES      per second, wanted (default 200)
  GENERATIONS  that memory is looked at after; compared with half of them (default 10000)

From 30 SECONDS on the figures are judged too: all of CHANGES made, and the p99 of the storm within 1.5 times the quiet one's.
Shorter runs judge what does not depend on the machine."""
import http.client
import json
import pathlib
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from running import DEADLINE, Endpoint, Failed, Switchyard, blue_green, workplace  # noqa: E402

KEPT = 200  # generations: the retention that makes "flat" possible
JUDGED_FROM = 30  # seconds: shorter phases say little about a p99
OPERATORS = 4  # connections that change at once, each at its share of the wanted rate
LOUDER = 1.5  # how much higher the storm's p99 may be


class Operator:
    """One connection that changes the split, each time to something that no other operator asks for."""

    def __init__(self, proxy, number=0):
        self.number = number
        where = urllib.parse.urlparse(proxy.admin)
        self.connection = http.client.HTTPConnection(where.hostname, where.port, timeout=DEADLINE)
        self.headers = {"Authorization": "Bearer " + proxy.token}
        self.made, self.took, self.stored = 0, [], []

    def change(self):
        self.made += 1
        turn = self.made * OPERATORS + self.number
        weights = {"blue": 1 + turn % 97, "green": 1 + turn % 89}
        self.connection.request("PUT", "/v1/routes/app/split", json.dumps(weights), self.headers)
        answer = self.connection.getresponse()
        receipt = json.loads(answer.read())
        if answer.status != 200 or receipt["adopted"]["workers"] != receipt["adopted"]["of"]:
            raise Failed(f"change {self.made}: {answer.status} {receipt}")
        self.took.append(receipt["took_us"])
        self.stored.append(receipt.get("stored_us", 0))
        return receipt["generation"]

    def storm(self, seconds, wanted):
        """`wanted` changes a second on a fixed schedule: one that is late does not shift those after it. How many were made."""
        begin, n = time.monotonic(), 0
        while (due := begin + n / wanted) < begin + seconds:
            if (wait := due - time.monotonic()) > 0:
                time.sleep(wait)
            if time.monotonic() > begin + seconds:
                break
            self.change()
            n += 1
        return n


def load(yardbench, url, rate, seconds):
    run = subprocess.run([yardbench, "load", url, "--rate", str(rate), "--connections", "64", "--duration", f"{seconds}s",
                          "--warm-up", "1s", "--quiet", "--json"], capture_output=True, text=True, timeout=seconds + 2 * DEADLINE)
    if run.returncode not in (0, 1) or not run.stdout:
        raise Failed(f"yardbench: exit {run.returncode}\n{run.stderr[-2000:]}")
    report = json.loads(run.stdout)
    if report["failed"]:
        raise Failed(f"{report['failed']} requests failed: {report['failures']}")
    return report


def shown(phase, report):
    latency = report["latency_ms"]
    late = report["generator"]["lag_ms"]["p99"]
    return (f"{phase:<6} {report['requests_per_second']:8.0f} req/s  p50 {latency['p50']:7.3f}  p99 {latency['p99']:8.3f} ms"
            f"  failed {report['failed']}  (yardbench itself late: p99 {late:.3f} ms)")


def median(values):
    return sorted(values)[len(values) // 2] if values else 0


def resident_kib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:")))


def storm_under_load(proxy, yardbench, seconds, rate, wanted):
    operators, url = [Operator(proxy, number) for number in range(OPERATORS)], proxy.url() + "/"
    quiet = load(yardbench, url, rate, seconds)
    made, wrong = [], []

    def change(operator):
        try:
            made.append(operator.storm(seconds + 1, wanted / OPERATORS))
        except (Failed, OSError, http.client.HTTPException) as error:
            wrong.append(error)

    threads = [threading.Thread(target=change, args=(operator,)) for operator in operators]
    for thread in threads:
        thread.start()
    storm = load(yardbench, url, rate, seconds)
    for thread in threads:
        thread.join()
    if wrong:
        raise Failed(str(wrong[0]))
    after = load(yardbench, url, rate, seconds)
    for phase, report in (("quiet", quiet), ("storm", storm), ("quiet", after)):
        print(shown(phase, report))
    calm = max(quiet["latency_ms"]["p99"], after["latency_ms"]["p99"])
    ratio = storm["latency_ms"]["p99"] / calm
    pace = sum(made) / (seconds + 1)
    took, stored = (median([one for o in operators for one in getattr(o, what)]) for what in ("took", "stored"))
    print(f"{pace:.0f} changes/s, median {took} us, of it {stored} us stored; p99 {ratio:.2f} times the quiet one")
    if seconds >= JUDGED_FROM and (pace < 0.99 * wanted or ratio > LOUDER):
        raise Failed(f"{pace:.0f} of {wanted} changes/s, p99 {ratio:.2f} times the quiet one")


def memory_is_flat(proxy, generations):
    operator = Operator(proxy)
    seen = {}
    for limit in (generations // 5, generations // 2, generations):
        while operator.change() < limit:
            pass
        seen[limit] = resident_kib(proxy.child.pid)
    _, first, last = seen.values()
    kept = proxy.call("GET", "/v1/generations?limit=1000")[1]["generations"]
    print(", ".join(f"{kib / 1024:.1f} MiB after {limit} generations" for limit, kib in seen.items()) + f"; {len(kept)} kept")
    # From half on: by then the 4096 events that are kept are all there. What an allocator keeps back moves by some
    # hundred KiB; 200 bytes that each generation leaves behind would be seen.
    if last > first + 1024:
        raise Failed(f"memory grew from {first} to {last} KiB")
    if len(kept) != KEPT:
        raise Failed(f"{len(kept)} generations are kept, {KEPT} were to be")


def main():
    switchyard, yardbench = sys.argv[1:3]
    seconds, rate, wanted, generations = (int(given) if given else default for given, default in zip(
        sys.argv[3:] + [None] * 4, (3, 2000, 200, 10_000)))
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        config = blue_green([blue.address], [green.address])
        config["process"]["keep_generations"] = KEPT
        with Switchyard(switchyard, work, config) as proxy:
            proxy.healthy("blue", "green")
            storm_under_load(proxy, yardbench, seconds, rate, wanted)
            memory_is_flat(proxy, max(generations, 5 * (proxy.status()["generation"] + 1)))
            verdict = proxy.call("GET", "/v1/audit/verify")[1]
            if not verdict["intact"]:
                raise Failed(f"audit: {verdict}")
            if proxy.end() != 0:
                raise Failed(f"switchyard did not end in order\n{proxy.text()[-2000:]}")
        for endpoint in (blue, green):
            endpoint.end()


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
