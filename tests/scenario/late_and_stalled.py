#!/usr/bin/env python3
"""Story: releases that are slow where no figure used to look. The body of every answer comes late behind a fast head; one
request in a hundred stalls; every request hangs, or one in twenty, and its client leaves long before any time limit. Each
is taken back by the test that is about it, which names the path and the endpoint, and a release that is as fast as the old one is not.

usage: late_and_stalled.py SWITCHYARD YARDBENCH"""
import http.server
import itertools
import pathlib
import socket
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from running import DEADLINE, Failed, Load, Switchyard, blue_green, until, workplace  # noqa: E402
from threaded_server import Threads  # noqa: E402

LATE = 1.0  # seconds
STALL = 10.0  # a busy machine stalls by itself, too
FOUND = 240.0  # a busy machine, and traffic that its few connections can carry


class Release(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        number = next(server.asked)
        if server.mood == "hangs" or (server.mood == "hangs seldom" and number % 20 == 0):
            server.over.wait()
        if server.mood == "stalls" and number % 100 == 0:
            server.over.wait(STALL)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        if server.mood == "late":
            self.wfile.flush()
            server.over.wait(LATE)
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Colour:
    def __init__(self, mood=""):
        self.server = Threads(("127.0.0.1", 0), Release)
        self.server.mood, self.server.asked, self.server.over = mood, itertools.count(1), threading.Event()
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def count(self):
        return next(self.server.asked)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.over.set()
        self.server.shutdown()


def demand(what, holds):
    if not holds:
        raise Failed(what)


def start(proxy):
    plan = {"route": "app", "from": "blue", "to": "green", "steps": [{"weight": 50, "bake": "10m"}, {"weight": 100, "bake": "10m"}],
            "analysis": {"warm_up": "1s"}}
    status, started, _ = proxy.call("POST", "/v1/rollouts", plan)
    demand(f"not started: {status} {started}", status == 201)
    return f"/v1/rollouts/{started['id']}"


def look(proxy, rollout):
    return proxy.call("GET", rollout)[1]


def taken_back(proxy, rollout):
    def ended():
        shown = look(proxy, rollout)
        demand(f"{shown['state']}: {shown['why']}", shown["state"] in ("running", "rolling_back", "rolled_back"))
        return shown if shown["state"] == "rolled_back" else None
    return until("the alarm", ended, FOUND)["ended"]


class LeavingClients:
    """Ask one after the other, eight at a time, and wait for the answer no longer than half a second."""

    def __init__(self, proxy):
        host, port = proxy.url().removeprefix("http://").rsplit(":", 1)
        self.to, self.over = (host, int(port)), threading.Event()
        self.threads = [threading.Thread(target=self.ask, daemon=True) for _ in range(8)]

    def ask(self):
        while not self.over.is_set():
            try:
                with socket.create_connection(self.to, DEADLINE) as client:
                    client.settimeout(0.5)
                    client.sendall(b"GET / HTTP/1.1\r\nHost: app\r\nConnection: close\r\n\r\n")
                    while client.recv(4096):
                        pass
            except OSError:
                pass

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()


def story(program, yardbench, mood, rate, tests):
    with workplace() as work, Colour() as blue, Colour(mood) as green, Switchyard(program, work, blue_green([blue.address], [green.address])) as proxy:
        proxy.healthy("blue", "green")
        with Load(yardbench, proxy, 300):  # what the old release does is known beforehand
            until("a past", lambda: blue.count() > 2500)
        rollout = start(proxy)
        with LeavingClients(proxy) if rate is None else Load(yardbench, proxy, rate):
            ended = taken_back(proxy, rollout)
        demand(f"{mood}: taken back by {ended}", ended["evidence"]["test"].removesuffix("_shift") in tests)
        demand(f"{mood}: no place is named: {ended}", "GET /" in ended["why"] and ended["evidence"]["where"]["endpoints"])
        print(f"{mood}: {ended['why']}")


def alike(program, yardbench):
    with workplace() as work, Colour() as blue, Colour() as green, Switchyard(program, work, blue_green([blue.address], [green.address])) as proxy:
        proxy.healthy("blue", "green")
        rollout = start(proxy)
        with Load(yardbench, proxy, 200):
            until("requests", lambda: look(proxy, rollout)["arms"]["green"]["attempts"] > 3000, FOUND)
        shown = look(proxy, rollout)
        demand(f"{shown['state']}: {shown['why']}", shown["state"] == "running")
        demand(f"durations are not shown: {shown['arms']}", "duration_ms" in shown["arms"]["green"] and "long_beyond_ms" in shown)
        print("alike: stays")


def main():
    program, yardbench = sys.argv[1:3]
    durations = {"duration_p50", "duration_p90", "duration_p99", "duration_tail"}
    latencies = {"latency_p50", "latency_p90", "latency_p99", "latency_tail"}
    story(program, yardbench, "late", 10, durations)
    story(program, yardbench, "stalls", 150, {"latency_tail", "duration_tail", "latency_p99", "duration_p99"})
    story(program, yardbench, "hangs", None, latencies | durations)
    story(program, yardbench, "hangs seldom", None, latencies | durations)
    alike(program, yardbench)


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
