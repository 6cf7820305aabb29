"""`scripts/bench truth`: yardbench against an endpoint with known answers, and wrk on the same for comparison."""
import json
import re
import shutil
import signal
import subprocess

import facts
import measures
from machine import Machine

STALL_EVERY, STALL_FOR, STALL_RUN = 10, 1, 40  # seconds
STALL_RATE = 500
DELAY_MS = 10


def endpoint(machine, options, *arguments):
    started = machine.start("endpoint", [options.yardbench, "endpoint", *arguments], measures.PROXY_PROCESSOR)
    return started, f"http://127.0.0.1:{machine.wait_said(started, 'listening')}/"


def counted(started):
    """The endpoint's own count of the requests it has read."""
    started.process.send_signal(signal.SIGTERM)
    started.process.wait(20)
    return json.loads(started.said().splitlines()[-1])["requests"]


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def wrk(url, connections, seconds):
    if not shutil.which("wrk"):
        return None
    text = subprocess.run(["taskset", "-c", str(measures.LOAD_PROCESSOR), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
                           "--timeout", "10s", "--latency", url], capture_output=True, text=True).stdout
    found = {name: milliseconds(re.search(rf"^\s+{mark}%\s+(\S+)", text, re.MULTILINE).group(1))
             for name, mark in (("p50", 50), ("p90", 90), ("p99", 99))}
    found["max"] = milliseconds(re.search(r"Latency\s+\S+\s+\S+\s+(\S+)", text).group(1))
    found["requests_per_second"] = float(re.search(r"Requests/sec:\s+(\S+)", text).group(1))
    return found


def stall_truth():
    """Quantiles of the waits at a fixed rate: the share of requests due during a stall waited evenly from 0 to its length."""
    stalls = sum(1 for begin in range(STALL_EVERY, STALL_RUN, STALL_EVERY))
    share = stalls * STALL_FOR / STALL_RUN
    return {name: max(0.0, (1 - (1 - q) / share) * STALL_FOR * 1000)
            for name, q in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0))}


def speed(machine, options):
    started, url = endpoint(machine, options, "--body", "128")
    own = measures.yardbench(options, url, "--duration", "5s", "--connections", "64")
    beside = wrk(url, 64, 5)
    machine.end(started)
    started, url = endpoint(machine, options, "--body", "128")
    sent = measures.yardbench(options, url, "--duration", "3s", "--connections", "64")["whole_run"]["sent"]
    return {"yardbench": own["requests_per_second"], "wrk": beside and beside["requests_per_second"],
            "sent": sent, "counted_by_endpoint": counted(started)}


def delay(machine, options):
    _, url = endpoint(machine, options, "--delay", f"{DELAY_MS}ms")
    return measures.yardbench(options, url, "--rate", 1000, "--duration", "5s")["latency_ms"]


def stall(machine, options):
    arguments = ("--stall-every", f"{STALL_EVERY}s", "--stall-for", f"{STALL_FOR}s")
    _, url = endpoint(machine, options, *arguments)
    open_loop = measures.yardbench(options, url, "--rate", STALL_RATE, "--duration", f"{STALL_RUN}s", "--warm-up", "0s")
    _, url = endpoint(machine, options, *arguments)
    return {"truth_ms": stall_truth(), "yardbench_ms": open_loop["latency_ms"],
            "yardbench_from_actual_send_ms": open_loop["service_ms"], "wrk_ms": wrk(url, 8, STALL_RUN)}


def add_arguments(parser):
    parser.set_defaults(workers=0)


def run(options):
    record = {"what": "truth", "command": facts.command(), "facts": facts.facts(options)}
    with Machine() as machine:
        for name, take in (("speed", speed), ("delay", delay), ("stall", stall)):
            record[name] = take(machine, options)
            print(name, json.dumps(record[name], indent=1), flush=True)
    record["facts"]["load_average_after"] = facts.os.getloadavg()[0]
    return record
