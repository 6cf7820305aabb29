#!/usr/bin/env python3
"""Story: a forum with the limits of production stands behind the proxy, and one client without any account does what it can
against both. Other clients are answered meanwhile, all of them, in times like those of the same run without the attack; the
forum's memory stays within what its settings say; and its health check never finds it down.

usage: forum_attacked.py SWITCHYARD FORUM [REQUESTS]"""
import http.client
import itertools
import pathlib
import random
import socket
import statistics
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from checks import check, verdict  # noqa: E402
from running import DEADLINE, Process, Switchyard, until, workplace  # noqa: E402

REQUESTS = 150         # of the patient client in each situation; more for a figure that is to be recorded
FACTOR, FLOOR = 3, 0.500  # its p90 may be so many times that of the quiet run, and what a busy machine's scheduler adds; p99 is printed
PAGE_CACHE = 4 << 20
BASE_KIB = (2 * 19 + 16) * 1024  # two passwords are hashed at a time, 19 MiB each; threads, connections and the allocator
STRANGER = "127.0.0.66"  # the attacks come from one address, and the patient client from another
SEED = 19


class Forum(Process):
    def __init__(self, program, work):
        super().__init__([program, "serve", "--env", "prod", "--port", "0", "--database", f"{work}/forum.db", "--log-requests", "none",
                          "--seed-posts", "300", "--page-cache", str(PAGE_CACHE), "--drain-delay", "0s"], work, "forum")
        line = until("the forum's port", lambda: next((l for l in self.text().splitlines() if l.startswith("forum listening")), None))
        self.address = f"127.0.0.1:{line.rsplit(':', 1)[1]}"

    def resident_kib(self):
        with open(f"/proc/{self.child.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def configuration(forum):
    check_of_health = {"type": "http", "path": "/readyz", "interval": "200ms", "timeout": "2s", "rise": 1, "fall": 2}
    return {"process": {"workers": 1}, "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
            "upstreams": {"forum": {"endpoints": [{"address": forum.address}], "health": check_of_health}},
            "routes": [{"name": "all", "split": {"forum": 1}}]}


def connected(port):
    return socket.create_connection(("127.0.0.1", port), DEADLINE, source_address=(STRANGER, 0))


class Attack(threading.Thread):
    """Goes on until it is stopped; `done` counts what it did, so that it is known to be under way."""

    def __init__(self, port, dice):
        super().__init__()
        self.port, self.dice, self.done, self.over, self.statuses = port, dice, 0, threading.Event(), set()

    def run(self):
        while not self.over.is_set():
            self.turn()
            self.done += 1

    def stop(self):
        self.over.set()
        self.join()


class Calls(Attack):
    """One request after the other on one connection, each as `call` makes it."""

    def __init__(self, call, port, dice):
        super().__init__(port, dice)
        self.call, self.connection = call, None

    def turn(self):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE, source_address=(STRANGER, 0))
        method, path, body = self.call(self.dice)
        try:
            self.connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = self.connection.getresponse()
            answer.read()
            self.statuses.add(answer.status)
        except (OSError, http.client.HTTPException):
            self.connection = None


class Crumbs(Attack):
    """Many connections, each with a request of which an octet comes every second; those that were ended are made again."""
    COUNT = 400

    def __init__(self, begin, port, dice):
        super().__init__(port, dice)
        self.begin, self.sockets = begin, []

    def turn(self):
        while len(self.sockets) < self.COUNT and not self.over.is_set():
            self.sockets.append(connected(self.port))
            self.sockets[-1].sendall(self.begin)
        left = []
        for each in self.sockets:
            try:
                each.sendall(b"{")
                left.append(each)
            except OSError:
                each.close()
        self.sockets = left
        self.over.wait(1)

    def stop(self):
        super().stop()
        for each in self.sockets:
            each.close()


BODY = b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n"
CHUNKS = b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n"


def word(dice):
    return "".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=12))


NAMES = itertools.count()


