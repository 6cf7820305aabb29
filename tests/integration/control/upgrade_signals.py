#!/usr/bin/env python3
"""Signals while several processes live: USR1, HUP, TERM and QUIT reach the one that is meant, and those that it is meant to
reach through it; one of before that reads nothing keeps none of them from their end."""
import json
import os
import pathlib
import signal
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402
from upgraded import Lineage  # noqa: E402

SOON = ("--probation", "100ms", "--drain-within", "5m")


def config_of(silent, log):
    return {"process": {"workers": 1, "shutdown_grace": "1s", "log": {"access": str(log)}},
            "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
            "upstreams": {"silent": {"endpoints": [{"address": f"127.0.0.1:{silent}"}], "health": {"type": "none"}}},
            "routes": [{"name": "slow", "match": {"path_prefix": "/slow"}, "split": {"silent": 1}},
                       {"name": "own", "respond": {"status": 200, "body": "here\n"}}]}


class Family:
    """Three processes, of which two have a request that is answered when it is let go."""

    def __init__(self, program, proxy, lineage, silent):
        self.program, self.proxy, self.lineage, self.silent = program, proxy, lineage, silent
        self.held = [self.hold(0)]
        self.upgrade()
        self.held.append(self.hold(1))
        self.upgrade()
        self.oldest, self.middle, self.newest = lineage.pids[-3:]
        check("three live", lineage.running()[-3:] == [self.oldest, self.middle, self.newest], lineage.running())

    def hold(self, number):
        connection = self.ask(f"/slow/{number}")
        return connection, self.silent.accept()[0]

    def ask(self, path):
        connection = socket.create_connection(("127.0.0.1", int(self.proxy.url().rsplit(":", 1)[1])), running.DEADLINE)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        return connection

    def upgrade(self):
        code, out, complaint = self.lineage.upgrade(*SOON)
        check("an upgrade", code == 0, (out, complaint))

    def let_go(self, number):
        connection, taken = self.held[number]
        taken.recv(4096)
        taken.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        check("what was held is answered", connection.recv(100).startswith(b"HTTP/1.1 204"))


def has_open(pid, path):
    try:
        return any(os.path.realpath(each) == str(path) for each in pathlib.Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def usr1(family, log):
    """To the one in charge: each of them goes on in the file of that name."""
    moved = log.with_suffix(".1")
    log.rename(moved)
    os.kill(family.newest, signal.SIGUSR1)
    for pid in (family.oldest, family.middle, family.newest):
        running.until(f"process {pid} has the new file open", lambda: has_open(pid, log))
    for number in (0, 1):
        family.let_go(number)
    with family.ask("/own") as connection:
        connection.recv(100)
    running.until("a line of each is in the new one", lambda: all(path in log.read_text() for path in ("/slow/0", "/slow/1", "/own")))
    check("and none in the old one", "/slow" not in moved.read_text(), moved.read_text())


def hup(family):
    """To one of before: it says that it is not in charge. To the one in charge: the file is read."""
    before = family.proxy.status()["generation"]
    config = json.loads(family.proxy.config.read_text())
    config["routes"].append({"name": "from-the-file", "match": {"path_exact": "/file"}, "respond": {"status": 204}})
    family.proxy.config.write_text(json.dumps(config))
    os.kill(family.middle, signal.SIGHUP)
    running.until("it is said", lambda: "not in charge, and does not read the file" in family.proxy.text())
    check("nothing was read", family.proxy.status()["generation"] == before)
    os.kill(family.newest, signal.SIGHUP)
    running.until("the file is read", lambda: any(r["name"] == "from-the-file" for r in family.proxy.status()["routes"]))
    workers = lambda: family.proxy.status()["workers"]  # noqa: E731
    running.until("and all go by it", lambda: workers() == {"adopted": 3, "of": 3})


def term(family):
    """To one of before: it alone ends."""
    os.kill(family.oldest, signal.SIGTERM)
    running.until("it has ended", lambda: not family.lineage.runs(family.oldest))
    check("the others have not", family.lineage.runs(family.middle) and family.lineage.runs(family.newest))
    with family.ask("/own") as connection:
        check("who connects is served", connection.recv(100).startswith(b"HTTP/1.1 200"))
    running.until("and it is not counted any more", lambda: len(family.proxy.status()["predecessors"]) == 1)


def quit_all(family):
    """To the one in charge: all end, and it goes last, though one of before is stopped and reads nothing."""
    os.kill(family.middle, signal.SIGSTOP)
    os.kill(family.newest, signal.SIGQUIT)
    running.until("the one in charge has ended", lambda: not family.lineage.runs(family.newest))
    running.until("nobody is left", lambda: not family.lineage.running())
    check("and it is said", f"process {family.middle}, which served before this one, has not ended in its time" in family.proxy.text())


def main():
    program = os.path.abspath(sys.argv[1])
    for walk in ((usr1,), (hup, term, quit_all)):
        with running.workplace() as work, socket.create_server(("127.0.0.1", 0)) as silent:
            log = pathlib.Path(work) / "access.log"
            with running.Switchyard(program, work, config_of(silent.getsockname()[1], log)) as proxy, Lineage(program, proxy) as lineage:
                family = Family(program, proxy, lineage, silent)
                for each in walk:
                    each(family, log) if each is usr1 else each(family)
                if lineage.running():
                    lineage.end()
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
