#!/usr/bin/env python3
"""What goes wrong with a registry, row by row, under traffic: Consul and Kubernetes as another than the client's author read their
documentation, etcd as Debian has it. No healthy endpoint is lost, no request fails, and the source says what is wrong.

With `silent`: the rows of a registry that accepts and says nothing, which last as long as the client is patient."""
import base64
import contextlib
import json
import pathlib
import shutil
import sys
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import running  # noqa: E402
from addresses import Server, Traffic  # noqa: E402
from checks import check, verdict  # noqa: E402
from consul_agent import ConsulAgent, Instance  # noqa: E402
from discovered import Discovered, discovering  # noqa: E402
from discovery_sources import Etcd  # noqa: E402
from kubernetes_server import EXPIRED, KubernetesServer, pod, status  # noqa: E402

PATIENCE, PATIENCE_OF_A_WATCH = 120.0, 400.0  # longer than a client waits for a word


class Rows:
    """Each row is told, and one that fails does not hide the others."""

    def __init__(self, source, proxy):
        self.source, self.s = source, proxy

    @contextlib.contextmanager
    def __call__(self, what, *still):
        begun = time.monotonic()
        try:
            yield
            if still:
                found = {a for a, e in self.s.members().items() if e["health"] == "up"}
                check(f"{self.source}: {what}: all are there", found == {e.address for e in still}, found)
        except running.Failed as failed:
            check(f"{self.source}: {what}", False, failed)
        print(f"{self.source}: {what}: {time.monotonic() - begun:.1f} s", flush=True)

    def stale(self, why=""):
        self.s.until_state("stale", why)

    def current(self):
        self.s.until_state("current")


@contextlib.contextmanager
def under_traffic(source, program, work, discover, process):
    """Begins when an endpoint is up."""
    with Discovered(program, work, discovering(discover, process)) as s:
        s.until("somebody is up", lambda: any(e["health"] == "up" for e in s.members().values()))
        with Traffic(s.proxy.url(), connections=2) as traffic:
            yield s, Rows(source, s), traffic
        check(f"{source}: no request failed", not traffic.wrong, traffic.wrong[:3])
        check(f"{source}: no generation", s.generation() == 1, s.generation())


