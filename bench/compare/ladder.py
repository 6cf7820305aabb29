"""`scripts/bench ladder`: throughput against latency: each proxy at a growing share of what it can do."""

import comparing
import facts
import measures
import peers
from machine import Machine

SHARES = (0.1, 0.25, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
BODY = 1024


def add_arguments(parser):
    parser.add_argument("--seconds", type=int, default=3, help="of one step")
    parser.add_argument("--peer", action="append", choices=peers.START, help="only these; may be repeated")
    parser.set_defaults(workers=1)


def run(options):
    names = [name for name in (options.peer or peers.START) if peers.available(name, options)]
    record = {"what": "ladder", "command": facts.command(), "facts": facts.facts(options), "ladders": {}}
    with Machine() as machine:
        for name, proxy in comparing.start_all(machine, options, names, BODY, 0).items():
            most = measures.yardbench(options, measures.url_of(proxy), "--duration", f"{options.seconds}s")
            steps = []
            for share in SHARES:
                got = measures.latency_at(options, proxy, share * most["requests_per_second"])
                steps.append({"offered": got["rate"], "answered": got["requests_per_second"], "valid": got["valid"],
                              "p50": got["latency_ms"]["p50"], "p99": got["latency_ms"]["p99"]})
            record["ladders"][name] = steps
            print(f"\n{name}: {most['requests_per_second']:,.0f} requests per second, closed loop")
            for step in steps:
                print(f"  {step['offered']:>9,} offered  p50 {step['p50']:>8.2f} ms  p99 {step['p99']:>8.2f} ms"
                      f"{'' if step['valid'] else '  (yardbench itself lagged)'}", flush=True)
    record["facts"]["load_average_after"] = facts.os.getloadavg()[0]
    return record
