"""`scripts/bench report`: everything recorded under bench/record/, as one self-contained HTML page, drawn as the dashboard draws."""
import html
import json
import math
import pathlib

import drawn

TREE = pathlib.Path(__file__).resolve().parents[2]


def table(head, rows):
    def cells(kind, row):
        return "<tr>" + "".join(f"<{kind}>{html.escape(str(cell))}</{kind}>" for cell in row) + "</tr>"
    return "<table>" + cells("th", head) + "".join(cells("td", row) for row in rows) + "</table>"


def origin(name, record):
    facts = record.get("facts", {})
    versions = ", ".join(f"{program} {version}" for program, version in facts.get("versions", {}).items())
    return (f"<p><small>{html.escape(name)}: <code>{html.escape(record.get('command', ''))}</code><br>"
            f"{facts.get('when')}, commit {facts.get('commit')}, {html.escape(str(facts.get('processor')))} "
            f"x {facts.get('processors')}, Linux {facts.get('kernel')}, {html.escape(str(facts.get('compiler')))}; {versions}; "
            f"load average before {facts.get('load_average_before', 0):.1f}, after {facts.get('load_average_after', 0):.1f}"
            "</small></p>")


def number(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def nines(distribution):
    """Points with x = number of nines, so that the tail has room."""
    return [(-math.log10(max(1e-9, 1 - quantile)), ms) for quantile, ms in distribution]


NINES = {0: "0", 1: "p90", 2: "p99", 3: "p99.9", 4: "p99.99", 5: "p99.999"}


def peers_section(record):
    out = ""
    for title, measure in record["measures"].items():
        out += f"<h3>{html.escape(title)}</h3>"
        summary = measure["summary"]
        out += drawn.plot("bars", unit=measure["unit"], rows=[{"name": name, **{key: one[key] for key in ("median", "least", "most")}} for name, one in summary.items()])
        out += table(["", "median", "least", "most", *(f"x {name}" for name in summary)],
                     [[name, number(one["median"]), number(one["least"]), number(one["most"]),
                       *("" if other == name else
                         f"{one['ratios'][other]['median']:.2f} ({one['ratios'][other]['least']:.2f}–{one['ratios'][other]['most']:.2f})"
                         for other in summary)] for name, one in summary.items()])
        curves = {name: nines(rounds[len(rounds) // 2]["distribution"]) for name, rounds in measure["rounds"].items()
                  if rounds and "distribution" in rounds[0]}
        if curves:
            last = math.ceil(max(x for line in curves.values() for x, _ in line))
            rate = measure["rounds"][next(iter(curves))][0]["rate"]
            out += plotted(f"Latency by quantile at {rate:,} requests per second (one round)", curves, "ms", ["p0", NINES.get(last, "")],
                           [{"at": x, "text": label} for x, label in NINES.items() if 0 < x <= last])
    return out


def plotted(title, curves, unit, ends, marks=()):
    """curves: {name: [(x, y), …]}, on a scale of powers of ten."""
    of = [{"name": name, "at": [x for x, _ in line], "points": [y for _, y in line]} for name, line in curves.items()]
    return drawn.plot("lines", title=title, of=of, unit=unit, ends=ends, marks=list(marks), log=True)


def ladder_section(record):
    curves = {name: [(step["answered"], step["p99"]) for step in steps] for name, steps in record["ladders"].items()}
    answered = [x for line in curves.values() for x, _ in line]
    return plotted("p99 by requests answered per second", curves, "ms", [f"{min(answered):,.0f}/s", f"{max(answered):,.0f}/s"])


def switch_section(record):
    rows = []
    out = ""
    for name, way in record["ways"].items():
        made = max(1, sum(one["ok"] for one in way["switches"]))
        rows.append([name, made, f"{way['answered_in_ms']['p50']:.2f} ms", f"{way['stale'] / made:.1f}",
                     f"{way['stale_until_ms']:.0f} ms", f"{way['failed'] / made:.2f}", f"{way['load']['latency_ms']['p99']:.2f} ms"])
    out += table(["through", "switches", "answered in, p50", "stale per switch", "for up to", "failed per switch", "p99"], rows)
    for name, way in record["ways"].items():
        out += f"<h3>around a switch through {html.escape(name)}</h3>"
        rows = way["timeline"]
        of = [{"name": kind, "arm": arm, "at": [row[0] for row in rows], "points": [row[1 + i] for row in rows]}
              for i, (kind, arm) in enumerate((("new colour", 1), ("old colour", 0), ("failed", 3)))]
        out += drawn.plot("lines", title="Requests by when they were sent", of=of, unit="requests", ends=[f"{rows[0][0]} ms", f"{rows[-1][0]} ms"],
                          marks=[{"at": 0, "text": "the answer to the switch"}])
    return out


SECTIONS = {"peers": ("Side by side", peers_section), "switch": ("Switches under load", switch_section),
            "ladder": ("Throughput against latency", ladder_section)}


def add_arguments(parser):
    parser.add_argument("--to", type=pathlib.Path, default=TREE / "build" / "bench-report.html")
    parser.set_defaults(workers=0)


def run(options):
    page = ""
    for path in sorted((TREE / "bench" / "record").glob("*.json")):
        record = json.loads(path.read_text())
        if record.get("what") not in SECTIONS:
            continue
        title, section = SECTIONS[record["what"]]
        page += f"<h2>{title}</h2>" + section(record) + origin(path.name, record)
    if not page:
        raise SystemExit("bench report: nothing recorded yet; run scripts/bench peers or scripts/bench switch")
    options.to.parent.mkdir(parents=True, exist_ok=True)
    options.to.write_text(drawn.page("Switchyard, measured", page))
    print(f"written to {options.to}")
