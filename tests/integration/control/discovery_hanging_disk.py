#!/usr/bin/env python3
"""A mount whose server has gone: a list of endpoints, the tokens of Consul and Kubernetes, etcd's password or an authority's
certificate that cannot be read, nor found not to be there; or a listener's own certificate. Each stops its own source and says so; control answers, changes are
made, other sources are heard, nobody is lost; what comes back is read; and the process ends when it is told to, though nothing
has come back."""
import json
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scenario"))
import running  # noqa: E402
from addresses import Server, Traffic, free_port  # noqa: E402
from checks import check, verdict  # noqa: E402
from consul_stub import Consul  # noqa: E402
from discovered import Discovered, discovering  # noqa: E402
from kubernetes_stub import Kubernetes  # noqa: E402
from tls import Certificates  # noqa: E402

HANGS = "its disk has not answered for 5 s"
READY = {"ready": True, "serving": True, "terminating": False}


class Pipe:
    """A thread that opens it waits for a writer, as for a file on a mount that hangs."""

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def hang(self):
        fresh = self.path.with_suffix(".hangs")
        os.mkfifo(fresh)
        os.replace(fresh, self.path)

    def come_back(self, text):
        """Those who wait get it, and so does who comes later."""
        fresh = self.path.with_suffix(".fresh")
        fresh.write_text(text)
        waiting = os.open(self.path, os.O_RDWR)  # never waits
        os.replace(fresh, self.path)
        os.write(waiting, text.encode())
        os.close(waiting)


def say(path, *addresses):
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(list(addresses)))
    os.replace(fresh, path)


def everything_else_goes_on(s, what):
    check(f"{what}: control answers", s.proxy.status()["ready"])
    before = s.generation()
    status, receipt, _ = s.proxy.call("PUT", "/v1/routes/app/split", {"green": 1, "blue": 1})
    check(f"{what}: and changes", status == 200 and receipt["generation"] == before + 1, receipt)
    status, receipt, _ = s.proxy.call("POST", "/v1/undo", {"force": True})
    check(f"{what}: and takes back", status == 200, receipt)


def with_another(config, path):
    """Beside green, blue: out of a file that never hangs."""
    config["upstreams"]["blue"] = {**config["upstreams"]["green"], "discover": {"file": {"path": str(path)}}}
    return config


def another_is_heard(s, path, a, b, what):
    for named in ((a.address,), (a.address, b.address)):
        say(path, *named)
        s.until(f"{what}: another source is heard", lambda: {e["address"] for e in s.proxy.call(
            "GET", "/v1/upstreams/blue/discovery")[1]["endpoints"]} == set(named))


def tokens(program, a, b):
    one, two = ("one", a.host, a.port, "passing", 1), ("two", b.host, b.port, "passing", 1)
    with Consul() as consul, Kubernetes() as kubernetes, running.workplace() as work:
        token, other = Pipe(f"{work}/token"), pathlib.Path(work) / "blue.json"
        token.path.write_text("sesame\n")
        say(other, a.address)
        consul.set([one, two], token="sesame")
        kubernetes.set(token="sesame")
        kubernetes.slice("green-a", a.port, (a.host, READY), (b.host, READY))
        sources = {"consul": {"url": consul.url, "token": {"file": str(token.path)}}, "kubernetes": {"url": kubernetes.url, "token_file": str(token.path)}}
        for discover, disturb in (({"consul": {"service": "green"}}, lambda: consul.set([one, two])),
                                  ({"kubernetes": {"namespace": "shop", "service": "green", "port": "http"}}, lambda: kubernetes.set(cut=kubernetes.cut + 1))):
            what, = discover
            config = with_another(discovering(discover, {"sources": sources}), other)
            with Discovered(program, work, config) as s:
                s.until_up(a.address, b.address)
                with Traffic(s.proxy.url(), connections=2) as traffic:
                    token.hang()
                    disturb()
                    s.until_state("stale", HANGS)
                    everything_else_goes_on(s, what)
                    another_is_heard(s, other, a, b, what)
                    check(f"{what}: nobody is lost", set(s.members()) == {a.address, b.address}, s.members())
                    token.come_back("sesame\n")
                    s.until_state("current")
                check(f"{what}: no request failed", not traffic.wrong, traffic.wrong[:3])
                token.hang()
                disturb()
                s.until_state("stale", HANGS)
                ends(s, what)
            token.come_back("sesame\n")


