#!/usr/bin/env python3
"""Each registry as it comes, changes and goes wrong: name servers (one of the test's own, and dnsmasq with SRV), etcd as Debian
has it, Consul and Kubernetes as their documentation has them. Whatever goes wrong takes nothing away, and is told."""
import base64
import json
import pathlib
import shutil
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from addresses import Server, Traffic, free_port  # noqa: E402
from checks import check, verdict  # noqa: E402
from consul_stub import Consul  # noqa: E402
from discovered import Discovered, discovering  # noqa: E402
from kubernetes_stub import Kubernetes  # noqa: E402
from name_server import SERVFAIL, NameServer  # noqa: E402

BOTH = "/usr/sbin:/usr/bin:/sbin:/bin"


def dns(program, a, b):
    with NameServer() as names, running.workplace() as work:
        names.names["app.test"] = [a.host]
        process = {"resolver": {"servers": [names.address], "timeout": "500ms", "attempts": 1}}
        config = discovering({"dns": {"name": "app.test", "port": a.port}}, process)
        with Discovered(program, work, config) as s:
            s.until_up(a.address)
            with Traffic(s.proxy.url()) as traffic:
                names.names["app.test"] = [a.host, b.host]
                s.until_up(a.address, b.address)
                for wrong, why in ((SERVFAIL, "SERVFAIL"), (None, "not answer in time"), ({}, "NXDOMAIN")):
                    names.names["app.test"] = wrong if wrong != {} else 3
                    s.until_state("stale", why)
                    names.names["app.test"] = [a.host, b.host]
                    s.until_state("current")
                names.names["app.test"] = []
                s.until("an empty answer held", lambda: s.discovery()["held"] == 2)
                names.names["app.test"] = [b.host]
                s.until_members(b.address)
            check("dns: no request failed", not traffic.wrong, traffic.wrong[:3])
            check("dns: no generation", s.generation() == 1, s.generation())


class Dnsmasq:
    def __init__(self, work):
        self.port, self.work, self.child = free_port(), work, None
        self.address = f"127.0.0.1:{self.port}"

    def serve(self, *records):
        self.stop()
        self.child = running.Process(
            [shutil.which("dnsmasq", path=BOTH), "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--user=root",
             "--listen-address=127.0.0.1", "--bind-interfaces", f"--port={self.port}", "--pid-file=", *records], self.work, "dnsmasq")
        running.until("dnsmasq", lambda: running.accepts(self.port))

    def stop(self):
        if self.child:
            self.child.end()
        self.child = None


def srv(program, a, b):
    if shutil.which("dnsmasq", path=BOTH) is None:
        return print("dnsmasq is not installed: its part is left out")
    with running.workplace() as work:
        server = Dnsmasq(work)

        def record(endpoint, name, priority=0, weight=0):
            return [f"--srv-host=_http._tcp.app.test,{name},{endpoint.port},{priority},{weight}", f"--host-record={name},{endpoint.host}"]

        server.serve(*record(a, "a.test", 0, 5), *record(b, "b.test", 10))
        process = {"resolver": {"servers": [server.address], "timeout": "500ms", "attempts": 1}}
        with Discovered(program, work, discovering({"srv": {"name": "_http._tcp.app.test"}}, process)) as s:
            s.until_up(a.address, b.address)
            members = s.members()
            check("srv: weight and backup", members[a.address]["weight"] == 5 and members[b.address]["backup"] and members[b.address]["weight"] == 1, members)
            with Traffic(s.proxy.url()) as traffic:
                server.stop()
                s.until_state("stale")
                server.serve(*record(b, "b.test"))
                s.until_members(b.address)
                server.serve(*record(a, "a.test"), *record(b, "b.test"))
                s.until_up(a.address, b.address)
                server.serve("--srv-host=_http._tcp.app.test")  # decidedly not there
                s.until("an empty answer held", lambda: s.discovery()["held"] == 2)
                server.stop()
            check("srv: no request failed", not traffic.wrong, traffic.wrong[:3])


def consul(program, a, b):
    one, two = ("one", a.host, a.port, "passing", 1), ("two", b.host, b.port, "passing", 3)
    with Consul() as stub, running.workplace() as work:
        stub.set([one], token="sesame")
        process = {"sources": {"consul": {"url": stub.url, "token": "sesame"}}}
        with Discovered(program, work, discovering({"consul": {"service": "green", "tags": ["v2"], "datacenter": "dc1"}}, process)) as s:
            s.until_up(a.address)
            check("consul: what was asked", stub.asked[0][0] == "/v1/health/service/green?dc=dc1&tag=v2", stub.asked[:2])
            with Traffic(s.proxy.url()) as traffic:
                stub.set([one, two])
                s.until_up(a.address, b.address)
                check("consul: its weight", s.members()[b.address]["weight"] == 3)
                stub.set([one, two[:3] + ("critical", 3)])
                s.until("down by Consul", lambda: s.members()[b.address].get("source_says") == "down")
                traffic.only(a.host)
                stub.set([one[:3] + ("critical", 1), two[:3] + ("critical", 3)])
                s.until("all critical is ignored", lambda: not any("source_says" in e for e in s.members().values()))
                traffic.only(a.host, b.host)
                for knobs, why in (({"status": 500}, "500 No cluster leader"), ({"filtered": True}, "filtered by ACLs"),
                                   ({"half": True}, "reading the answer"), ({"token": "another"}, "403 ACL not found")):
                    stub.set([one, two], **knobs)
                    s.until_state("stale", why)
                    stub.set([one, two], status=200, filtered=False, half=False, token="sesame")
                    s.until_state("current")
                stub.set([one], leader=False)
                s.until_state("current")
                stub.set([one, two], index=3)  # begun anew
                calls = len(stub.asked)
                s.until("asked without an index", lambda: ("/v1/health/service/green?dc=dc1&tag=v2", 0) in stub.asked[calls:])
                stub.set([one, two])
                s.until("it waits again", lambda: stub.asked[-1][1] == stub.index)
                check("consul: nobody was lost", set(s.members()) == {a.address, b.address}, s.members())
                stub.set([two], leader=True)
                s.until_members(b.address)
                stub.set([])
                s.until("an empty answer held", lambda: s.discovery()["held"] == 1)
            check("consul: no request failed", not traffic.wrong, traffic.wrong[:3])


