"""What is measured of each proxy. Every measure is a function of a running proxy that gives one number and what it
rests on; the rounds, the interleaving and the medians are in comparing.py."""
import json
import socket
import subprocess
import time

from machine import cpu_seconds, memory_kib

# Everything but the proxy runs here; the proxy has processor 0 for itself.
LOAD_PROCESSOR = 1
PROXY_PROCESSOR = 0
IDLE_CONNECTIONS = 2000


def yardbench(options, url, *arguments):
    done = subprocess.run([options.yardbench, "load", url, "--json", "--pin", str(LOAD_PROCESSOR), *map(str, arguments)],
                          capture_output=True, text=True)
    if not done.stdout.startswith("{"):
        raise RuntimeError(f"yardbench load {url}: {done.stderr}")
    return json.loads(done.stdout)


def url_of(proxy, path="/"):
    return f"http://127.0.0.1:{proxy.port}{path}"


def per_processor_second(options, proxy, *arguments, path="/"):
    """Requests answered per processor second that the proxy spent, user and system, itself and its children."""
    before = cpu_seconds(proxy.pid)
    got = yardbench(options, url_of(proxy, path), "--duration", f"{options.seconds}s", "--warm-up", "0s", *arguments)
    spent = cpu_seconds(proxy.pid) - before
    return {"value": got["finished"] / max(spent, 0.01), "requests_per_second": got["requests_per_second"],
            "failed": got["failed"], "latency_ms": got["latency_ms"], "proxy_cpu_seconds": round(spent, 3)}


def latency_at(options, proxy, rate):
    """Latency from the intended send time at a fixed rate; the value is the p99 in milliseconds."""
    got = yardbench(options, url_of(proxy), "--rate", int(rate), "--connections", 64, "--duration",
                    f"{options.seconds}s", "--warm-up", "1s")
    return {"value": got["latency_ms"]["p99"], "rate": int(rate), "requests_per_second": got["requests_per_second"],
            "failed": got["failed"], "unsent": got["unsent"],
            "latency_ms": got["latency_ms"], "distribution": got["distribution"], "valid": got["valid"]}


def idle_bytes(options, proxy):
    """User memory (proportional set size) per idle keep-alive connection that has had one answer."""
    before, held = memory_kib(proxy.pid), []
    for _ in range(IDLE_CONNECTIONS):
        one = socket.create_connection(("127.0.0.1", proxy.port))
        one.sendall(b"GET / HTTP/1.1\r\nHost: idle\r\n\r\n")
        while b"\r\n\r\n" not in one.recv(65536):
            pass
        held.append(one)
    time.sleep(1)  # buffers are given back when a connection has become idle, not before
    grown = (memory_kib(proxy.pid) - before) * 1024 / IDLE_CONNECTIONS
    for one in held:
        one.close()
    return {"value": grown, "connections": IDLE_CONNECTIONS}
