#!/usr/bin/env python3
"""Story: upgrades that fail. A program that is none, that refuses, that ends, that says what makes no sense; one that is
killed at whatever moment, or whose predecessor is. Every client that connects is answered, and what was acknowledged last is in
force.

usage: upgrade_faults.py SWITCHYARD YARDBENCH [KILLS [SEED]]"""
import collections
import json
import os
import pathlib
import random
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from running import Endpoint, Failed, Switchyard, blue_green, until, workplace  # noqa: E402
from upgraded import Lineage  # noqa: E402

ASK = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


class Visitors:
    """Each connects, asks and goes. One whose process was killed with its request is lost and comes again; none is refused."""

    def __init__(self, port, many=4):
        self.port, self.over, self.count, self.refused = port, threading.Event(), collections.Counter(), []
        self.threads = [threading.Thread(target=self.visit) for _ in range(many)]
        for thread in self.threads:
            thread.start()

    def visit(self):
        while not self.over.is_set():
            try:
                connection = socket.create_connection(("127.0.0.1", self.port), 30)
            except OSError as refusal:
                self.refused.append(repr(refusal))
                continue
            try:
                with connection:
                    connection.sendall(ASK)
                    text = b""
                    while part := connection.recv(4096):
                        text += part
                self.count[text.split(b" ", 2)[1].decode() if text else "lost"] += 1
            except (OSError, IndexError):
                self.count["lost"] += 1

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()


def script(work, name, text):
    path = pathlib.Path(work) / name
    path.write_text("#!/bin/sh\n" + text + "\n")
    path.chmod(0o755)
    return path


def programs_that_fail(work, proxy, lineage):
    """Nothing of them is ever heard by a client, and the reason is said."""
    talker = script(work, "talks", 'exec python3 -c \'import socket; s = socket.socket(fileno=3); s.send(b"what?"); s.recv(1)\'')
    for binary, expected in ((pathlib.Path(work) / "nowhere", "no program"), (script(work, "refuses", "exit 7"), "exit code 7"),
                             (script(work, "dies", "kill -9 $$"), "in its phase hello"), (talker, "shorter than its head"),
                             (script(work, "older", f'exec {lineage.program} run --no-such-option'), "exit code 2")):
        before = proxy.status()["generation"]
        code, out, complaint = lineage.upgrade("--binary", binary)
        if code != 1 or expected not in complaint + out:
            raise Failed(f"{binary}: {code} {out} {complaint}")
        if lineage.running() != lineage.pids[:1] or proxy.status()["generation"] != before:
            raise Failed(f"{binary}: it is not as before: {lineage.running()}")


def switched(proxy, colour):
    """Acknowledged: 200."""
    def ask():
        try:
            return proxy.call("POST", "/v1/routes/app/switch", {"to": colour})[0] == 200
        except OSError:
            return False  # its process has ended; a repetition says what came of it
    until(f"a switch to {colour}", ask)
    return proxy.status()["generation"]


def started(proxy):
    """The new process."""
    status, body, _ = proxy.call("POST", "/v1/upgrade", {"probation": "1m", "drain_within": "500ms", "cut_oldest": True})
    if status != 202:
        raise Failed(f"{status} {body}")
    return body["upgrade"]["pid"]


def killed_at_random(proxy, lineage, kills, seed, start=None):
    """The new process, or the one whose place it takes, ends at any moment of an upgrade: the former before its probation is over."""
    chance = random.Random(seed)
    outcome = collections.Counter()
    acknowledged = proxy.status()["generation"]
    for number in range(kills):
        serving = lineage.serving()
        fresh = start() if start else started(proxy)
        if fresh not in lineage.pids:
            lineage.pids.append(fresh)
        time.sleep(chance.random() * chance.choice((0.05, 0.3, 0.9)))  # the moment is what is drawn
        colour = ("green", "blue")[number % 2]
        if chance.random() < 0.5:
            acknowledged = switched(proxy, colour)
        # The old one only where the new one is in charge: before that it is the only one there is.
        in_charge = (lineage.view()["upgrade"] or {}).get("state") == "probation"
        victim, other = (serving, fresh) if in_charge and chance.random() < 0.3 else (fresh, serving)
        if lineage.runs(victim) and lineage.runs(other):
            os.kill(victim, signal.SIGKILL)
            outcome["new" if victim == fresh else "old"] += 1

        def settled():
            view = lineage.view()
            upgrade = view["upgrade"]
            return (not upgrade or upgrade["state"] in ("done", "failed")) and len(lineage.running()) == 1 and view
        until(f"kill {number}: one process is left and knows it", settled)
        outcome[(lineage.view()["upgrade"] or {}).get("state", "none")] += 1
        now = proxy.status()["generation"]
        if now < acknowledged:
            raise Failed(f"kill {number}: generation {acknowledged} was acknowledged, {now} is in force")
        acknowledged = switched(proxy, colour)
        lineage.pids = lineage.running()
    return outcome


def main():
    program, yardbench = os.path.abspath(sys.argv[1]), sys.argv[2]
    kills = int(sys.argv[3]) if len(sys.argv) > 3 else 12
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        with Switchyard(program, work, blue_green([blue.address], [green.address])) as proxy, Lineage(program, proxy) as lineage:
            proxy.healthy("blue", "green")
            visitors = Visitors(int(proxy.url().rsplit(":", 1)[1]))
            try:
                programs_that_fail(work, proxy, lineage)
                if visitors.count["lost"]:
                    raise Failed(f"a program that never began to serve lost somebody: {visitors.count}")
                outcome = killed_at_random(proxy, lineage, kills, seed)
            except Failed as failed:
                raise Failed(f"{failed}\n{proxy.text()[-4000:]}") from None
            finally:
                visitors.end()
            print(json.dumps({"visitors": visitors.count, "upgrades": outcome, "refused": len(visitors.refused)}))
            if visitors.refused or set(visitors.count) - {"200", "lost"}:
                raise Failed(f"{visitors.count}, refused: {visitors.refused[:5]}\n{proxy.text()[-3000:]}")
            lineage.end()


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