def kubernetes(program, a, b):
    ready = {"ready": True, "serving": True, "terminating": False}
    leaving = {"ready": False, "serving": True, "terminating": True}
    with Kubernetes() as stub, running.workplace() as work:
        token = pathlib.Path(work) / "token"
        token.write_text("first\n")
        stub.slice("green-a", a.port, (a.host, ready))
        process = {"sources": {"kubernetes": {"url": stub.url, "token_file": str(token)}}}
        with Discovered(program, work, discovering({"kubernetes": {"namespace": "shop", "service": "green", "port": "http"}}, process)) as s:
            s.until_up(a.address)
            with Traffic(s.proxy.url()) as traffic:
                stub.slice("green-b", b.port, (b.host, ready))
                s.until_up(a.address, b.address)
                stub.slice("green-a", a.port, (a.host, leaving))
                s.until("it drains", lambda: s.members()[a.address]["state"] == "drain")
                traffic.only(b.host)
                stub.slice("green-a", a.port)
                s.until_members(b.address)
                lists = stub.lists
                stub.set(oldest=stub.version + 1)
                stub.bookmark()
                s.until("listed anew", lambda: stub.lists > lists)
                stub.set(oldest=0)
                stub.set(token="second", cut=stub.cut + 1)  # exchanged, as every hour
                s.until_state("stale")
                token.write_text("second\n")
                s.until_state("current")
                stub.slice("green-a", a.port, (a.host, ready))
                s.until_up(a.address, b.address)
                stub.delete("green-b")
                s.until_members(a.address)
                stub.set(status=503, cut=stub.cut + 1)
                s.until_state("stale", "503")
                check("kubernetes: it goes on", set(s.members()) == {a.address}, s.members())
            check("kubernetes: no request failed", not traffic.wrong, traffic.wrong[:3])


class Etcd:
    def __init__(self, work):
        self.work, self.client, self.peer, self.child = work, free_port(), free_port(), None
        self.url = f"http://127.0.0.1:{self.client}"

    def start(self):
        peer = f"http://127.0.0.1:{self.peer}"
        self.child = running.Process(
            [shutil.which("etcd"), "--data-dir", f"{self.work}/etcd", "--listen-client-urls", self.url, "--advertise-client-urls", self.url,
             "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}"], self.work, "etcd")
        running.until("etcd", self.answers)

    def answers(self):
        try:
            return self.call("kv/range", {"key": base64.b64encode(b"x").decode()})
        except OSError:
            return None

    def call(self, what, body):
        request = urllib.request.Request(f"{self.url}/v3/{what}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=running.DEADLINE) as answer:
            return json.loads(answer.read())

    def put(self, key, value, **more):
        return self.call("kv/put", {"key": base64.b64encode(key.encode()).decode(), "value": base64.b64encode(value.encode()).decode(), **more})

    def delete(self, key):
        return self.call("kv/deleterange", {"key": base64.b64encode(key.encode()).decode()})


def etcd(program, a, b):
    if shutil.which("etcd") is None:
        return print("etcd is not installed: its part is left out")
    with running.workplace() as work:
        store = Etcd(work)
        store.start()
        try:
            store.put("/services/green/1", a.address)
            store.put("/services/greenish/1", "127.0.0.1:1")
            process = {"sources": {"etcd": {"urls": [f"http://127.0.0.1:{free_port()}", store.url]}}}
            with Discovered(program, work, discovering({"etcd": {"prefix": "/services/green/"}}, process)) as s:
                s.until_up(a.address)
                with Traffic(s.proxy.url()) as traffic:
                    store.put("/services/green/2", json.dumps({"address": b.address, "weight": 2}))
                    s.until_up(a.address, b.address)
                    check("etcd: its weight", s.members()[b.address]["weight"] == 2)
                    store.put("/services/green/3", "no address")
                    store.delete("/services/green/1")
                    store.delete("/services/green/3")
                    s.until_members(b.address)
                    store.put("/services/green/1", a.address)
                    s.until_up(a.address, b.address)
                    store.child.kill()
                    s.until_state("stale")
                    check("etcd: it goes on", set(s.members()) == {a.address, b.address}, s.members())
                    store.start()
                    s.until_state("current")
                    lease = store.call("lease/grant", {"TTL": "2"})["ID"]
                    store.put("/services/green/1", a.address, lease=lease)  # dies without a word
                    s.until_members(b.address)
                check("etcd: no request failed", not traffic.wrong, traffic.wrong[:3])
        finally:
            store.child.__exit__()


def main(program, _yardbench):
    with Server("127.0.0.2") as a, Server("127.0.0.3", a.port) as b:
        for part in (dns, srv, consul, kubernetes, etcd):
            part(program, a, b)
    return verdict()


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:3]))
    except running.Failed as failed:
        verdict()
        sys.exit(f"FAILED: {failed}")