def ends(s, what):
    s.proxy.child.send_signal(signal.SIGTERM)
    check(f"{what}: it ends though its disk hangs", s.proxy.child.wait(running.DEADLINE) == 0)


def etcd(program, a, b):
    with running.workplace() as work:
        password, other = Pipe(f"{work}/password"), pathlib.Path(work) / "blue.json"
        password.hang()
        say(other, a.address)
        servers = {"urls": [f"http://127.0.0.1:{free_port()}"], "user": "reader", "password": {"file": str(password.path)}}
        config = with_another(discovering({"etcd": {"prefix": "/services/green/"}}, {"sources": {"etcd": servers}}), other)
        with Discovered(program, work, config) as s:
            s.until_state("stale", HANGS)
            everything_else_goes_on(s, "etcd")
            another_is_heard(s, other, a, b, "etcd")
            password.come_back("reader")
            s.until_state("stale", "Connection refused")
            ends(s, "etcd")


def authorities(program, a):
    with running.workplace() as work, Server("127.0.0.4") as registry:
        ca = Pipe(f"{work}/ca.pem")
        ca.hang()
        process = {"sources": {"consul": {"url": f"https://{registry.address}", "ca_file": str(ca.path)}}}
        with Discovered(program, work, discovering({"consul": {"service": "green"}}, process)) as s:
            s.until_state("stale", f"reading {ca.path}")
            check("an authority: control answers", s.generation() == 1)
            ca.come_back("no certificate")
            s.until("it is read", lambda: "disk" not in s.discovery()["why"] and str(ca.path) in s.discovery()["why"])
            ends(s, "an authority")


def file(program, library, a, b):
    with running.workplace() as work:
        mount, flag, other = pathlib.Path(work) / "mount", pathlib.Path(work) / "hangs", pathlib.Path(work) / "blue.json"
        mount.mkdir()
        script = pathlib.Path(work) / "switchyard"
        script.write_text(f'#!/bin/sh\nLD_PRELOAD={library} HANGS_WHILE={flag} LOST_BELOW={mount} exec {program} "$@"\n')
        script.chmod(0o755)
        say(other, a.address)
        say(mount / "green.json", a.address)
        config = with_another(discovering({"file": {"path": str(mount / "green.json")}}), other)
        with Discovered(str(script), work, config) as s:
            s.until_up(a.address)
            with Traffic(s.proxy.url(), connections=2) as traffic:
                flag.touch()
                s.until_state("stale", HANGS)
                everything_else_goes_on(s, "file")
                another_is_heard(s, other, a, b, "file")
                check("file: nobody is lost", set(s.members()) == {a.address}, s.members())
                flag.unlink()
                s.until_state("current")
                say(mount / "green.json", a.address, b.address)
                s.until_up(a.address, b.address)
            check("file: no request failed", not traffic.wrong, traffic.wrong[:3])
            flag.touch()
            s.until_state("stale", HANGS)
            ends(s, "file")


def certificate(program, library, a):
    """Of a listener: looked at from time to time, and on request."""
    with running.workplace() as work:
        made, flag = Certificates(work).sign("shop", ["shop.test"]), pathlib.Path(work) / "hangs"
        script = pathlib.Path(work) / "switchyard"
        script.write_text(f'#!/bin/sh\nLD_PRELOAD={library} HANGS_WHILE={flag} LOST_BELOW={pathlib.Path(made["chain"]).parent} exec {program} "$@"\n')
        script.chmod(0o755)
        other = pathlib.Path(work) / "blue.json"
        say(other, a.address)
        config = with_another(discovering({"file": {"path": f"{work}/green.json"}}), other)
        config["certificates"] = {"shop": {key: made[key] for key in ("chain", "key")}}
        config["listeners"][0]["tls"] = {"certificates": ["shop"]}
        say(pathlib.Path(work) / "green.json", a.address)
        with Discovered(str(script), work, config) as s:
            s.until_up(a.address)
            flag.touch()
            status, answer, _ = s.proxy.call("POST", "/v1/certificates/reload")
            check("a certificate: who asks is told that it was not looked at in time", status != 200, (status, answer))
            everything_else_goes_on(s, "a certificate")
            ends(s, "a certificate")
            flag.unlink()


def main(program, _yardbench, library):
    with Server("127.0.0.2") as a, Server("127.0.0.3", a.port) as b:
        tokens(program, a, b)
        etcd(program, a, b)
        authorities(program, a)
        file(program, library, a, b)
        certificate(program, library, a)
    return verdict()


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except running.Failed as failed:
        verdict()
        sys.exit(f"FAILED: {failed}")
