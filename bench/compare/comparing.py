"""`scripts/bench peers`: nginx, HAProxy and Switchyard side by side: pinned, interleaved, several rounds."""
import statistics

import facts
import measures
import peers
from machine import Machine

MANY_ROUTES = 1000
# name: (unit, better, body bytes of the endpoints, routes, what is done with a running proxy)
PLAN = {
    "small responses (128 B), 64 connections": ("req/cpu-s", "more", 128, 0, lambda o, p, _: measures.per_processor_second(
        o, p, "--connections", 64)),
    "1 KiB responses": ("req/cpu-s", "more", 1024, 0, lambda o, p, _: measures.per_processor_second(o, p, "--connections", 64)),
    "64 KiB responses": ("req/cpu-s", "more", 65536, 0, lambda o, p, _: measures.per_processor_second(
        o, p, "--connections", 32)),
    "1 MiB responses": ("req/cpu-s", "more", 1 << 20, 0, lambda o, p, _: measures.per_processor_second(
        o, p, "--connections", 16)),
    "a new connection for every request": ("req/cpu-s", "more", 128, 0, lambda o, p, _: measures.per_processor_second(
        o, p, "--connections", 64, "--close")),
    f"{MANY_ROUTES} routes, the last one asked for": ("req/cpu-s", "more", 128, MANY_ROUTES,
        lambda o, p, _: measures.per_processor_second(o, p, "--connections", 64, path=peers.many(MANY_ROUTES)[-1])),
    "p99 at 50 % of the weakest one's capacity": ("ms", "less", 1024, 0, lambda o, p, capacity: measures.latency_at(
        o, p, 0.5 * capacity)),
    "p99 at 80 % of the weakest one's capacity": ("ms", "less", 1024, 0, lambda o, p, capacity: measures.latency_at(
        o, p, 0.8 * capacity)),
    "memory per idle connection": ("bytes", "less", 128, 0, lambda o, p, _: measures.idle_bytes(o, p)),
}


def start_all(machine, options, names, body, routes):
    ports = []
    for number in range(2):
        endpoint = machine.start(f"endpoint-{number}", [options.yardbench, "endpoint", "--body", str(body)],
                                 measures.LOAD_PROCESSOR)
        ports.append(int(machine.wait_said(endpoint, "listening")))
    return {name: peers.start(name, machine, options, ports, measures.PROXY_PROCESSOR, routes) for name in names}


def weakest_capacity(options, proxies):
    """What the weakest of them answers when asked as fast as it can: the scale of the latency measures."""
    return min(measures.yardbench(options, measures.url_of(proxy), "--connections", "64", "--duration",
                                  f"{options.seconds}s", "--warm-up", "1s")["requests_per_second"]
               for proxy in proxies.values())


def measure(title, options, names):
    unit, better, body, routes, take = PLAN[title]
    rounds = {name: [] for name in names}
    with Machine() as machine:
        proxies = start_all(machine, options, names, body, routes)
        capacity = weakest_capacity(options, proxies) if unit == "ms" else None
        # A short unmeasured turn each: caches, pools and connections as they are in a run.
        if unit != "bytes":
            for proxy in proxies.values():
                measures.yardbench(options, measures.url_of(proxy, peers.many(routes)[-1] if routes else "/"),
                                   "--duration", "1s", "--warm-up", "0s")
        for turn in range(1 if unit == "bytes" else options.rounds):
            order = list(names[turn % len(names):] + names[:turn % len(names)])
            for name in order:
                rounds[name].append(take(options, proxies[name], capacity))
    return {"unit": unit, "better": better, "body": body, "routes": routes, "weakest_capacity": capacity,
            "rounds": rounds, "summary": summary(rounds, better)}


def summary(rounds, better):
    values = {name: [one["value"] for one in taken] for name, taken in rounds.items()}
    out = {}
    for name, own in values.items():
        out[name] = {"median": statistics.median(own), "least": min(own), "most": max(own),
                     "failed": sum(one.get("failed", 0) for one in rounds[name]), "ratios": {}}
        for other, theirs in values.items():
            if other == name:
                continue
            ratios = [a / b if b else float("inf") for a, b in zip(own, theirs)]
            out[name]["ratios"][other] = {"median": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}
    return out


def number(value, unit):
    return f"{value:,.0f}" if unit != "ms" else f"{value:.2f}"


def show(title, result):
    print(f"\n{title} [{result['unit']}, {result['better']} is better]")
    for name, one in result["summary"].items():
        unit = result["unit"]
        ratios = "   ".join(f"x{r['median']:.2f} ({r['least']:.2f}–{r['most']:.2f}) {other}"
                            for other, r in one["ratios"].items())
        failed = f"   {one['failed']} failed" if one["failed"] else ""
        print(f"  {name:<11}{number(one['median'], unit):>12}  ({number(one['least'], unit)}–{number(one['most'], unit)})"
              f"   {ratios}{failed}", flush=True)


def add_arguments(parser, starts=peers.START):
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of one turn")
    parser.add_argument("--only", action="append", metavar="WORD", help="measures whose title contains the word")
    parser.add_argument("--peer", action="append", choices=starts, help="only these; may be repeated")
    parser.set_defaults(workers=1)


def run_plan(what, plan, take, options, starts):
    """Every measure of the plan, or those that were asked for; `take` makes one of them with the peers that are there."""
    names = [name for name in (options.peer or starts) if peers.available(name, options)]
    record = {"what": what, "command": facts.command(), "facts": facts.facts(options), "rounds": options.rounds,
              "seconds": options.seconds, "measures": {}}
    for title in plan:
        if options.only and not any(word in title for word in options.only):
            continue
        record["measures"][title] = take(title, options, names)
        show(title, record["measures"][title])
    record["facts"]["load_average_after"] = facts.os.getloadavg()[0]
    return record


def run(options):
    return run_plan("peers", PLAN, measure, options, peers.START)
