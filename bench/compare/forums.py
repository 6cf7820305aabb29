"""`scripts/bench forum`: the forum beside a small one on Gin and GORM (bench/gin_forum), and beside slow clients."""
import contextlib
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import urllib.request

import facts
import measures
from comparing import show, summary
from machine import Machine, cpu_seconds

TREE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE / "tests" / "support"))
from databases import mariadb  # noqa: E402

POSTS = 500
SLOW_CLIENTS = 1060
QUIET_RATE = 300
POST = {"category": "general", "title": "A post of the load", "tags": ["proxy"], "body": "some words of which most texts are made " * 12}


class Forum:
    def __init__(self, port, started):
        self.port, self.pid = port, started.pid
        self.post = self.get("/api/v1/posts")["items"][0]["id"]
        account = {"username": "writer", "password": "a long enough secret"}
        self.token = self.call("POST", "/api/v1/register", account)["access_token"]

    def get(self, path):
        return self.call("GET", path)

    def call(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method, headers={"Content-Type": "application/json"},
                                         data=json.dumps(body).encode() if body is not None else None)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)


def read(path):
    return lambda options, forum: measures.per_processor_second(options, forum, "--connections", 16, path=path(forum))


def write(options, forum):
    return measures.per_processor_second(options, forum, "--connections", 16, "-X", "POST", "-H", "Authorization: Bearer " + forum.token,
                                         "-H", "Content-Type: application/json", "--body", json.dumps(POST), path="/api/v1/posts")


PLAN = {
    "the first page of the list, 25 posts": read(lambda forum: "/api/v1/posts"),
    "one post with its comments": read(lambda forum: f"/api/v1/posts/{forum.post}"),
    "a post written, on disk before the answer": write,
}


def start_forum(machine, program, name, *flags, database=None):
    started = machine.start(name, [program, "--port", "0", "--database", database or machine.work / f"{name}.db", "--seed-posts", POSTS,
                                   "--log-requests", "none", *flags], measures.PROXY_PROCESSOR)
    return Forum(int(machine.wait_said(started, "forum listening").rsplit(":", 1)[1]), started)


def start_gin(machine, name, *flags):
    program = machine.work / "gin_forum"
    if not program.exists():
        subprocess.run(["go", "build", "-trimpath", "-o", program, "."], cwd=TREE / "bench" / "gin_forum", check=True)
    started = machine.start(name, [program, "-database", machine.work / "gin.db", "-seed-posts", POSTS, *flags], measures.PROXY_PROCESSOR)
    return Forum(int(machine.wait_said(started, "gin listening").rsplit(":", 1)[1]), started)


def beside_slow_clients(options, program):
    """p99 of a few readers, alone and beside the slow ones. The slow have processor 1 for themselves, so what they cost
    on their own side is not counted; the readers share processor 0 with the forum."""
    turns = []
    with Machine() as machine:
        forum = start_forum(machine, program, "slow", "--env", "prod")

        def readers():
            done = subprocess.run([options.yardbench, "load", f"http://127.0.0.1:{forum.port}/api/v1/posts", "--json", "-q", "--pin",
                                   str(measures.PROXY_PROCESSOR), "--connections", "8", "--rate", str(QUIET_RATE), "--duration",
                                   f"{2 * options.seconds}s"], capture_output=True, text=True, check=True)
            return json.loads(done.stdout)["latency_ms"]["p99"]

        for turn in range(options.rounds):
            quiet = readers()
            slow = machine.start(f"slow-{turn}", [sys.executable, pathlib.Path(__file__).with_name("slow_clients.py"), forum.port,
                                                  SLOW_CLIENTS, 2 * options.seconds + 6], measures.LOAD_PROCESSOR)
            machine.wait_said(slow, "all connected")
            before = cpu_seconds(slow.pid)
            beside = readers()
            turns.append({"quiet_p99_ms": quiet, "beside_p99_ms": beside, "attackers_cpu_seconds": round(cpu_seconds(slow.pid) - before, 3)})
            slow.process.wait(60)
            print(f"  p99 quiet {quiet:.2f} ms, beside {SLOW_CLIENTS} slow bodies {beside:.2f} ms", flush=True)
    middle = {name: statistics.median(turn[name] for turn in turns) for name in turns[0]}
    return {"slow_clients": SLOW_CLIENTS, "rate": QUIET_RATE, "turns": turns, "median": middle}


def add_arguments(parser):
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of one turn")
    parser.add_argument("--before", type=pathlib.Path, metavar="PROGRAM", help="a forum of another build, measured as well")
    parser.add_argument("--mariadb", action="store_true", help="also both on a MariaDB server")
    parser.set_defaults(workers=0)


def run(options):
    program = options.build / "forum" / "forum"
    record = {"what": "forum", "command": facts.command(), "facts": facts.facts(options), "rounds": options.rounds,
              "seconds": options.seconds, "posts": POSTS, "measures": {}}
    with Machine() as machine:
        forums = {"forum": start_forum(machine, program, "forum")}
        if options.before:
            forums["before"] = start_forum(machine, options.before, "before")
        if shutil.which("go"):
            forums["gin"] = start_gin(machine, "gin")
            record["facts"]["versions"]["go"] = facts.said("go", "version").split()[2].removeprefix("go")
        else:
            print("go is not there: the forum alone")
        server = start_on_server(options, machine, program, forums) if options.mariadb else contextlib.nullcontext()
        with server:
            measure(options, forums, record)
    record["beside_slow_clients"] = beside_slow_clients(options, program)
    record["facts"]["load_average_after"] = facts.os.getloadavg()[0]
    return record


def start_on_server(options, machine, program, forums):
    """The same two on one MariaDB server, which has a processor with the load; only what the programs themselves spend is counted."""
    server = mariadb(synced=True)
    forums["forum on MariaDB"] = start_forum(machine, program, "forum-mariadb", database=server.fresh())
    forums["forum on MariaDB, signals in a file"] = start_forum(
        machine, program, "forum-mariadb-file", database=server.fresh(signals=f"file:{machine.work}/signals"))
    if shutil.which("go"):
        name = server.fresh().split("@/")[1].split("?")[0]
        forums["gin on MariaDB"] = start_gin(machine, "gin-mariadb", "-mysql", f"root@unix({server.socket})/{name}?parseTime=true")
    return server


def measure(options, forums, record):
    for title, take in PLAN.items():
        rounds = {name: [] for name in forums}
        for turn in range(options.rounds):
            for name in sorted(forums, reverse=turn % 2 == 1):
                rounds[name].append(take(options, forums[name]))
        record["measures"][title] = {"unit": "req/cpu-s", "better": "more", "rounds": rounds, "summary": summary(rounds, "more")}
        show(title, record["measures"][title])
