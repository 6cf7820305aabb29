#!/usr/bin/env python3
"""Switches a real forum from its blue to its green version under load, and proves that nothing was lost.

  scripts/demo               sets up and builds what is needed, then plays the release through (this program)
  scripts/demo --no-build    only plays it, with what build/release holds
  scripts/demo --h2          the crowd comes by HTTP/2, a dozen users on each of its connections

Two versions of the forum run on one database: blue (v1) and green (v2, two processes, of which one will die).
Switchyard stands in front, yardbench is the crowd: anonymous readers and logged-in writers over keep-alive
connections (or HTTP/2). Then: a canary by header, a 10 % split, the switch to green, kill -9 of a green process, undo to blue.
Exit code 0 when everything in the verdict held. No fixed port; everything started here ends here.
"""
import argparse
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

TREE = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TREE / "bench" / "compare"))

from machine import Machine, free_port  # noqa: E402

SEEDED_POSTS = 300
RATE = 600          # requests per second: mixed load that a small machine carries beside three forums
CONNECTIONS = 48
STREAMS = 12        # users on a connection of HTTP/2
PAUSE = "3s"        # of load before and after every step
READY_WITHIN = 30   # seconds

NEXT = """
What to try next:
  README.md, "Five minutes"                                  the first switch of an application of your own
  build/release/switchyard import-nginx /etc/nginx/nginx.conf   what of an nginx configuration is taken over, and what is not
  docs/pipelines.md                                          the same release as one command of a pipeline"""


def start_forum(machine, options, name, colour, version, database):
    process = machine.start(name, [options.build / "forum" / "forum", "--colour", colour, "--version-label", version,
                                   "--port", "0", "--database", database])
    address = machine.wait_said(process, "forum listening on")
    return process, address


def wait_ready(url, what):
    until = time.monotonic() + READY_WITHIN
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            if time.monotonic() > until:
                raise RuntimeError(f"{what} is not ready after {READY_WITHIN} s: {error}") from error
        time.sleep(0.05)


def start_switchyard(machine, options, blue, greens):
    def upstream(addresses):
        return {"endpoints": [{"address": address} for address in addresses], "balance": "least_connections",
                "health": {"type": "http", "path": "/readyz", "interval": "250ms", "timeout": "1s", "rise": 1, "fall": 2}}

    port, admin = free_port(), free_port()
    config = machine.work / "switchyard.json"
    config.write_text(json.dumps({
        "process": {"workers": 2, "state_dir": str(machine.work / "state"), "admin": {"bind": f"127.0.0.1:{admin}"}},
        "listeners": [{"name": "web", "bind": f"127.0.0.1:{port}", "protocols": ["http/1.1", "h2"]}],
        "upstreams": {"blue": upstream([blue]), "green": upstream(greens)},
        "routes": [{"name": "forum", "debug_headers": True,
                    "rules": [{"name": "canary", "when": {"header": "X-Release", "equals": "canary"}, "upstream": "green"}],
                    "split": {"blue": 100, "green": 0}}]}, indent=2))
    process = machine.start("switchyard", [options.build / "switchyard", "run", "--config", config])
    machine.wait_listening(process, port)
    machine.wait_listening(process, admin)
    return process, port, admin, machine.work / "state" / "admin.token"


def missing_posts(database, ledger):
    """Acknowledged ids that the database does not hold, and titles it holds twice although each was written once."""
    acknowledged = ledger.read_text().split()
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        held = {row[0] for row in connection.execute("SELECT public_id FROM posts")}
        doubled = connection.execute(
            "SELECT count(*) FROM (SELECT title FROM posts WHERE title LIKE '% on %' GROUP BY title, author_id"
            " HAVING count(*) > 1)").fetchone()[0]
        intact = connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    return [one for one in acknowledged if one not in held], doubled, intact


