"""`scripts/bench floods`: what others feel while a listener is flooded with TLS handshakes: connections that say nothing, hellos
that come an octet at a time, halves of handshakes that stay or go away again, and full handshakes one after the other.

Others ask for a share of what the proxy can do. With two processors their generator, the endpoint and the flood have one
together, and a request of theirs waits for that one longer than for the proxy. So a few of them, the probes, have the right of
way there, themselves and the endpoint that they ask for (real-time priority; where the kernel refuses that, the ordinary one):
their p99 beside the flood is held against that of the same run without one."""
import contextlib
import json
import multiprocessing
import os
import socket
import ssl
import statistics
import subprocess
import sys
import time

import facts
import measures
import peers
import secure
from machine import Machine, cpu_seconds, free_port

FLOOD_CONNECTIONS = 2000
HALVES_PER_SECOND = 1000
TICK = 0.02
MOST_TIMES, OR_MS = 3.0, 10.0
PROBES_PER_SECOND, PROBE_CONNECTIONS = 500, 8
REACHED = 0.95  # of the rate that others ask for; less, and the load was none
# Real-time priorities. On the load's processor what is probed answers first, and a flood keeps its rate.
ENDPOINT_AHEAD, PROBE_AHEAD, FLOOD_AHEAD, PROXY_AHEAD = 3, 2, 1, 1


def ahead(priority):
    """The right of way for a program that is started with it; nothing where the kernel refuses."""
    allowed = subprocess.run(["chrt", "-f", str(priority), "true"], capture_output=True).returncode == 0
    return ["chrt", "-f", str(priority)] if allowed else []


