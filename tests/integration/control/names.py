#!/usr/bin/env python3
"""Names of endpoints are facts: one that is gone, silent or elsewhere hinders no start, no change, no rollback and no
/healthz; its last good address goes on; another address is taken up by traffic and health checks alike, and nothing is
lost on the way. With a name server of the test's own, and with dnsmasq."""
import http.client
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from addresses import Server, Traffic, free_port  # noqa: E402
from checks import check, verdict  # noqa: E402
from name_server import SERVFAIL, NameServer  # noqa: E402


def get(url, path="/", token=None):
    host, port = url.removeprefix("http://").rsplit(":", 1)
    client = http.client.HTTPConnection(host, int(port), timeout=running.DEADLINE)
    client.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
    answer = client.getresponse()
    body = answer.read().decode()
    client.close()
    return answer.status, body


def config(names, upstreams, split, health=None, timeout="2s"):
    return {
        "process": {"workers": 2, "resolver": {"servers": [names.address], "timeout": timeout, "attempts": 1}},
        "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        "upstreams": {name: {"endpoints": [{"address": a} for a in addresses],
                             "health": health or {"type": "http", "path": "/", "interval": "50ms"}}
                      for name, addresses in upstreams.items()},
        "routes": [{"name": "app", "split": split, "debug_headers": True}],
    }


def endpoint(proxy, upstream, number=0):
    return proxy.call("GET", f"/v1/upstreams/{upstream}")[1]["endpoints"][number]


def addresses(proxy, upstream):
    return [a["address"].rsplit(":", 1)[0] for a in endpoint(proxy, upstream)["name"]["addresses"]]


def switch(proxy, to):
    return proxy.call("POST", "/v1/routes/app/switch", {"to": to})


def blue_is_gone(program, names):
    """The normal end of a release in containers: the old colour's name goes away, and is not missed (N2)."""
    names.names = {}
    with running.workplace() as work, Server("127.0.0.1") as green:
        upstreams = {"blue": [f"app-blue.test:{green.port}"], "green": [f"127.0.0.1:{green.port}"]}
        with running.Switchyard(program, work, config(names, upstreams, {"blue": 0, "green": 100})) as proxy:
            proxy.healthy("green")
            running.until("the failed look-up", lambda: "NXDOMAIN" in endpoint(proxy, "blue").get("detail", ""))
            blue = endpoint(proxy, "blue")
            check("it cannot be used, and says why", blue["health"] == "down" and blue["name"]["standing"] == "unknown" and
                  blue["name"]["addresses"] == [], blue)
            metrics = get(proxy.admin, "/metrics", proxy.token)[1]
            check("metrics show it", f'switchyard_endpoint_up{{upstream="blue",endpoint="app-blue.test:{green.port}"}} 0' in metrics and
                  'switchyard_name_stale{name="app-blue.test"} 1' in metrics, [l for l in metrics.splitlines() if "blue" in l])
            running.until("readiness", lambda: get(proxy.admin, "/readyz")[0] == 200)
            check("traffic flows", get(proxy.url())[0] == 200)
            code, receipt, _ = proxy.call("PUT", f"/v1/upstreams/green/endpoints/localhost:{green.port}", {"weight": 2})
            check("an unrelated change is made", code == 200, receipt)
            check("localhost is there at once", endpoint(proxy, "green", 1)["name"]["standing"] == "current", receipt)
            code, receipt, _ = proxy.call("PUT", "/v1/upstreams/green/endpoints/nowhere.test:80", {})
            check("an endpoint whose name nobody knows can be configured", code == 200, receipt)
            check("and takes readiness from nobody", get(proxy.admin, "/readyz")[0] == 200)
            code, receipt, _ = proxy.call("POST", "/v1/undo", {})
            check("undo works", code == 200, receipt)
            check("nobody is sent to it by mistake", switch(proxy, "blue")[0] == 409)
            proxy.child.send_signal(signal.SIGHUP)
            running.until("the file to be read", lambda: "switchyard.json read" in proxy.text())
            generation = proxy.status()["generation"]
            names.names["app-blue.test"] = ["127.0.0.1"]
            running.until("blue to be found", lambda: endpoint(proxy, "blue")["health"] == "up")
            check("a fact is no generation", proxy.status()["generation"] == generation, proxy.status())
            check("now it can be used", switch(proxy, "blue")[0] == 200)
            names.names = {}
            proxy.kill()
        # Restarted while no server knows the name: the last good address is on the disk.
        names.names["app-blue.test"] = None
        with running.Switchyard(program, work, None) as proxy:
            proxy.healthy("blue")
            check("the restart finds it again", get(proxy.url())[0] == 200)
            check("from the store", endpoint(proxy, "blue")["name"]["standing"] == "stale", endpoint(proxy, "blue"))
            proxy.end()


