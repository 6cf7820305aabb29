"""The patient client of a story in which others mean harm: it asks one request after the other, and is as quick beside them as
without them, while the proxy's memory stays within a bound."""
import http.client
import statistics
import time

from checks import check
from running import DEADLINE

FACTOR, FLOOR = 3, 0.5  # its p99 may be so many times that of the quiet run; a busy machine's scheduler adds the other
TRIES = 3               # a busy machine makes all clients wait once; an attack that works does it each time


def by_http1(port, requests, times, wrong):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    for _ in range(requests):
        begun = time.monotonic()
        connection.request("GET", "/", headers={"Host": "a.test"})
        answer = connection.getresponse()
        answer.read()
        times.append(time.monotonic() - begun)
        if answer.status != 200:
            wrong.append(answer.status)
    connection.close()


def resident_kib(process):
    with open(f"/proc/{process.child.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


class Patient:
    """`ask(times, wrong)` makes its requests; `memory_kib`: so much more than in the quiet run the proxy may hold."""

    def __init__(self, proxy, ask, memory_kib):
        self.proxy, self.ask, self.memory_kib = proxy, ask, memory_kib
        self.turn()  # the first ones make connections
        self.quiet, wrong = self.turn()
        check("quiet: all are answered", not wrong, wrong)
        self.before = resident_kib(proxy)
        print(f"quiet: p99 {self.quiet * 1000:.2f} ms; {self.before} KiB")

    def turn(self):
        times, wrong = [], []
        self.ask(times, wrong)
        return statistics.quantiles(times, n=100)[98], wrong

    def beside(self):
        """While others do harm."""
        for _ in range(TRIES):
            self.p99, self.wrong = self.turn()
            if self.wrong or self.in_time():
                break
        self.more = resident_kib(self.proxy) - self.before

    def in_time(self):
        return self.p99 <= max(FACTOR * self.quiet, FLOOR)

    def check(self, name, others):
        """Behind it. `others`: what became of them."""
        print(f"{name}: p99 {self.p99 * 1000:.2f} ms ({self.p99 / self.quiet:.1f} × quiet); {self.more} KiB more; {others}")
        check(f"{name}: others are answered", not self.wrong, self.wrong[:3])
        check(f"{name}: in time", self.in_time(), (self.p99, self.quiet))
        if not self.proxy.is_sanitized():
            check(f"{name}: memory is bounded", self.more <= self.memory_kib, f"{self.more} KiB more")