def name(dice):
    return "GET", f"/api/v1/posts?tag={word(dice)}{next(NAMES)}", None


def search(dice):
    return "GET", "/api/v1/search?q=" + "%20".join(word(dice)[:2] for _ in range(8)), None


def signs(dice):
    return "GET", "/api/v1/search?q=" + "%C2%B7".join(word(dice)[:1] for _ in range(60)), None


def password(dice):
    return "POST", "/api/v1/login", f'{{"username": "{word(dice)}", "password": "correct horse"}}'


SITUATIONS = {
    "400 bodies that drip": lambda *at: Crumbs(BODY, *at),
    "400 chunks that drip": lambda *at: Crumbs(CHUNKS, *at),
    "400 heads that drip": lambda *at: Crumbs(b"GET /api/v1/posts HTTP/1.1\r\nHost: a\r\nX-A: ", *at),
    "reads of names that nothing has": lambda *at: Calls(name, *at),
    "searches of all that is there": lambda *at: Calls(search, *at),
    "searches with signs": lambda *at: Calls(signs, *at),
    "wrong passwords": lambda *at: Calls(password, *at),
}


def patient(port):
    """Reads the list and a post in turn, on a kept connection; the times and what went wrong."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    times, wrong = [], []
    for n in range(REQUESTS):
        begun = time.monotonic()
        connection.request("GET", "/api/v1/posts" if n % 2 else "/api/v1/categories")
        answer = connection.getresponse()
        answer.read()
        times.append(time.monotonic() - begun)
        if answer.status != 200:
            wrong.append(answer.status)
    connection.close()
    return statistics.quantiles(times, n=100), wrong


def story(switchyard, program, work):
    dice = random.Random(SEED)
    with Forum(program, work) as forum, Switchyard(switchyard, work, configuration(forum)) as proxy:
        proxy.healthy("forum")
        port = int(proxy.url().rsplit(":", 1)[1])
        patient(port)  # the first ones fill caches
        quiet, wrong = patient(port)
        check("quiet: all are answered", not wrong, wrong)
        before = forum.resident_kib()
        print(f"quiet: p90 {quiet[89] * 1000:.2f} ms, p99 {quiet[98] * 1000:.2f} ms; forum {before} KiB")
        for title, begin in SITUATIONS.items():
            attack = begin(port, dice)
            attack.start()
            try:
                until(f"{title}: it is under way", lambda: attack.done > 1 or not attack.is_alive())
                times, wrong = patient(port)
                check(f"{title}: it went on all the while", attack.is_alive())
            finally:
                attack.stop()
            print(f"{title}: p90 {times[89] * 1000:.2f} ms, p99 {times[98] * 1000:.2f} ms ({times[98] / quiet[98]:.1f} × quiet); "
                  f"forum {forum.resident_kib()} KiB; answered {sorted(attack.statuses)}")
            check(f"{title}: all others are answered", not wrong, wrong)
            check(f"{title}: in time", times[89] <= FACTOR * quiet[89] + FLOOR, (times[89], quiet[89]))
            check(f"{title}: no 5xx for the attacker either", all(status < 500 for status in attack.statuses), attack.statuses)
        grown = forum.resident_kib() - before
        if forum.is_sanitized():
            print(f"memory is not judged, a sanitizer keeps what was freed: {grown} KiB")
        else:
            check("the forum's memory stays within its settings", grown <= PAGE_CACHE / 1024 * 1.2 + BASE_KIB, f"{grown} KiB more")
        endpoint = proxy.call("GET", "/v1/upstreams/forum")[1]["endpoints"][0]
        check("the health check never found it down", "is down" not in proxy.text() and endpoint["health"] == "up", endpoint)
        check("the proxy ends in order", proxy.end() == 0)


def main(switchyard, program, requests=REQUESTS):
    global REQUESTS
    REQUESTS = int(requests)
    with workplace() as work:
        story(switchyard, program, work)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
