"""`scripts/bench floods`: what others feel while a listener is flooded with TLS handshakes: connections that say nothing, hellos
that come an octet at a time, half a handshake and away, and full handshakes one after the other. Others are kept connections at
a share of what the proxy can do; their p99 beside the flood is held against that of the same run without one."""
import multiprocessing
import os
import selectors
import socket
import ssl
import subprocess
import sys
import time

import facts
import measures
import peers
import secure
from machine import Machine, free_port

FLOOD_CONNECTIONS = 2000
MOST_TIMES, OR_MS = 3.0, 10.0


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


def behind_others():
    """What floods gives way to what measures: both run on one processor, and not the proxy's."""
    os.sched_setaffinity(0, {measures.LOAD_PROCESSOR})
    os.nice(15)


class Flood:
    """A process of its own until the block is left. `say` is what a connection does, again and again, as a generator."""

    def __init__(self, port, say, connections):
        self.port, self.say, self.connections = port, say, connections
        self.over, self.count, self.made = multiprocessing.Event(), multiprocessing.Value("q", 0), 0

    def __enter__(self):
        self.process = multiprocessing.Process(target=self.run)
        self.process.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.process.join()
        self.made = self.count.value

    def connect(self, selector):
        one = socket.socket()
        one.setblocking(False)
        try:
            one.connect(("127.0.0.1", self.port))
        except BlockingIOError:
            pass
        selector.register(one, selectors.EVENT_READ, None)
        self.count.value += 1
        return one, self.say(one)

    def run(self):
        behind_others()
        with selectors.DefaultSelector() as selector:
            open_now = [self.connect(selector) for _ in range(self.connections)]
            while not self.over.is_set():
                for number, (one, steps) in enumerate(open_now):
                    if self.over.is_set():
                        break
                    try:
                        next(steps)
                    except (StopIteration, OSError):
                        selector.unregister(one)
                        one.close()
                        open_now[number] = self.connect(selector)
                time.sleep(0.02)
            for one, _ in open_now:
                one.close()


def silent(_):
    while True:
        yield


def slow_hello(one):
    for octet in hello():
        for _ in range(10):
            yield
        one.send(bytes([octet]))


def half_handshake(one):
    yield
    one.send(hello())
    for _ in range(3):
        yield  # the server has signed; no client reads it


KINDS = {"silent connections": (silent, FLOOD_CONNECTIONS), "slow hellos": (slow_hello, FLOOD_CONNECTIONS),
         "half handshakes": (half_handshake, 200)}


def others(options, url, rate):
    got = measures.yardbench(options, url, "--rate", int(rate), "--connections", 64, "--duration", f"{options.seconds}s",
                             "--warm-up", "1s")
    return {"p99": got["latency_ms"]["p99"], "p50": got["latency_ms"]["p50"], "failed": got["failed"], "valid": got["valid"]}


def full_handshakes(options, port):
    """yardbench itself, on its own: as many new connections as it can make."""
    return subprocess.Popen([options.yardbench, "load", f"https://127.0.0.1:{port}/", "--quiet", "--connections", "64", "--close",
                             "--full-handshakes", "--duration", "10m", "--pin", str(measures.LOAD_PROCESSOR)],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=behind_others)


def add_arguments(parser):
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of one turn")
    parser.add_argument("--share", type=float, default=0.5, help="of what the proxy can do, that others ask for")
    parser.set_defaults(workers=1)


def run(options):
    record = {"what": "floods", "command": facts.command(), "facts": facts.facts(options), "seconds": options.seconds, "share": options.share, "kinds": {}}
    worst = 0
    with Machine() as machine:
        endpoint = machine.start("endpoint", [options.yardbench, "endpoint", "--body", "128"], measures.LOAD_PROCESSOR)
        ports = [int(machine.wait_said(endpoint, "listening"))]
        files, tls = secure.certificate(machine.work), free_port()
        proxy = peers.start_switchyard(machine, options, {
            "certificates": {"bench": {"chain": str(files[0]), "key": str(files[1])}},
            "listeners": [{"name": "web", "bind": f"127.0.0.1:{free_port()}"},
                          {"name": "tls", "bind": f"127.0.0.1:{tls}", "tls": {"certificates": ["bench"]}}],
            "upstreams": {"app": {"endpoints": [{"address": f"127.0.0.1:{one}"} for one in ports]}},
            "routes": [{"name": "all", "split": {"app": 1}}]}, measures.PROXY_PROCESSOR, workers=1, path=None)
        machine.wait_listening(proxy, tls)
        url = f"https://127.0.0.1:{tls}/"
        capacity = measures.yardbench(options, url, "--connections", 64, "--duration", f"{options.seconds}s")["requests_per_second"]
        record["capacity"] = capacity
        for kind in [*KINDS, "full handshakes"]:
            turns = []
            for _ in range(options.rounds):
                quiet = others(options, url, options.share * capacity)
                if kind == "full handshakes":
                    flood = full_handshakes(options, tls)
                    beside = others(options, url, options.share * capacity)
                    flood.kill()
                    flood.wait()
                else:
                    say, count = KINDS[kind]
                    with Flood(tls, say, count) as flood:
                        time.sleep(1)
                        beside = others(options, url, options.share * capacity)
                    beside["flood"] = flood.made
                turns.append({"quiet": quiet, "beside": beside})
            middle = sorted(turns, key=lambda turn: turn["beside"]["p99"])[len(turns) // 2]
            allowed = max(OR_MS, MOST_TIMES * middle["quiet"]["p99"])
            held = middle["beside"]["p99"] <= allowed
            worst += not held
            record["kinds"][kind] = {"turns": turns, "median": middle, "allowed_ms": allowed, "held": held}
            print(f"{kind:<20} p99 {middle['quiet']['p99']:.2f} ms quiet, {middle['beside']['p99']:.2f} ms beside"
                  f" ({middle['beside']['failed']} failed): {'held' if held else 'NOT HELD'}"
                  f"{'' if middle['beside']['valid'] else '  (yardbench itself lagged)'}", flush=True)
    record["facts"]["load_average_after"] = facts.os.getloadavg()[0]
    if worst:
        print(f"{worst} kinds of flood are felt by others", file=sys.stderr)
    return record