def rollback(program, names):
    """A failing release is taken back while an unrelated name is gone, and while its server is silent (W2)."""
    for gone in ({}, {"unrelated.test": None}):
        names.names = {"unrelated.test": ["127.0.0.1"]}
        with running.workplace() as work, Server("127.0.0.1") as good, Server("127.0.0.2", status=500) as bad:
            upstreams = {"blue": [f"127.0.0.1:{good.port}"], "green": [f"127.0.0.2:{bad.port}"],
                         "unrelated": [f"unrelated.test:{good.port}"]}
            with running.Switchyard(program, work, config(names, upstreams, {"blue": 1, "green": 0}, {"type": "tcp", "interval": "50ms"})) as proxy:
                proxy.healthy("blue", "green", "unrelated")
                names.names = gone
                questions = names.questions("unrelated.test")
                with Traffic(proxy.url()):
                    code, started, _ = proxy.call("POST", "/v1/rollouts", {"route": "app", "from": "blue", "to": "green", "steps": [{"weight": 50, "bake": "10m"}, {"weight": 100, "bake": "10m"}]})
                    if code != 201:
                        raise running.Failed(f"the rollout does not start: {started}")
                    running.until("the rollback", lambda: proxy.call("GET", f"/v1/rollouts/{started['id']}")[1]["state"] == "rolled_back")
                    running.until("its publication", lambda: proxy.status()["routes"][0]["split"].get("green", 0) == 0)
                running.until("questions in vain", lambda: names.questions("unrelated.test") > questions + 1)
                check("nothing could not be published", "publish_failed" not in proxy.text(), proxy.text()[-500:])
                check("its last good address is used", endpoint(proxy, "unrelated")["health"] == "up", endpoint(proxy, "unrelated"))
                check("switch and undo work", switch(proxy, "green")[0] == 200 and proxy.call("POST", "/v1/undo", {})[0] == 200)
                proxy.end()


def silence(program, names):
    """While a name server says nothing, /healthz answers and changes are made: control does not wait."""
    names.names = {"app.test": None}
    with running.workplace() as work, Server("127.0.0.1") as server:
        upstreams = {"blue": [f"app.test:{server.port}"], "green": [f"127.0.0.1:{server.port}"]}
        with running.Switchyard(program, work, config(names, upstreams, {"green": 1}, timeout="10s")) as proxy:
            running.until("a question", lambda: names.questions("app.test") > 0)
            # Ten seconds until it has failed: a control that waits would answer nothing of this before.
            slowest, answered = 0.0, 0
            while answered < 20 and "not looked up yet" in endpoint(proxy, "blue")["detail"]:
                begun = time.monotonic()
                check("alive", get(proxy.admin, "/healthz")[0] == 200)
                slowest = max(slowest, time.monotonic() - begun)
                check("a change is made", proxy.call("PUT", "/v1/routes/app/split", {"green": answered + 1, "blue": 1})[0] == 200)
                answered += 1
            print(f"in the silence: {answered} answers of /healthz, the slowest after {slowest * 1000:.1f} ms")
            check("/healthz answers in the silence", answered == 20, answered)
            running.until("the word of it", lambda: "in time" in endpoint(proxy, "blue")["detail"])
            running.until("readiness all the same", lambda: get(proxy.admin, "/readyz")[0] == 200)
            names.names = {"app.test": ["127.0.0.1"]}
            running.until("recovery", lambda: endpoint(proxy, "blue")["health"] == "up")
            proxy.end()


def changes_ask_nobody(program, names):
    """A change that touches no name looks nothing up; that of a new name is made before any server has answered."""
    names.names, names.ttl = {"app.test": ["127.0.0.1"], "silent.test": None}, 300
    with running.workplace() as work, Server("127.0.0.1") as server:
        with running.Switchyard(program, work, config(names, {"blue": [f"app.test:{server.port}"], "green": [f"127.0.0.1:{server.port}"]}, {"blue": 1})) as proxy:
            proxy.healthy("blue", "green")
            asked = len(names.asked)
            for weight in range(20):
                check("a split", proxy.call("PUT", "/v1/routes/app/split", {"blue": 1, "green": weight + 1})[0] == 200)
            check("an undo", proxy.call("POST", "/v1/undo", {})[0] == 200)
            check("nobody was asked", len(names.asked) == asked, names.asked[asked:])
            code, receipt, _ = proxy.call("PUT", "/v1/upstreams/green/endpoints/silent.test:80", {})
            check("an endpoint with a silent name is made", code == 200, receipt)
            check("and its name is asked for", running.until("a question", lambda: names.questions("silent.test")))
            proxy.end()
    names.ttl = 1


