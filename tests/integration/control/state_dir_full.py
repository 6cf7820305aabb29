#!/usr/bin/env python3
"""The state file cannot grow, or its disk is full: each change is refused with the reason and changes nothing, traffic
goes on, and as soon as there is room changes are possible again; what was promised (an undo at its deadline) is done then.

A full disk is a small tmpfs and needs the right to mount one; a file that may not grow (RLIMIT_FSIZE) needs nothing."""
import http.client
import os
import pathlib
import resource
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402


class Traffic:
    """One client that asks all the time, and counts."""

    def __init__(self, proxy):
        self.address = proxy.status()["listeners"][0]["bound"]
        self.good, self.bad, self.stop = 0, [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        client = http.client.HTTPConnection(self.address, timeout=running.DEADLINE)
        while not self.stop.is_set():
            try:
                client.request("GET", "/")
                answer = client.getresponse()
                answer.read()
                if answer.status == 200:
                    self.good += 1
                else:
                    self.bad.append(answer.status)
            except OSError as error:
                self.bad.append(error)
                return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def flows(self, what):
        before = self.good
        running.until(f"traffic {what}", lambda: self.good > before + 20 or self.bad)


def split(proxy, blue, **more):
    return proxy.call("PUT", "/v1/routes/app/split", {"blue": blue, "green": 1}, **more)


def refused_meanwhile(proxy, traffic, status, kind, word):
    """Every kind of durable write is refused, and nothing of it is in force."""
    before = proxy.call("GET", "/v1/config")[1], proxy.status()["generation"]
    first = proxy.call("GET", "/v1/generations")[1]["generations"][-1]["generation"]
    for what, answer in (("a split", split(proxy, 77)),
                         ("the same split again", split(proxy, 77, Idempotency_Key="later")),
                         ("an undo", proxy.call("POST", "/v1/undo", {"to": first})),
                         ("an endpoint", proxy.call("PUT", "/v1/upstreams/blue/endpoints/127.0.0.1:1", {}))):
        problem = answer[1]
        check(f"{what} is refused with {status}", answer[0] == status and problem["type"].endswith(":" + kind), answer)
        check(f"{what}: it says why and that nothing was changed", word in problem["detail"].lower() and
              "nothing was changed" in problem["detail"], problem)
    check("a dry run still answers", proxy.call("POST", "/v1/undo?dry_run=true", {"to": first})[0] == 200)
    check("nothing changed", (proxy.call("GET", "/v1/config")[1], proxy.status()["generation"]) == before)
    check("reading goes on", proxy.call("GET", "/v1/audit/verify")[1]["intact"])
    traffic.flows("while the store is refused")


def room_again(proxy, before):
    status, receipt, _ = split(proxy, 88, Idempotency_Key="later")
    check("with room again the next change is done", status == 200 and receipt["generation"] > before, (status, receipt))
    check("the audit is whole", proxy.call("GET", "/v1/audit/verify")[1]["intact"])


def may_not_grow(program, work, config):
    with running.Switchyard(program, work, config) as proxy:
        proxy.healthy("blue", "green")
        unlimited = resource.prlimit(proxy.child.pid, resource.RLIMIT_FSIZE)
        with Traffic(proxy) as traffic:
            for n in range(3):
                split(proxy, n + 1)
            promised = proxy.status()["generation"]
            check("a change that waits for its confirmation", split(proxy, 60)[0] == 200)
            waiting = proxy.call("POST", "/v1/undo", {"to": promised, "confirm_within": "1s"})[1]
            before = waiting["generation"]
            resource.prlimit(proxy.child.pid, resource.RLIMIT_FSIZE, (1, unlimited[1]))
            running.until("the undo at the deadline fails", lambda: '"failed"' in tail_of_events(proxy))
            check("it is still in force", proxy.status()["generation"] == before)
            resource.prlimit(proxy.child.pid, resource.RLIMIT_FSIZE, unlimited)
            running.until("the undo is made good", lambda: proxy.status()["generation"] == before + 1)
            check("and gives what was promised", proxy.status()["routes"][0]["split"]["blue"] == 60, proxy.status()["routes"])
            resource.prlimit(proxy.child.pid, resource.RLIMIT_FSIZE, (1, unlimited[1]))
            refused_meanwhile(proxy, traffic, 500, "internal", "state file")
            resource.prlimit(proxy.child.pid, resource.RLIMIT_FSIZE, unlimited)
            room_again(proxy, before)
            traffic.flows("afterwards")
        check("no request failed", not traffic.bad, traffic.bad[:3])
        newest = proxy.status()["generation"]
        proxy.kill()
    with running.Switchyard(program, work, None, name="again") as proxy:
        check("a restart resumes what was acknowledged last", proxy.status()["generation"] == newest, proxy.status()["generation"])
        check("and the split with it", proxy.status()["routes"][0]["split"]["blue"] == 88)


def tail_of_events(proxy):
    client = http.client.HTTPConnection(proxy.admin.removeprefix("http://"), timeout=running.DEADLINE)
    client.request("GET", "/v1/events", headers={"Authorization": "Bearer " + proxy.token, "Last-Event-ID": "0"})
    seen = client.getresponse().read1(1 << 20).decode()
    client.close()
    return seen


def full_disk(program, work, config):
    disk = pathlib.Path(work) / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True).returncode != 0:
        print("(full disk: no tmpfs can be mounted here; not checked)")
        return
    try:
        with running.Switchyard(program, disk, config) as proxy:
            proxy.healthy("blue", "green")
            filler = disk / "filler"
            with Traffic(proxy) as traffic:
                split(proxy, 5)
                before = proxy.status()["generation"]
                with open(filler, "wb", buffering=0) as out:
                    try:
                        while out.write(b"x" * 4096):
                            pass
                    except OSError:
                        pass
                # The state file has written ahead into a page of its own: whatever still fits may be done.
                while split(proxy, proxy.status()["generation"] % 50 + 1)[0] == 200 and proxy.status()["generation"] < before + 200:
                    pass
                before = proxy.status()["generation"]
                refused_meanwhile(proxy, traffic, 507, "store-full", "full")
                os.unlink(filler)
                room_again(proxy, before)
                traffic.flows("afterwards")
            check("no request failed on a full disk", not traffic.bad, traffic.bad[:3])
            check("it ends in order", proxy.end() == 0)
    finally:
        subprocess.run(["umount", disk], check=True)


def main(program, yardbench):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        may_not_grow(program, work, running.blue_green([blue.address], [blue.address]))
        full_disk(program, work, running.blue_green([blue.address], [blue.address]))
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
