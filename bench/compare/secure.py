"""`scripts/bench tls`: TLS with clients, beside nginx and HAProxy: the same certificate (P-256), pinned, interleaved."""
import functools
import socket
import ssl
import subprocess
import time

import comparing
import measures
import peers
from machine import Machine, cpu_seconds, free_port, memory_kib

IDLE_CONNECTIONS = 3000
IDLE_BEFORE = 200


def certificate(folder):
    """A key of P-256 and a certificate that it signs itself: no certificate is verified here."""
    chain, key, both = folder / "tls.pem", folder / "tls.key", folder / "tls.both"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=bench.test", "-addext", "subjectAltName=DNS:bench.test", "-keyout", key, "-out", chain],
                   check=True, capture_output=True)
    both.write_text(chain.read_text() + key.read_text())
    return chain, key, both


def start_nginx(machine, options, endpoints, files):
    port, path = free_port(), machine.work / "nginx.conf"
    peers.write(path, "nginx-tls.conf.in", DIR=machine.work, PORT=port, FIRST=endpoints[0], SECOND=endpoints[1],
                CHAIN=files[0], KEY=files[1], HTTP=" http2" if options.verb == "h2" else "")
    return machine.start("nginx", ["nginx", "-c", path], measures.PROXY_PROCESSOR), port


def start_haproxy(machine, options, endpoints, files):
    port, path = free_port(), machine.work / "haproxy.cfg"
    peers.write(path, "haproxy-tls.cfg.in", PORT=port, FIRST=endpoints[0], SECOND=endpoints[1], BOTH=files[2],
                PROTOCOLS="h2,http/1.1" if options.verb == "h2" else "http/1.1")
    return machine.start("haproxy", ["haproxy", "-f", path], measures.PROXY_PROCESSOR), port


def start_switchyard(machine, options, endpoints, files):
    port = free_port()
    started = peers.start_switchyard(machine, options, {
        "certificates": {"bench": {"chain": str(files[0]), "key": str(files[1])}},
        "listeners": [{"name": "web", "bind": f"127.0.0.1:{free_port()}"},
                      {"name": "tls", "bind": f"127.0.0.1:{port}", "tls": {"certificates": ["bench"]}}],
        "upstreams": {"app": {"endpoints": [{"address": f"127.0.0.1:{one}"} for one in endpoints],
                              "keepalive": {"max_idle": 512}}},
        "routes": [{"name": "all", "split": {"app": 100}}]}, measures.PROXY_PROCESSOR, workers=1, path=None)
    return started, port


START = {"nginx": start_nginx, "haproxy": start_haproxy, "switchyard": start_switchyard}


def start_all(machine, options, names, body):
    files, ports = certificate(machine.work), []
    for number in range(2):
        endpoint = machine.start(f"endpoint-{number}", [options.yardbench, "endpoint", "--body", str(body)],
                                 measures.LOAD_PROCESSOR)
        ports.append(int(machine.wait_said(endpoint, "listening")))
    proxies = {}
    for name in names:
        started, port = START[name](machine, options, ports, files)
        machine.wait_listening(started, port)
        started.port = port
        proxies[name] = started
    return proxies


def url_of(proxy):
    return f"https://127.0.0.1:{proxy.port}/"


def per_processor_second(options, proxy, *arguments):
    before = cpu_seconds(proxy.pid)
    got = measures.yardbench(options, url_of(proxy), "--duration", f"{options.seconds}s", "--warm-up", "0s", *arguments)
    spent = cpu_seconds(proxy.pid) - before
    return {"value": got["finished"] / max(spent, 0.01), "requests_per_second": got["requests_per_second"],
            "failed": got["failed"], "tls": got.get("tls"), "latency_ms": got["latency_ms"], "proxy_cpu_seconds": round(spent, 3)}


def ask_plainly(one):
    one.sendall(b"GET / HTTP/1.1\r\nHost: idle\r\n\r\n")
    while b"\r\n\r\n" not in one.recv(65536):
        pass


def idle_bytes(proxy, ask=ask_plainly, protocols=(), connections=IDLE_CONNECTIONS):
    """User memory (proportional set size) per idle TLS 1.3 connection that has had one answer to what `ask` says on it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if protocols:
        context.set_alpn_protocols(protocols)
    held = []

    def hold(count):
        for _ in range(count):
            one = context.wrap_socket(socket.create_connection(("127.0.0.1", proxy.port)))
            ask(one)
            held.append(one)

    hold(IDLE_BEFORE)  # OpenSSL's own tables, and the allocator's first arenas
    time.sleep(1)
    before = memory_kib(proxy.pid)
    hold(connections)
    time.sleep(1)  # buffers are given back when a connection has become idle, not before
    grown = (memory_kib(proxy.pid) - before) * 1024 / connections
    for one in held:
        one.close()
    return {"value": grown, "connections": connections}


def warm_up(options, proxy):
    measures.yardbench(options, url_of(proxy), "--duration", "1s", "--warm-up", "0s")


def asked(*arguments):
    """How yardbench warms a proxy up, and what it finds."""
    return warm_up, lambda options, proxy: per_processor_second(options, proxy, *arguments)


# name: (unit, better, body bytes of the endpoints, what is done with a proxy before – nothing: once is enough –, what is measured of it)
PLAN = {
    "keep-alive, small responses (128 B), 64 connections": ("req/cpu-s", "more", 128, *asked("--connections", 64)),
    "keep-alive, 1 MiB responses, 16 connections": ("req/cpu-s", "more", 1 << 20, *asked("--connections", 16)),
    "a new connection for every request, full handshake": ("req/cpu-s", "more", 128, *asked("--connections", 32, "--close", "--full-handshakes")),
    "a new connection for every request, resumed": ("req/cpu-s", "more", 128, *asked("--connections", 32, "--close")),
    "memory per idle connection": ("bytes", "less", 128, None, lambda _, proxy: idle_bytes(proxy)),
}


def measure(plan, title, options, names):
    unit, better, body, warm, take = plan[title]
    rounds = {name: [] for name in names}
    with Machine() as machine:
        proxies = start_all(machine, options, names, body)
        for proxy in proxies.values() if warm else ():
            warm(options, proxy)
        for turn in range(options.rounds if warm else 1):
            for name in list(names[turn % len(names):] + names[:turn % len(names)]):
                rounds[name].append(take(options, proxies[name]))
    return {"unit": unit, "better": better, "body": body, "rounds": rounds, "summary": comparing.summary(rounds, better)}


def add_arguments(parser):
    comparing.add_arguments(parser, START)


def run(options):
    return comparing.run_plan("tls", PLAN, functools.partial(measure, PLAN), options, START)