def file_of_hosts(program):
    """The same by /etc/hosts, in a mount namespace of its own: a name that leaves the file keeps its address, one that moves
    there is followed (W2, W3, W4 as they were reported)."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        print("no mount namespace to be had: the part of /etc/hosts is left out")
        return
    with running.workplace() as work, NameServer() as nobody, Server("127.0.0.1") as first, Server("127.0.0.2", first.port):
        hosts = pathlib.Path(work) / "hosts"
        hosts.write_text("127.0.0.1 app.test\n")
        inside = pathlib.Path(work) / "inside"
        inside.write_text(f"#!/bin/sh\nexec unshare -m sh -c 'mount --bind {hosts} /etc/hosts && exec {program} \"$@\"' sh \"$@\"\n")
        inside.chmod(0o755)
        with running.Switchyard(inside, work, config(nobody, {"blue": [f"app.test:{first.port}"]}, {"blue": 1})) as proxy:
            proxy.healthy("blue")
            with Traffic(proxy.url()) as traffic:
                hosts.write_text("127.0.0.2 app.test\n")
                traffic.only("127.0.0.2")
                hosts.write_text("")
                running.until("it to be missed", lambda: endpoint(proxy, "blue")["name"]["standing"] == "stale")
                traffic.only("127.0.0.2")
            check("no request failed with the file of hosts", not traffic.wrong, traffic.wrong[:3])
            proxy.end()


def outage_and_move(program, names):
    """A DNS outage is none of the service (W3); a changed address is taken up by traffic and checks alike, without a
    generation, without a failed request, and kept connections follow (W4, R6); all addresses are used."""
    names.names = {"app.test": ["127.0.0.1"]}
    with running.workplace() as work, Server("127.0.0.1") as first, Server("127.0.0.2", first.port) as second:
        with running.Switchyard(program, work, config(names, {"blue": [f"app.test:{first.port}"]}, {"blue": 1})) as proxy:
            proxy.healthy("blue")
            generation = proxy.status()["generation"]
            with Traffic(proxy.url()) as traffic:
                names.names = {"app.test": SERVFAIL}
                running.until("the outage to be seen", lambda: endpoint(proxy, "blue")["name"]["standing"] == "stale")
                check("it goes on with what it knows", endpoint(proxy, "blue")["health"] == "up", endpoint(proxy, "blue"))
                names.names = {"app.test": ["127.0.0.2"]}
                traffic.only("127.0.0.2")
                check("the checks moved, too", addresses(proxy, "blue") == ["127.0.0.2"], endpoint(proxy, "blue"))
                running.until("no connection to the old address", lambda: proxy.status()["connections"]["upstream_idle"] <= len(traffic.threads))
                names.names = {"app.test": ["127.0.0.1", "127.0.0.2"]}
                traffic.only("127.0.0.1", "127.0.0.2")
                # A place without a listener yet gets nothing, and the former ones serve on.
                names.names = {"app.test": ["127.0.0.3"]}
                running.until("it to be found", lambda: "127.0.0.3" in addresses(proxy, "blue"))
                running.until("a check of it", lambda: any(a["health"] == "down" for a in endpoint(proxy, "blue")["name"]["addresses"]))
                traffic.only("127.0.0.1", "127.0.0.2")
                leaving = [a["address"] for a in endpoint(proxy, "blue")["name"]["addresses"] if a.get("leaving")]
                check("they are said to be leaving", len(leaving) == 2, endpoint(proxy, "blue"))
                with Server("127.0.0.3", first.port):
                    traffic.only("127.0.0.3")
                    names.names = {"app.test": ["127.0.0.1"]}
                    traffic.only("127.0.0.1")
            check("no request failed", not traffic.wrong, traffic.wrong[:3])
            check("a fact is no generation", proxy.status()["generation"] == generation, proxy.status()["generation"])
            check("history does not know of it", len(proxy.call("GET", "/v1/generations")[1]["generations"]) == 1)
            proxy.end()


def real_server(program):
    """The same with dnsmasq, whose local records have TTL 0."""
    dnsmasq = shutil.which("dnsmasq", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if dnsmasq is None:
        print("dnsmasq is not installed: its part is left out")
        return
    with running.workplace() as work, Server("127.0.0.1") as first, Server("127.0.0.2", first.port):
        port = free_port()
        hosts = pathlib.Path(work) / "dnsmasq.hosts"
        hosts.write_text("127.0.0.1 app.test\n")
        served = running.Process([dnsmasq, "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--user=root",
                                  "--listen-address=127.0.0.1", "--bind-interfaces", f"--port={port}", f"--addn-hosts={hosts}", "--pid-file="], work, "dnsmasq")
        with served:
            class Dnsmasq:
                address = f"127.0.0.1:{port}"
            with running.Switchyard(program, work, config(Dnsmasq, {"blue": [f"app.test:{first.port}"]}, {"blue": 1})) as proxy:
                proxy.healthy("blue")
                with Traffic(proxy.url()) as traffic:
                    hosts.write_text("127.0.0.2 app.test\n")
                    served.child.send_signal(signal.SIGHUP)
                    traffic.only("127.0.0.2")
                    served.kill()
                    running.until("its end to be seen", lambda: endpoint(proxy, "blue")["name"]["standing"] == "stale")
                    traffic.only("127.0.0.2")
                check("no request failed with dnsmasq", not traffic.wrong, traffic.wrong[:3])
                proxy.end()


def main():
    program = sys.argv[1]
    with NameServer() as names:
        blue_is_gone(program, names)
        rollback(program, names)
        silence(program, names)
        changes_ask_nobody(program, names)
        outage_and_move(program, names)
    real_server(program)
    file_of_hosts(program)
    return verdict()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except running.Failed as failed:
        verdict()
        sys.exit(f"FAILED: {failed}")
