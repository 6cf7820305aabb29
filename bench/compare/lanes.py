"""`scripts/bench h2`: HTTP/2 from clients over TLS, beside nginx, HAProxy and h2o: pinned, interleaved, driven by h2load."""
import functools
import re
import struct
import subprocess

import comparing
import measures
import peers
import secure
from machine import cpu_seconds, free_port

IDLE_CONNECTIONS = 1000
WARM = "1"


def start_h2o(machine, _, endpoints, files):
    port, path = free_port(), machine.work / "h2o.conf"
    peers.write(path, "h2o-h2.conf.in", DIR=machine.work, PORT=port, FIRST=endpoints[0], CHAIN=files[0], KEY=files[1])
    return machine.start("h2o", ["h2o", "-c", path], measures.PROXY_PROCESSOR), port


secure.START["h2o"] = start_h2o


def h2load(proxy, seconds, connections, streams):
    done = subprocess.run(["taskset", "-c", str(measures.LOAD_PROCESSOR), "h2load", "-D", str(seconds), "-c", str(connections),
                           "-m", str(streams), secure.url_of(proxy)], capture_output=True, text=True)
    found = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", done.stdout)
    if found is None:
        raise RuntimeError(f"h2load: {done.stdout}{done.stderr}")
    protocol = re.search(r"Application protocol: (\S+)", done.stdout)
    cipher = re.search(r"Cipher: (\S+)", done.stdout)
    # What is under way when the time is over it reports as errored, at most the streams that are open.
    errored = max(0, int(found[3]) - connections * streams)
    return {"finished": int(found[1]), "failed": int(found[2]) + errored, "protocol": protocol and protocol[1],
            "cipher": cipher and cipher[1]}


def per_processor_second(options, proxy, connections, streams):
    before = cpu_seconds(proxy.pid)
    got = h2load(proxy, options.seconds, connections, streams)
    spent = cpu_seconds(proxy.pid) - before
    if got["protocol"] != "h2":
        raise RuntimeError(f"{proxy.name} speaks {got['protocol']}")
    return {"value": got["finished"] / max(spent, 0.01), "proxy_cpu_seconds": round(spent, 3), **got}


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


# GET / with six fields, by the static table and literals.
REQUEST = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(1, 5, 1, b"\x82\x84\x87\x41\x04idle" + b"".join(
    b"\x40" + bytes((len(name),)) + name + bytes((len(value),)) + value
    for name, value in ((b"user-agent", b"bench"), (b"accept", b"*/*"))))


def ask(one):
    """One request; reads to the end of its stream, and acknowledges the settings."""
    unread, ended = b"", False
    one.sendall(REQUEST)
    one.sendall(frame(4, 1, 0))
    while not ended:
        got = one.recv(65536)
        if not got:
            raise RuntimeError("closed")
        unread += got
        while len(unread) >= 9 and len(unread) >= 9 + (size := int.from_bytes(unread[:3], "big")):
            ended = ended or (unread[3] in (0, 1) and unread[4] & 1 and unread[5:9] == b"\0\0\0\1")
            unread = unread[9 + size:]


def asked(connections, streams):
    """How h2load warms a proxy up, and what it finds."""
    return (lambda _, proxy: h2load(proxy, WARM, connections, streams),
            lambda options, proxy: per_processor_second(options, proxy, connections, streams))


# As in secure.py.
PLAN = {
    "64 connections, 1 stream each, small responses (128 B)": ("req/cpu-s", "more", 128, *asked(64, 1)),
    "16 connections, 10 streams each": ("req/cpu-s", "more", 128, *asked(16, 10)),
    "4 connections, 100 streams each": ("req/cpu-s", "more", 128, *asked(4, 100)),
    "64 KiB responses, 4 connections, 8 streams each": ("req/cpu-s", "more", 65536, *asked(4, 8)),
    "memory per idle connection": ("bytes", "less", 128, None, lambda _, proxy: secure.idle_bytes(proxy, ask, ["h2"], IDLE_CONNECTIONS)),
}


def add_arguments(parser):
    secure.add_arguments(parser)


def run(options):
    return comparing.run_plan("h2", PLAN, functools.partial(secure.measure, PLAN), options, secure.START)
