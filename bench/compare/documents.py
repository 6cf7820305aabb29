"""`scripts/bench docs`: writes the tables of docs/bench.md from what is recorded; no figure there is typed by hand."""
import json
import pathlib
import re

TREE = pathlib.Path(__file__).resolve().parents[2]
PAGE = TREE / "docs" / "bench.md"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def origin(record):
    facts = record["facts"]
    versions = ", ".join(f"{program} {version}" for program, version in facts["versions"].items())
    changed = facts["files_changed_since_commit"]
    return (f"`{record['command']}` on {facts['when']}, switchyard built {facts['switchyard_built']}, commit {facts['commit']}"
            f"{f' and {changed} changed files' if changed else ''}; {facts['processor']} × {facts['processors']}, "
            f"Linux {facts['kernel']}, {facts['compiler']}, {versions}; load average {facts['load_average_before']:.1f} before"
            f"{', niceness %d' % facts['niceness'] if facts.get('niceness') else ''}"
            f"{', %.1f after' % facts['load_average_after'] if 'load_average_after' in facts else ''}.")


def number(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def peers(record):
    rows = []
    for title, measure in record["measures"].items():
        summary = measure["summary"]
        if "switchyard" not in summary:
            continue
        ratios = summary["switchyard"]["ratios"]
        rows.append([title, measure["unit"], *(number(summary[name]["median"]) if name in summary else "–"
                                               for name in ("switchyard", "nginx", "haproxy")),
                     *(f"×{ratios[name]['median']:.2f} ({ratios[name]['least']:.2f}–{ratios[name]['most']:.2f})"
                       if name in ratios else "–" for name in ("nginx", "haproxy"))])
    return table(["measure", "unit", "switchyard", "nginx", "haproxy", "to nginx", "to haproxy"], rows)


def lanes(record):
    names = ("nginx", "haproxy", "h2o")
    rows = []
    for title, measure in record["measures"].items():
        summary = measure["summary"]
        ratios = summary["switchyard"]["ratios"]
        rows.append([title, measure["unit"], *(number(summary[name]["median"]) if name in summary else "–"
                                               for name in ("switchyard", *names)),
                     *(f"×{ratios[name]['median']:.2f} ({ratios[name]['least']:.2f}–{ratios[name]['most']:.2f})"
                       if name in ratios else "–" for name in names)])
    return table(["measure", "unit", "switchyard", *names, *(f"to {name}" for name in names)], rows)


def switch(record):
    rows = []
    for name, way in record["ways"].items():
        made = max(1, sum(one["ok"] for one in way["switches"]))
        rows.append([name, made, f"{way['answered_in_ms']['p50']:.2f} ms", f"{way['answered_in_ms']['max']:.2f} ms",
                     f"{way['stale'] / made:.1f}", f"{way['stale_until_ms']:.0f} ms", f"{way['failed'] / made:.2f}"])
    return table(["through", "switches", "answered in, p50", "max", "stale requests per switch", "for up to",
                  "failed per switch"], rows)


def ladder(record):
    rows = [[name, f"{step['offered']:,}", f"{step['p50']:.2f}", f"{step['p99']:.2f}", "" if step["valid"] else "yardbench lagged"]
            for name, steps in record["ladders"].items() for step in steps]
    return table(["proxy", "offered req/s", "p50 ms", "p99 ms", "note"], rows)


def forum(record):
    rows = []
    for title, measure in record["measures"].items():
        summary = measure["summary"]
        if "gin" not in summary:
            continue
        ratio = summary["forum"]["ratios"]["gin"]
        rows.append([title, *(number(summary[name]["median"]) for name in ("forum", "gin")),
                     f"×{ratio['median']:.2f} ({ratio['least']:.2f}–{ratio['most']:.2f})"])
    slow = record["beside_slow_clients"]
    middle = slow["median"]
    return "\n".join([
        table(["requests per processor second", "forum", "Gin + GORM", "ratio"], rows), "",
        f"p99 of {slow['rate']} reads a second: {middle['quiet_p99_ms']:.2f} ms when it is quiet, {middle['beside_p99_ms']:.2f} ms beside "
        f"{slow['slow_clients']:,} clients who send a body one byte a second, all in the same moment (medians of {len(slow['turns'])} turns)."])


def truth(record):
    stall, speed, delay = record["stall"], record["speed"], record["delay"]
    names = ("p50", "p90", "p99", "p99.9", "max")
    rows = [[label, *(f"{values[name]:.1f}" if values and name in values else "–" for name in names)]
            for label, values in (("as it was (computed)", stall["truth_ms"]), ("yardbench, from the intended send", stall["yardbench_ms"]),
                                  ("the same run, from the actual send", stall["yardbench_from_actual_send_ms"]),
                                  ("wrk, 8 connections", stall["wrk_ms"]))]
    return "\n".join([
        f"- One load thread on one processor: **{speed['yardbench']:,.0f} requests per second** over 64 keep-alive connections"
        + (f" (wrk on the same endpoint: {speed['wrk']:,.0f})." if speed["wrk"] else "."),
        f"- Requests sent {speed['sent']:,}; counted by the endpoint itself {speed['counted_by_endpoint']:,}.",
        f"- An endpoint that answers 10 ms after each request, 1,000 requests per second: p50 {delay['p50']:.2f} ms, "
        f"p99 {delay['p99']:.2f} ms.",
        "- An endpoint that freezes for 1 s every 10 s, 500 requests per second for 40 s, in ms:", "",
        table(["", *names], rows)])


def floods(record):
    rows = []
    for kind, one in record["kinds"].items():
        middle = one["median"]
        rows.append([kind, f"{middle['flood']:,.0f}", f"{middle['quiet']['p99']:.2f}", f"{middle['beside']['p99']:.2f}", middle["failed"],
                     f"{one['valid']} of {len(one['turns'])}", "yes" if one["held"] else "no"])
    return table(["flood", "a second", "p99 ms without", "p99 ms beside", "failed", "turns", "held"], rows)


SECTIONS = {"truth": truth, "switch": switch, "switch-1000": switch, "peers": peers, "tls": peers, "h2": lanes, "grpc": peers, "floods": floods, "ladder": ladder, "forum": forum}


def add_arguments(parser):
    parser.set_defaults(workers=0)


def run(options):
    page = PAGE.read_text()
    for name, section in SECTIONS.items():
        path = TREE / "bench" / "record" / f"{name}.json"
        mark = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.S)
        if not path.exists() or not mark.search(page):
            print(f"{name}: nothing recorded, or no place for it in {PAGE.name}: left as it is")
            continue
        record = json.loads(path.read_text())
        written = f"{section(record)}\n\n{origin(record)}\n"
        page = mark.sub(lambda found, text=written: found.group(1) + text + found.group(2), page)
    PAGE.write_text(page)
    print(f"written to {PAGE.relative_to(TREE)}")