def consul(program, a, b):
    one, two = Instance(a, "one"), Instance(b, "two", at_node=True, weights=(3, 1))
    with ConsulAgent(hurry=20) as agent, running.workplace() as work:
        agent.register(one)
        agent.may(sesame="read", poor="")
        process = {"sources": {"consul": {"url": agent.url, "token": "sesame"}}}
        with under_traffic("consul", program, work, {"consul": {"service": "green", "tags": ["V2"], "datacenter": "dc1"}}, process) as (s, row, traffic):
            with row("up, at the address of its node, with its weight", a, b):
                agent.register(two)
                s.until_up(a.address, b.address)
                check("consul: its weight", s.members()[b.address]["weight"] == 3, s.members())
            with row("a warning", a, b):
                agent.register(Instance(b, "two", at_node=True, weights=(3, 2), service="warning"))
                s.until("the weight of a warning", lambda: s.members()[b.address]["weight"] == 2)
                agent.register(two)
                s.until("the weight of one that passes", lambda: s.members()[b.address]["weight"] == 3)
            with row("its node is critical", a, b):
                agent.register(Instance(b, "two", at_node=True, weights=(3, 1), node="critical"))
                s.until("down by Consul", lambda: s.members()[b.address].get("source_says") == "down")
                traffic.only(a.host)
                agent.register(two)
                s.until("up by Consul", lambda: "source_says" not in s.members()[b.address])
            with row("an idempotent write, and a cluster that is busy elsewhere", a, b):
                calls = len(agent.asked)
                agent.elsewhere()
                agent.wake()
                s.until("asked again", lambda: len(agent.asked) >= calls + 1)
            with row("empty", a, b):
                agent.deregister("one", "two")
                s.until("an empty answer held", lambda: s.discovery()["held"] == 2)
                agent.register(one, two)
                s.until("held no more", lambda: s.discovery()["held"] == 0)
            for what, fault, why in (("no leader", (500, "No cluster leader"), "No cluster leader"),
                                     ("a leader that the agent does not reach", (500, "rpc error making call: No cluster leader"), "No cluster leader"),
                                     ("too many calls", (429, "Your IP is issuing too many concurrent connections, please rate limit your calls\n"), "429"),
                                     ("a gateway that wants to know who asks", (401, "Unauthorized"), "401"),
                                     ("forbidden", (403, "Permission denied: token with AccessorID 'x' lacks permission 'service:read'"), "403"),
                                     ("half an answer", "half", "reading the answer"), ("half an answer in chunks", "half chunk", "reading the answer"),
                                     ("connections cut", "cut", "waiting for the answer"), ("a page of somebody else", "no json", "the answer is no list")):
                with row(what, a, b):
                    agent.broken(fault)
                    row.stale(why)
                    agent.broken(None)
                    row.current()
            with row("a token that expired", a, b):
                agent.may(another="read")
                row.stale("403")
                agent.may(sesame="read")
                row.current()
            with row("a token that may less", a, b):
                agent.may(sesame="")
                row.stale("ACL")
                agent.may(sesame="read")
                row.current()
            for what, header in (("no leader known", {"X_Consul_Knownleader": "false"}), ("last contact long ago", {"X_Consul_Lastcontact": "60000"})):
                with row(f"{what}, and few are told", a, b):
                    agent.broken(None, **header)
                    agent.deregister("two")
                    calls = len(agent.asked)
                    s.until("asked thrice", lambda: len(agent.asked) >= calls + 3)
                    agent.register(two)
                    agent.broken(None)
                    row.current()
            with row("the index goes backwards", a, b):
                calls = len(agent.asked)
                agent.wake()
                agent.reset(3, one, two)
                agent.broken(None)
                s.until("asked from the beginning", lambda: any("index=" not in p or "index=0" in p for _, p, _ in agent.asked[calls:]))
                agent.deregister("one")
                s.until_members(b.address)
                agent.register(one)
                s.until_up(a.address, b.address)
            with row("an index of 0", a, b):
                agent.broken(0)
                calls, begun = len(agent.asked), time.monotonic()
                s.until("asked again", lambda: len(agent.asked) >= calls + 5)
                check("consul: no busy loop", time.monotonic() - begun >= 0.3, time.monotonic() - begun)
                agent.broken(None)
                row.current()
            with row("away and back", a, b):
                agent.stop()
                row.stale("Connection refused")
                agent.start()
                row.current()
            with row("gone in the end"):
                agent.deregister("one")
                s.until_members(b.address)
            check("consul: the token is no part of an address", not any("sesame" in path for _, path, _ in agent.asked))


