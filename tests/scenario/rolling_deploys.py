#!/usr/bin/env python3
"""Story: deploys that the proxy is not told of. `docker compose up` with three replicas behind a name, a StatefulSet that goes
from pod to pod, a release that never passes its checks, and a registry that forgets everything in the middle of a deploy:
under traffic, without a failed request, and without a generation.

usage: rolling_deploys.py SWITCHYARD YARDBENCH"""
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from addresses import Server, Traffic  # noqa: E402
from checks import check, verdict  # noqa: E402
from discovered import Discovered, discovering  # noqa: E402
from kubernetes_stub import Kubernetes  # noqa: E402
from name_server import NameServer  # noqa: E402
import running  # noqa: E402

READY = {"ready": True, "serving": True, "terminating": False}
LEAVING = {"ready": False, "serving": True, "terminating": True}
STARTING = {"ready": False, "serving": False, "terminating": False}


def told(what, s, traffic):
    check(f"{what}: no request failed", not traffic.wrong, traffic.wrong[:3])
    check(f"{what}: {len(traffic.seen)} requests, no generation", s.generation() == 1, s.generation())


def compose(program, work):
    """Each container is ended, and only then the name loses its address; the new one comes with an address of its own."""
    first = Server("127.0.0.2")
    replicas = [first] + [Server(f"127.0.0.{n}", first.port) for n in (3, 4)]
    with NameServer() as names:
        names.names["app.test"] = [r.host for r in replicas]
        process = {"resolver": {"servers": [names.address], "attempts": 1}}
        with Discovered(program, work, discovering({"dns": {"name": "app.test", "port": first.port}}, process)) as s:
            s.until_up(*(r.address for r in replicas))
            with Traffic(s.proxy.url()) as traffic:
                for n in (5, 6, 7):
                    old, fresh = replicas.pop(0), Server(f"127.0.0.{n}", first.port)
                    old.leave()
                    names.names["app.test"] = [r.host for r in replicas]
                    replicas.append(fresh)
                    names.names["app.test"] = [r.host for r in replicas]
                    s.until_up(*(r.address for r in replicas))
                    s.until_members(*(r.address for r in replicas))
                traffic.only(*(r.host for r in replicas))
            told("compose", s, traffic)
    for replica in replicas:
        replica.__exit__()


def stateful_set(program, work):
    """Pod by pod, the last one first: it drains, ends, is gone; its successor is there, is not ready, is ready."""
    first = Server("127.0.1.1")
    pods = [first] + [Server(f"127.0.1.{n}", first.port) for n in (2, 3)]
    state = {p.host: READY for p in pods}
    token = pathlib.Path(work) / "token"
    token.write_text("first")
    with Kubernetes() as stub:
        def say():
            stub.slice("green-abc", first.port, *state.items())
        say()
        process = {"sources": {"kubernetes": {"url": stub.url, "token_file": str(token)}}}
        with Discovered(program, work, discovering({"kubernetes": {"namespace": "shop", "service": "green", "port": "http"}}, process)) as s:
            s.until_up(*(p.address for p in pods))
            with Traffic(s.proxy.url()) as traffic:
                for at in (2, 1, 0):
                    old = pods[at]
                    state[old.host] = LEAVING
                    say()
                    s.until("it has drained", lambda: s.members()[old.address]["state"] == "drain" and s.members()[old.address]["in_flight"] == 0)
                    old.leave()
                    del state[old.host]
                    say()
                    pods[at] = Server(f"127.0.2.{at + 1}", first.port)
                    state[pods[at].host] = STARTING
                    say()
                    s.until("it is known", lambda: pods[at].address in s.members())
                    state[pods[at].host] = READY
                    say()
                    s.until_up(*(p.address for p in pods))
                traffic.only(*(p.host for p in pods))
                # A release that never passes its checks: the old ones are named no more, and go on.
                with Server("127.0.3.1") as elsewhere:
                    nobody = elsewhere.port
                stub.slice("green-bad", nobody, ("127.0.3.1", READY), ("127.0.3.2", READY))
                state.clear()
                say()
                s.until("kept-last", lambda: [e.get("held") for e in s.members().values()].count("kept-last") == 3)
                traffic.only(*(p.host for p in pods))
                stub.delete("green-bad")
                state.update({p.host: READY for p in pods})
                say()
                s.until_members(*(p.address for p in pods))
            told("StatefulSet", s, traffic)
    for pod in pods:
        pod.__exit__()


def forgetful(program, work):
    """A registry that loses most of what it knew, and finds it again, while a deploy goes on."""
    first = Server("127.0.4.1")
    servers = [first] + [Server(f"127.0.4.{n}", first.port) for n in (2, 3, 4)]
    file = pathlib.Path(work) / "green.json"

    def say(*named):
        new = file.with_suffix(".new")
        new.write_text(json.dumps([n.address for n in named]))
        os.replace(new, file)
    say(*servers)
    with Discovered(program, work, discovering({"file": {"path": str(file)}}, confirm_after="1h")) as s:
        s.until_up(*(x.address for x in servers))
        with Traffic(s.proxy.url()) as traffic:
            fresh = Server("127.0.4.5", first.port)
            say(servers[0], fresh)  # three of four are forgotten; the new one is taken at once
            s.until("the guard", lambda: [e.get("held") for e in s.members().values()].count("mass") == 3)
            s.until_up(*(x.address for x in servers), fresh.address)
            traffic.only(*(x.host for x in servers), fresh.host)
            say(*servers, fresh)
            s.until("found again", lambda: s.discovery()["held"] == 0)
        told("forgetful", s, traffic)
        fresh.__exit__()
    for server in servers:
        server.__exit__()


def main():
    program = sys.argv[1]
    for story in (compose, stateful_set, forgetful):
        with running.workplace() as work:
            story(program, work)
    return verdict()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except running.Failed as failed:
        verdict()
        sys.exit(f"FAILED: {failed}")