def hello():
    """The first flight of a client, as OpenSSL writes it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = context.wrap_bio(incoming, outgoing, server_hostname="bench.test")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class Flood:
    """A process of its own until the block is left. `say` is what a connection does, one step in every `ticks`, as a generator;
    when that is over, or the proxy has closed, another one takes its place."""

    def __init__(self, port, say, connections, ticks):
        self.port, self.say, self.connections, self.ticks = port, say, connections, ticks
        self.over, self.count, self.made = multiprocessing.Event(), multiprocessing.Value("q", 0), 0

    def __enter__(self):
        self.process = multiprocessing.Process(target=self.run)
        self.process.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.process.join()
        self.made = self.count.value

    def connect(self):
        one = socket.socket()
        one.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            one.connect(("127.0.0.1", self.port))
        self.count.value += 1
        return one, self.say(one)

    def run(self):
        os.sched_setaffinity(0, {measures.LOAD_PROCESSOR})
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FLOOD_AHEAD))
        open_now = [None] * self.connections
        due, turn = time.monotonic(), 0
        while not self.over.is_set():
            for number in range(turn % self.ticks, self.connections, self.ticks):
                try:
                    if open_now[number] is None:
                        open_now[number] = self.connect()
                    next(open_now[number][1])
                except (StopIteration, OSError):
                    open_now[number][0].close()
                    open_now[number] = None
            turn += 1
            due = max(due + TICK, time.monotonic() - TICK)
            time.sleep(max(0.0, due - time.monotonic()))


def gone(one):
    """Whether the proxy has closed."""
    try:
        return one.recv(65536) == b""
    except BlockingIOError:
        return False


def silent(one):
    while not gone(one):
        yield


def slow_hello(one):
    for octet in hello():
        one.send(bytes([octet]))
        yield


def half_that_stays(one):
    one.send(HELLO)
    yield  # the proxy has signed; the client says no more
    while not gone(one):
        yield


def half_that_goes(one):
    one.send(HELLO)
    yield


HELLO = hello()
# Connections, and how many ticks pass between two steps of each. Halves that go are there for two steps. A worker has places
# for half of those that stay (kMostUnderWay): who has to leave comes again.
KINDS = {"silent connections": (silent, FLOOD_CONNECTIONS, 50), "slow hellos, an octet a second": (slow_hello, FLOOD_CONNECTIONS, 50),
         "half handshakes that stay": (half_that_stays, FLOOD_CONNECTIONS, 50),
         "half handshakes that go": (half_that_goes, int(HALVES_PER_SECOND * TICK * 2) * 3, 3)}


class Stage:
    """The proxy, its endpoints, and who asks."""

    def __init__(self, machine, options):
        self.options = options
        self.ports = []
        for name, first in (("endpoint", []), ("probed", ahead(ENDPOINT_AHEAD))):
            endpoint = machine.start(name, [*first, options.yardbench, "endpoint", "--body", "128"], measures.LOAD_PROCESSOR)
            self.ports.append(int(machine.wait_said(endpoint, "listening")))
        files, self.tls = secure.certificate(machine.work), free_port()
        self.proxy = peers.start_switchyard(machine, options, {
            "certificates": {"bench": {"chain": str(files[0]), "key": str(files[1])}},
            "listeners": [{"name": "web", "bind": f"127.0.0.1:{free_port()}"},
                          {"name": "tls", "bind": f"127.0.0.1:{self.tls}", "tls": {"certificates": ["bench"]}}],
            "upstreams": {name: {"endpoints": [{"address": f"127.0.0.1:{port}"}]} for name, port in zip(("app", "probed"), self.ports)},
            "routes": [{"name": "probes", "match": {"path_exact": "/probe"}, "split": {"probed": 1}},
                       {"name": "all", "split": {"app": 1}}]}, measures.PROXY_PROCESSOR, workers=1, path=None)
        machine.wait_listening(self.proxy, self.tls)
        # The proxy has a processor of its own, as far as that can be had: whatever else the machine does gives way.
        with contextlib.suppress(PermissionError):
            for thread in os.listdir(f"/proc/{self.proxy.pid}/task"):
                os.sched_setscheduler(int(thread), os.SCHED_FIFO, os.sched_param(PROXY_AHEAD))
        self.url = f"https://127.0.0.1:{self.tls}/"
        self.capacity = self.finish(self.ask([], "", "--connections", 64, "--duration", f"{options.seconds}s"))["requests_per_second"]

    def ask(self, first, path, *arguments):
        return subprocess.Popen([*first, self.options.yardbench, "load", self.url + path, "--json", "--pin", str(measures.LOAD_PROCESSOR),
                                 *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, load):
        said, complaint = load.communicate()
        if not said.startswith("{"):
            raise RuntimeError(f"yardbench load: {complaint}")
        return json.loads(said)

    def turn(self):
        """Others at their share, and the probes among them while they are all there."""
        rate, seconds = int(self.options.share * self.capacity), self.options.seconds
        others = self.ask([], "", "--rate", rate, "--connections", 64, "--duration", f"{seconds + 1}s", "--warm-up", "1s")
        before, began = cpu_seconds(self.proxy.pid), time.monotonic()
        probes = self.finish(self.ask(ahead(PROBE_AHEAD), "probe", "--rate", PROBES_PER_SECOND, "--connections", PROBE_CONNECTIONS,
                                      "--duration", f"{seconds}s", "--warm-up", "1s"))
        busy = (cpu_seconds(self.proxy.pid) - before) / (time.monotonic() - began)
        asked = self.finish(others)
        return {"p50": probes["latency_ms"]["p50"], "p99": probes["latency_ms"]["p99"], "failed": probes["failed"] + asked["failed"],
                "busy": round(busy, 3), "others": {"rate": rate, "reached": asked["requests_per_second"] / rate,
                                                   "p99": asked["latency_ms"]["p99"]},
                "valid": probes["valid"] and asked["requests_per_second"] >= REACHED * rate}

    def flooded(self, kind):
        say, connections, ticks = KINDS[kind]
        with Flood(self.tls, say, connections, ticks) as flood:
            time.sleep(1)
            before, began = flood.count.value, time.monotonic()
            beside = self.turn()
            beside["flood"] = (flood.count.value - before) / (time.monotonic() - began)
        return beside

    def beside_full_handshakes(self):
        """yardbench itself, behind the others: as many new connections as it can make."""
        flood = self.ask(["chrt", "-i", "0"], "", "--connections", 64, "--close", "--full-handshakes", "--duration",
                         f"{self.options.seconds + 3}s", "--warm-up", "0s")
        beside = self.turn()
        beside["flood"] = self.finish(flood)["requests_per_second"]
        return beside


def add_arguments(parser):
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of one turn")
    parser.add_argument("--share", type=float, default=0.5, help="of what the proxy can do, that others ask for")
    parser.set_defaults(workers=1)


def judge(turns):
    """By the medians of those turns in which the load was one; without any there is nothing to be judged by."""
    whole = [turn for turn in turns if turn["quiet"]["valid"] and turn["beside"]["valid"]]
    valid = whole or turns
    middle = {side: {name: statistics.median(turn[side][name] for turn in valid) for name in ("p50", "p99", "busy")}
              for side in ("quiet", "beside")}
    middle["flood"] = statistics.median(turn["beside"]["flood"] for turn in valid)
    middle["failed"] = sum(turn[side]["failed"] for turn in turns for side in ("quiet", "beside"))
    allowed = max(OR_MS, MOST_TIMES * middle["quiet"]["p99"])
    return {"turns": turns, "valid": len(whole), "median": middle,
            "allowed_ms": allowed, "held": bool(whole) and middle["failed"] == 0 and middle["beside"]["p99"] <= allowed}


def run(options):
    record = {"what": "floods", "command": facts.command(), "facts": facts.facts(options), "seconds": options.seconds, "share": options.share, "kinds": {}}
    with Machine() as machine:
        stage = Stage(machine, options)
        record["capacity"] = stage.capacity
        turns = {kind: [] for kind in [*KINDS, "full handshakes"]}
        for _ in range(options.rounds):
            for kind, seen in turns.items():
                quiet = stage.turn()
                seen.append({"quiet": quiet, "beside": stage.flooded(kind) if kind in KINDS else stage.beside_full_handshakes()})
    for kind, seen in turns.items():
        judged = record["kinds"][kind] = judge(seen)
        middle = judged["median"]
        print(f"{kind:<32} {middle['flood']:6.0f} a second: p99 {middle['quiet']['p99']:.2f} ms quiet, {middle['beside']['p99']:.2f} beside"
              f" ({middle['failed']} failed, {judged['valid']} of {len(seen)} turns valid): {'held' if judged['held'] else 'NOT HELD'}", flush=True)
    record["facts"]["load_average_after"] = facts.os.getloadavg()[0]
    if felt := [kind for kind, judged in record["kinds"].items() if not judged["held"]]:
        print(f"{len(felt)} kinds of flood are felt by others", file=sys.stderr)
    return record