def kubernetes(program, a, b):
    with KubernetesServer() as server, running.workplace() as work:
        token = pathlib.Path(work) / "token"
        token.write_text("first")
        server.put("green-x", [pod(a)], a)
        server.put("other-x", [{"addresses": ["127.0.0.9"], "conditions": {}}], a, service="other")
        process = {"sources": {"kubernetes": {"url": server.url, "token_file": str(token)}}}
        discover = {"kubernetes": {"namespace": "shop", "service": "green", "port": "http"}}
        with under_traffic("kubernetes", program, work, discover, process) as (s, row, traffic):
            with row("a slice more, its readiness unknown, torn into chunks", a, b):
                server.tear = True
                server.put("green-y", [pod(b, ready=None)], b)
                s.until_up(a.address, b.address)
            for what, conditions in (("conditions that are null", None), ("no pod but ready", {"ready": True, "serving": None, "terminating": None})):
                with row(what, a, b):
                    server.put("green-y", [pod(b, conditions=conditions)], b)
                    server.put("green-x", [pod(a), pod(a)], a)
                    traffic.only(a.host, b.host)
            with row("slices merged and split, one in two for a while", a, b):
                server.put("green-x", [pod(a), pod(b)], a)
                server.delete("green-y")
                server.put("green-z", [pod(a)], a)
                server.put("green-x", [pod(b)], b)
                traffic.only(a.host, b.host)
            with row("a pod that is not ready", a, b):
                server.put("green-x", [pod(b, ready=False, serving=False, terminating=False)], b)
                traffic.only(a.host)
                server.put("green-x", [pod(b)], b)
                traffic.only(a.host, b.host)
            with row("a pod that terminates and serves", a, b):
                server.put("green-x", [pod(b, ready=False, serving=True, terminating=True)], b)
                s.until("it drains", lambda: s.members()[b.address]["state"] == "drain")
                traffic.only(a.host)
                server.put("green-x", [pod(b)], b)
                traffic.only(a.host, b.host)
            with row("bookmarks, and on from them", a, b):
                server.bookmark()
                server.compact()
                listed, watched = len(server.calls("endpointslices")) - len(server.calls("watch=")), len(server.calls("watch="))
                server.bookmark()
                server.end_watches()
                s.until("watched again", lambda: len(server.calls("watch=")) > watched)
                check("kubernetes: bookmarks are asked for", "allowWatchBookmarks=" in server.calls("watch=")[-1], server.calls("watch=")[-1:])
                print("kubernetes: lists behind a bookmark:", len(server.calls("endpointslices")) - len(server.calls("watch=")) - listed)
            with row("empty, without ports", a, b):
                server.put("green-x", None, None)
                server.put("green-z", None, None)
                s.until("an empty answer held", lambda: s.discovery()["held"] == 2)
                server.put("green-x", [pod(b)], b)
                server.put("green-z", [pod(a)], a)
                s.until("held no more", lambda: s.discovery()["held"] == 0)
            with row("a label taken away and given back", a, b):
                server.put("green-x", [pod(b)], b, service="red")
                s.until_members(a.address)
                server.put("green-x", [pod(b)], b)
                s.until_up(a.address, b.address)
            gone, internal = EXPIRED, status(500, "InternalError", "etcdserver: request timed out")
            with row("410 as an event in a watch, and what was missed", a, b):
                lists = len(server.calls("endpointslices")) - len(server.calls("watch="))
                server.tell_error(gone)
                s.until("listed anew", lambda: len(server.calls("endpointslices")) - len(server.calls("watch=")) > lists)
                row.current()
            with row("410 as the answer of a watch", a, b):
                lists = len(server.calls("endpointslices")) - len(server.calls("watch="))
                begun = time.monotonic()
                server.broken(watching=gone)
                s.until("listed anew", lambda: len(server.calls("endpointslices")) - len(server.calls("watch=")) > lists + 2)
                check("kubernetes: no busy loop", time.monotonic() - begun >= 1, time.monotonic() - begun)
                server.broken()
                row.current()
            with row("410 in the list", a, b):
                server.broken(gone)
                row.stale("410")
                server.broken()
                row.current()
            with row("an error that is no 410 in a watch", a, b):
                server.tell_error(internal)
                row.current()
            for what, fault, why in (("500", internal, "500"), ("429", status(429, "TooManyRequests", "Too many requests, please try again later."), "429"),
                                     ("half a list", "half", "reading the answer"), ("connections cut", "cut", "waiting for the answer"), ("a page of somebody else", "no json", "is no list of EndpointSlices")):
                with row(what, a, b):
                    server.broken(fault)
                    server.tell_error(gone)
                    row.stale(why)
                    server.broken()
                    row.current()
            with row("half an event", a, b):
                watches = len(server.calls("watch="))
                server.broken(watching="half")
                s.until("it is watched again", lambda: len(server.calls("watch=")) > watches)
                server.put("green-z", [pod(a, ready=None)], a)
                row.stale("reading the answer")
                server.put("green-x", [pod(b, ready=None)], b)
                server.broken()
                row.current()
            with row("a watch that is a page of somebody else", a, b):
                server.broken(watching="no json")
                row.stale("no event: <html>Welcome")
                server.broken()
                row.current()
            with row("a token that is exchanged", a, b):
                server.tokens = {"second"}
                server.end_watches()
                row.stale("401")
                token.write_text("second\n")
                row.current()
            with row("a role taken away", a, b):
                server.forbidden = True
                server.end_watches()
                row.stale("403")
                server.forbidden = False
                row.current()
            with row("its store restored, counting from less", a, b):
                server.restore(500)
                server.put("green-z", None, None)
                s.until_members(b.address)
                server.put("green-z", [pod(a)], a)
                s.until_up(a.address, b.address)
            with row("away and back", a, b):
                server.stop()
                row.stale("Connection refused")
                server.start()
                row.current()
            with row("pages of one, the second of which is too old, and comes when it is listed anew", a, b):
                server.page = 1
                server.broken(paging=gone)
                server.tell_error(gone)
                row.stale("410")
                server.broken()
                row.current()
                check("kubernetes: the second page was asked for", "continue=" in "".join(server.calls("limit=")[-2:]), server.calls("limit=")[-2:])
            with row("half of the second page", a, b):
                server.broken(paging="half")
                server.tell_error(gone)
                row.stale("reading the answer")
                server.broken()
                row.current()
            with row("gone in the end"):
                server.put("green-x", None, None)
                s.until_members(a.address)