def verdict_table(result, missing, doubled, intact):
    changes = [one for one in result["switches"] if one["ok"]]
    names = ["split 90/10", "switch to green", "undo to blue"]
    rows = [("requests answered or finally failed", f"{result['requests']:,}", None),
            ("failed", f"{result['failed']:,}", result["failed"] == 0),
            ("answered by an old release although sent after the switch was answered", f"{result['stale']:,}",
             result["stale"] == 0),
            ("answers that could not be judged", f"{result['unjudged']:,}", result["unjudged"] == 0),
            ("canary: requests with the header answered by green",
             f"{result['canary']['right']} of {result['canary']['asked']}",
             result["canary"]["right"] == result["canary"]["asked"]),
            ("canary: requests without it answered by green", f"{result['canary']['others_early']:,}",
             result["canary"]["others_early"] == 0),
            (f"split: share of green, {result['split']['percent']} % asked for",
             f"{100 * result['split']['to'] / max(1, result['split']['requests']):.2f} % of {result['split']['requests']:,}",
             result["split"]["exact"]),
            ("writes cut by the kill and sent again by the client with the same Idempotency-Key",
             f"{result['retried']:,}", None),
            ("… of these, away from the kill", f"{result['retried_elsewhere']:,}", result["retried_elsewhere"] == 0),
            ("posts acknowledged", f"{result['acknowledged']:,}", result["acknowledged"] > 0),
            ("posts acknowledged and then missing in the database", f"{len(missing):,}", not missing),
            ("posts written twice", f"{doubled:,}", doubled == 0),
            ("database intact (integrity_check)", "yes" if intact else "no", intact)]
    for name, change in zip(names, changes):
        rows.append((f"{name}: answered in", f"{change['answered_in_ms']:.1f} ms", None))
    latency = result["load"]["latency_ms"]
    rows.append(("latency of all requests: p50, p99, max",
                 f"{latency['p50']:.1f} / {latency['p99']:.1f} / {latency['max']:.1f} ms", None))
    if result["broken"]:
        rows.append((f"stopped: {result['broken']}", "", False))
    rows.append(("every step was made", f"{len(changes)} of {len(names)}", len(changes) == len(names)))
    width = max(len(what) for what, _, _ in rows)
    print("\nverdict")
    for what, value, held in rows:
        mark = "" if held is None else ("held" if held else "BROKEN")
        print(f"  {what:<{width}}  {value:>16}  {mark}")
    return all(held is not False for _, _, held in rows)


def play(machine, options):
    database = machine.work / "forum.db"
    seeded = subprocess.run([options.build / "forum" / "forum", "seed", "--database", database, "--posts", str(SEEDED_POSTS),
                             "--users", "20", "--comments", "600"], capture_output=True, text=True)
    if seeded.returncode != 0:
        raise RuntimeError(f"forum seed: {seeded.stderr}")
    print(f"forum     {seeded.stdout.strip()}")
    forums = [start_forum(machine, options, *one, database) for one in (
        ("blue", "blue", "v1"), ("green-1", "green", "v2"), ("green-2", "green", "v2"))]
    (_, blue), (_, green), (doomed, other_green) = forums
    print(f"forum     blue v1 on {blue}, green v2 on {green} and {other_green}, one database")
    _, port, admin, token = start_switchyard(machine, options, blue, [green, other_green])
    for address in (blue, green, other_green):
        wait_ready(f"http://{address}/readyz", f"the forum on {address}")
    wait_ready(f"http://127.0.0.1:{port}/api/v1/posts", "the forum through switchyard")
    print(f"switchyard on 127.0.0.1:{port}, its admin API on 127.0.0.1:{admin}")
    connections = CONNECTIONS // STREAMS if options.h2 else CONNECTIONS
    kind = f"connections of HTTP/2, {STREAMS} users on each" if options.h2 else "keep-alive connections"
    print(f"yardbench  {RATE} requests per second over {connections} {kind}: readers and writers\n", flush=True)
    ledger, result = machine.work / "acknowledged.txt", machine.work / "result.json"
    rehearsal = machine.start_here([
        options.build / "yardbench", "rehearse", f"http://127.0.0.1:{port}/api/v1/posts",
        "--scenario", TREE / "bench" / "scenarios" / "forum_mixed.json", "--rate", RATE, "--connections", connections,
        *(["--h2", "--streams", STREAMS] if options.h2 else []),
        "--admin", f"http://127.0.0.1:{admin}", "--route", "forum", "--token-file", token, "--pause", PAUSE,
        "--kill-pid", doomed.pid, "--kill-name", "one of the two green forums",
        "--ledger", ledger, "--result", result])
    rehearsal.wait()
    if not result.exists():
        raise RuntimeError("the rehearsal gave no result")
    missing, doubled, intact = missing_posts(database, ledger)
    return verdict_table(json.loads(result.read_text()), missing, doubled, intact)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=TREE / "build" / "release", help="build directory")
    parser.add_argument("--h2", action="store_true", help="the crowd speaks HTTP/2")
    options = parser.parse_args()
    for program in ("switchyard", "forum/forum", "yardbench"):
        if not (options.build / program).exists():
            sys.exit(f"demo: {options.build / program} is not built; scripts/demo builds it")
    begun = time.monotonic()
    with Machine() as machine:
        try:
            held = play(machine, options)
        except (RuntimeError, OSError) as error:
            keep = pathlib.Path(tempfile.mkdtemp(prefix="switchyard-demo-logs-"))
            for log in machine.work.glob("*.log"):
                shutil.copy(log, keep)
            sys.exit(f"demo: {error}\ndemo: the logs are in {keep}")
        except KeyboardInterrupt:
            sys.exit("demo: interrupted")
    print(f"\n{'all of it held' if held else 'NOT all of it held'}, {time.monotonic() - begun:.0f} s")
    if held:
        print(NEXT)
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
