"""`scripts/bench grpc`: unary calls of gRPC, HTTP/2 in clear on both sides, beside nginx and HAProxy: pinned, interleaved.

Latency is taken at half of what the weakest of them can carry: the same rate for all."""
import statistics

import comparing
import facts
import measures
import peers
from machine import Machine, cpu_seconds, free_port

PATH = "/bench.Echo/Unary"
CONNECTIONS, STREAMS = 8, 10


def start_nginx(machine, _, endpoints):
    port, path = free_port(), machine.work / "nginx.conf"
    peers.write(path, "nginx-grpc.conf.in", DIR=machine.work, PORT=port, FIRST=endpoints[0], SECOND=endpoints[1])
    return machine.start("nginx", ["nginx", "-c", path], measures.PROXY_PROCESSOR), port


def start_haproxy(machine, _, endpoints):
    port, path = free_port(), machine.work / "haproxy.cfg"
    peers.write(path, "haproxy-grpc.cfg.in", PORT=port, FIRST=endpoints[0], SECOND=endpoints[1])
    return machine.start("haproxy", ["haproxy", "-f", path], measures.PROXY_PROCESSOR), port


def start_switchyard(machine, options, endpoints):
    port = free_port()
    started = peers.start_switchyard(machine, options, {
        "listeners": [{"name": "web", "bind": f"127.0.0.1:{free_port()}"},
                      {"name": "calls", "bind": f"127.0.0.1:{port}", "protocols": ["h2"]}],
        "upstreams": {"app": {"endpoints": [{"address": f"127.0.0.1:{one}"} for one in endpoints], "protocol": "h2"}},
        "routes": [{"name": "all", "split": {"app": 100}}]}, measures.PROXY_PROCESSOR, workers=1, path=None)
    return started, port


START = {"nginx": start_nginx, "haproxy": start_haproxy, "switchyard": start_switchyard}


def start_all(machine, options, names):
    ports = []
    for number in range(2):
        endpoint = machine.start(f"endpoint-{number}", [options.yardbench, "endpoint", "--h2", "--grpc", "0"], measures.LOAD_PROCESSOR)
        ports.append(int(machine.wait_said(endpoint, "listening")))
    proxies = {}
    for name in names:
        started, port = START[name](machine, options, ports)
        machine.wait_listening(started, port)
        started.port = port
        proxies[name] = started
    return proxies


def call(options, proxy, *arguments):
    before = cpu_seconds(proxy.pid)
    got = measures.yardbench(options, measures.url_of(proxy, PATH), "--grpc", "--connections", CONNECTIONS, "--streams", STREAMS,
                             "--duration", f"{options.seconds}s", *arguments)
    spent = cpu_seconds(proxy.pid) - before
    return {"requests_per_second": got["requests_per_second"], "failed": got["failed"], "unsent": got["unsent"], "valid": got["valid"],
            "latency_ms": got["latency_ms"], "per_cpu_second": got["finished"] / max(spent, 0.01)}


def rounds_of(options, names, proxies, take):
    rounds = {name: [] for name in names}
    for turn in range(options.rounds):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            rounds[name].append(take(proxies[name]))
    return rounds


def add_arguments(parser):
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of one turn")
    parser.add_argument("--peer", action="append", choices=START, help="only these; may be repeated")
    parser.set_defaults(workers=1)


def run(options):
    names = [name for name in (options.peer or START) if peers.available(name, options)]
    record = {"what": "grpc", "command": facts.command(), "facts": facts.facts(options), "rounds": options.rounds,
              "seconds": options.seconds, "measures": {}}

    def keep(title, unit, better, rounds, **more):
        record["measures"][title] = {"unit": unit, "better": better, "rounds": rounds, "summary": comparing.summary(rounds, better), **more}
        comparing.show(title, record["measures"][title])

    with Machine() as machine:
        proxies = start_all(machine, options, names)
        for proxy in proxies.values():
            call(options, proxy, "--warm-up", "0s")

        def fastest(proxy):
            got = call(options, proxy, "--warm-up", "0s")
            return {"value": got["per_cpu_second"], **got}

        most = rounds_of(options, names, proxies, fastest)
        keep(f"unary calls, {CONNECTIONS} connections of {STREAMS} streams", "req/cpu-s", "more", most)
        capacity = min(statistics.median(one["requests_per_second"] for one in taken) for taken in most.values())
        rate = int(capacity / 2)

        def at_half(proxy):
            got = call(options, proxy, "--rate", rate, "--warm-up", "1s")
            return {"value": got["latency_ms"]["p99"], **got}

        keep(f"unary calls, p99 at {rate:,} a second", "ms", "less", rounds_of(options, names, proxies, at_half), weakest_capacity=capacity)
    record["facts"]["load_average_after"] = facts.os.getloadavg()[0]
    return record