class GuardedEtcd(Etcd):
    """One that asks for a user and a password; the test is root. Its tokens die with the process."""
    token = ""

    def guard(self):
        for user in ("root", "reader"):
            super().call("auth/user/add", {"name": user, "password": user})
        super().call("auth/role/add", {"name": "reads"})
        begin, end = (base64.b64encode(text).decode() for text in (b"/services/", b"/services0"))
        super().call("auth/role/grant", {"name": "reads", "perm": {"permType": "READ", "key": begin, "range_end": end}})
        super().call("auth/user/grant", {"user": "reader", "role": "reads"})
        super().call("auth/user/grant", {"user": "root", "role": "root"})
        super().call("auth/enable", {})
        self.start_token()

    def start(self):
        guarded, self.token = bool(self.token), ""
        super().start()
        if guarded:
            running.until("a token", self.start_token)

    def start_token(self):
        try:
            self.token = super().call("auth/authenticate", {"name": "root", "password": "root"})["token"]
            return True
        except OSError:
            return False

    def answers(self):
        return running.accepts(self.client)

    def call(self, what, body):
        request = urllib.request.Request(f"{self.url}/v3/{what}", json.dumps(body).encode(), {"Content-Type": "application/json", "Authorization": self.token})
        with urllib.request.urlopen(request, timeout=running.DEADLINE) as answer:
            return json.loads(answer.read())


def etcd(program, a, b):
    if shutil.which("etcd") is None:
        return print("etcd is not installed: its part is left out")
    with running.workplace() as work:
        store = GuardedEtcd(work)
        store.start()
        try:
            running.until("etcd leads", lambda: _guarded(store))
            _etcd(program, a, b, work, store)
        finally:
            store.child.__exit__()


def _guarded(store):
    try:
        Etcd.call(store, "kv/range", {"key": "eA=="})
    except OSError:
        return False
    store.guard()
    return True


def _etcd(program, a, b, work, store):
    store.put("/services/green/1", a.address)
    process = {"sources": {"etcd": {"urls": [store.url], "user": "reader", "password": "reader"}}}
    with under_traffic("etcd", program, work, {"etcd": {"prefix": "/services/green/"}}, process) as (s, row, _):
        with row("up", a, b):
            store.put("/services/green/2", b.address)
            s.until_up(a.address, b.address)
        with row("compacted under the watch", a, b):
            for turn in range(20):
                revision = store.put("/services/other", str(turn))["header"]["revision"]
            store.call("kv/compaction", {"revision": revision, "physical": True})
            store.delete("/services/green/1")
            s.until_members(b.address)
            store.put("/services/green/1", a.address)
            s.until_up(a.address, b.address)
        with row("killed, and back", a, b):
            store.child.kill()
            row.stale("Connection refused")
            store.start()
            row.current()
        with row("killed, compacted behind the watch, and back", a, b):
            store.child.kill()
            store.start()
            store.call("kv/compaction", {"revision": store.put("/services/other", "x")["header"]["revision"]})
            store.delete("/services/green/1")
            s.until_members(b.address)
            store.put("/services/green/1", a.address)
            s.until_up(a.address, b.address)
        with row("restored to what it was an hour ago", a, b):
            store.child.end()
            shutil.copytree(f"{work}/etcd", f"{work}/kept")
            store.start()
            for turn in range(50):
                store.put("/services/other", str(turn))
            row.current()
            store.child.kill()
            shutil.rmtree(f"{work}/etcd")
            shutil.move(f"{work}/kept", f"{work}/etcd")
            store.start()
            row.current()
            store.delete("/services/green/1")  # at a revision that has been already
            s.until_members(b.address)
            store.put("/services/green/1", a.address)
            s.until_up(a.address, b.address)


def silent_consul(program, a, b):
    with ConsulAgent(hurry=20) as agent, running.workplace() as work:
        agent.register(Instance(a, "one"), Instance(b, "two"))
        process = {"sources": {"consul": {"url": agent.url}}}
        with under_traffic("consul", program, work, {"consul": {"service": "green"}}, process) as (s, row, _):
            s.until_up(a.address, b.address)
            with row("accepts and says nothing", a, b):
                agent.broken("silent")
                running.until("it is noticed", lambda: s.discovery().get("why") == "waiting for the answer: no answer in time", PATIENCE)
                agent.broken(None)
                row.current()


def silent_kubernetes(program, a, b):
    with KubernetesServer() as server, running.workplace() as work:
        token = pathlib.Path(work) / "token"
        token.write_text("first")
        server.put("green-x", [pod(a), pod(b)], a)
        process = {"sources": {"kubernetes": {"url": server.url, "token_file": str(token)}}}
        with under_traffic("kubernetes", program, work, {"kubernetes": {"namespace": "shop", "service": "green", "port": "http"}}, process) as (s, row, _):
            s.until_up(a.address, b.address)
            with row("accepts and says nothing", a, b):
                server.broken("silent")
                server.tell_error(EXPIRED)
                running.until("it is noticed", lambda: s.discovery().get("why") == "waiting for the answer: no answer in time", PATIENCE)
                server.broken()
                row.current()
            with row("a watch that begins and is then silent", a, b):
                server.broken(watching="hushed")
                watches = len(server.calls("watch="))
                s.until("it is watched again", lambda: len(server.calls("watch=")) > watches)
                server.put("green-x", [pod(b)], a)  # of which nothing is heard
                running.until("it is noticed", lambda: set(s.members()) == {b.address}, PATIENCE_OF_A_WATCH)
                said = [h.get("why") for h in s.discovery()["history"]]
                check("kubernetes: and told", "reading the answer: no answer in time" in said, said)
                server.put("green-x", [pod(a), pod(b)], a)
                server.broken()
                s.until_up(a.address, b.address)


def main(program, _yardbench, silent=""):
    def run(part):
        try:
            part(program, a, b)
        except Exception as error:  # one source that breaks off does not hide the others
            check(part.__name__, False, repr(error))

    with Server("127.0.0.2") as a, Server("127.0.0.3", a.port) as b:
        parts = (silent_consul, silent_kubernetes) if silent else (consul, kubernetes, etcd)
        threads = [threading.Thread(target=run, args=(part,)) for part in parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
