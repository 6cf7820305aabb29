#!/usr/bin/env python3
"""Story: endpoints that speak TLS, as nginx and openssl s_server do it. The right one serves, checked and kept; an expired
one, one for another name, a stranger's and one that wants a certificate are told apart in words; connections come back by
their sessions, as nginx's own log says; a change of settings, or of a file, never leaves an old connection in use; a body
that is cut short is no whole one; an endpoint that refuses our certificate late is down by a mere handshake, too; and an
undo, a reload of the file and a restart keep to all of it.

usage: tls_to_endpoints.py SWITCHYARD YARDBENCH"""
import copy
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from checks import check, verdict  # noqa: E402
from running import Process, Switchyard, accepts, port_to_keep, until, workplace  # noqa: E402
from tls import Certificates  # noqa: E402

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

SERVER = """
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {chain};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
        {more}
        keepalive_requests {requests};
        location / {{ return 200 "{name}\\n"; }}
    }}"""


class Nginx(Process):
    """One server for each kind of endpoint; what it sees of TLS stands in its log."""

    def __init__(self, work, servers):
        self.seen = pathlib.Path(work) / "nginx.seen"
        self.ports = {name: port_to_keep() for name in servers}
        blocks = "".join(SERVER.format(name=name, port=self.ports[name], chain=files["chain"], key=files["key"], more=more,
                                       requests=requests) for name, (files, more, requests) in servers.items())
        config = pathlib.Path(work) / "nginx.conf"
        config.write_text(f"""daemon off; master_process off; pid {work}/nginx.pid; error_log {work}/nginx.err info;
events {{ worker_connections 256; }}
http {{
    log_format seen '$server_port $ssl_session_reused $ssl_server_name $ssl_client_s_dn $connection';
    access_log {self.seen} seen;
    proxy_temp_path {work}/nginx-proxy; client_body_temp_path {work}/nginx-body; fastcgi_temp_path {work}/nginx-f;
    uwsgi_temp_path {work}/nginx-u; scgi_temp_path {work}/nginx-s;
    {blocks}
}}
""")
        super().__init__([NGINX, "-c", config], work, "nginx")
        for port in self.ports.values():
            until("nginx to listen", lambda p=port: accepts(p))

    def requests(self, name):
        """(resumed, name asked for, client's subject, connection) of each, the checks' included."""
        rows = [line.rstrip("\n").split(" ", 3) for line in self.seen.read_text().splitlines()]
        return [(reused == "r", sni, *rest.rsplit(" ", 1)) for port, reused, sni, rest in rows if port == str(self.ports[name])]


def ask(url, path="/"):
    try:
        with urllib.request.urlopen(url + path, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def upstream(port, tls, health="none"):
    return {"endpoints": [{"address": f"127.0.0.1:{port}"}], "health": {"type": health, "interval": "100ms"}, "tls": tls}


def refused_of(proxy, name):
    endpoints = proxy.call("GET", f"/v1/upstreams/{name}")[1]["endpoints"]
    return " ".join(str(one.get("refused", "")) for one in endpoints)


def metric(proxy, line):
    request = urllib.request.Request(proxy.admin + "/metrics", headers={"Authorization": "Bearer " + proxy.token})
    text = urllib.request.urlopen(request, timeout=60).read().decode()
    return next((float(one.rsplit(" ", 1)[1]) for one in text.splitlines() if one.startswith(line)), None)


def main():
    switchyard = sys.argv[1]
    with workplace() as work:
        ours = Certificates(work)
        (pathlib.Path(work) / "other").mkdir()
        stranger = Certificates(pathlib.Path(work) / "other")
        good = ours.sign("app", ["app.test"])
        us = stranger.sign("us", ["switchyard.test"])
        servers = {
            "good": (good, "", 1000),
            "one-shot": (good, "", 1),  # a new connection for every request
            "expired": (ours.sign("old", ["app.test"], days=0), "", 1000),
            "misnamed": (ours.sign("else", ["else.test"]), "", 1000),
            "stranger": (stranger.sign("fake", ["app.test"]), "", 1000),
            "guarded": (good, f"ssl_client_certificate {stranger.ca}; ssl_verify_client on;", 1000),
        }
        by_ca = {"ca": str(ours.ca), "server_name": "app.test"}
        with Nginx(work, servers) as nginx:
            upstreams = {name: upstream(port, by_ca) for name, port in nginx.ports.items()}
            upstreams["good"]["health"] = {"type": "http", "path": "/", "expect": [200], "interval": "100ms"}
            upstreams["checked"] = upstream(nginx.ports["expired"], by_ca, "tcp")
            upstreams["known"] = upstream(nginx.ports["guarded"], {**by_ca, "certificate": "us"})
            config = {
                "process": {"workers": 1},
                "certificates": {"us": us},
                "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
                "upstreams": upstreams,
                "routes": [{"name": name, "match": {"path_prefix": f"/{name}"}, "split": {name: 1}} for name in upstreams],
            }
            with Switchyard(switchyard, work, config) as proxy:
                story(proxy, nginx, config, ours)
                cut_short(proxy, config, work, good)
                checked_by_handshake_alone(proxy, config, work, good, stranger)
                undone_reloaded_restarted(switchyard, work, proxy, nginx, config)
    return verdict()


def story(proxy, nginx, config, ours):
    url = proxy.url()
    proxy.healthy("good")
    check("an endpoint behind TLS is checked by TLS, and serves", ask(url, "/good") == (200, "good\n"))
    mine = [ask(url, "/good") for _ in range(20)]
    check("again and again", set(mine) == {(200, "good\n")}, mine)
    rows = nginx.requests("good")
    check("it is asked for by its name", {sni for _, sni, _, _ in rows} == {"app.test"}, rows[:3])
    check("kept connections carry many requests", len({c for *_, c in rows}) < len(rows), len(rows))
    # nginx writes its line when the answer is out already.
    until("checks to come back by their sessions", lambda: any(resumed for resumed, *_ in nginx.requests("good")))
    for _ in range(6):
        ask(url, "/one-shot")
    shots = until("six lines", lambda: (rows := nginx.requests("one-shot"))[5:] and rows)
    check("of connections that serve one request each, all but the first are resumed, as nginx has it",
          [resumed for resumed, *_ in shots] == [False] + [True] * 5, shots)
    for name, words in (("expired", "expired"), ("misnamed", "hostname mismatch"),
                        ("stranger", "unable to get local issuer certificate")):
        status, body = ask(url, f"/{name}")
        check(f"{name}: 502 in words", status == 502 and "not to be trusted" in body, (status, body))
        until(f"{name}: the reason", lambda n=name, w=words: w in refused_of(proxy, n))
        check(f"{name}: of the request nothing has come through", nginx.requests(name) == [])
    status, body = ask(url, "/guarded")
    check("an endpoint that wants a certificate: nginx answers 400 itself", status == 400, (status, body))
    check("with the certificate it serves", ask(url, "/known") == (200, "guarded\n"))
    until("nginx to know who we are", lambda: "CN=switchyard.test" in nginx.requests("guarded")[-1][2])
    until("a check by TCP finds the expired one, too", lambda: "expired" in str(proxy.call("GET", "/v1/upstreams/checked")[1]))
    check("an upstream that is down for it is said to be down", ask(url, "/checked")[0] == 503)
    until("handshakes are counted", lambda: (metric(proxy, 'switchyard_endpoint_tls_handshakes_total{result="untrusted"}') or 0) >= 3)
    resumed = metric(proxy, 'switchyard_endpoint_tls_handshakes_total{result="resumed"}')
    check("resumed ones by themselves", resumed and resumed >= 5, resumed)

    before = {c for *_, c in nginx.requests("good")}
    changed = {**config, "upstreams": {**config["upstreams"], "good": {**config["upstreams"]["good"], "tls": {**config["upstreams"]["good"]["tls"], "min_version": "1.3"}}}}
    answer = proxy.call("GET", "/v1/config")
    config["process"] = changed["process"] = answer[1]["process"] if "process" in answer[1] else config["process"]
    check("a change of settings is taken", proxy.call("PUT", "/v1/config", changed)[0] == 200)
    ask(url, "/good")
    until("no connection of before to be used", lambda: nginx.requests("good")[-1][3] not in before)

    # The authority's file is exchanged for another's: what was right is not any more, without a generation.
    generation = proxy.status()["generation"]
    own = ours.ca.read_text()
    ours.ca.write_text((pathlib.Path(ours.folder).parent / "other" / "tls" / "ca.pem").read_text())
    proxy.call("POST", "/v1/certificates/reload")
    check("another authority in the file: the endpoint is a stranger", ask(url, "/good")[0] in (502, 503))
    ours.ca.write_text(own)
    proxy.call("POST", "/v1/certificates/reload")
    proxy.healthy("good")
    check("and with the right one it is back", ask(url, "/good") == (200, "good\n"))
    check("all of it in one generation", proxy.status()["generation"] == generation)
    ours.ca.write_text("no certificate\n")
    proxy.call("POST", "/v1/certificates/reload")
    check("a bad file changes nothing", ask(url, "/good") == (200, "good\n"))
    ours.ca.write_text(own)


def checked_by_handshake_alone(proxy, config, work, files, stranger):
    """By TLS 1.3 an endpoint refuses our certificate when the handshake is over for us: a check by TCP hears that, too."""
    port = port_to_keep()
    with Process(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", files["chain"], "-key", files["key"], "-tls1_3",
                  "-Verify", "1", "-verify_return_error", "-CAfile", stranger.ca, "-www", "-quiet"], work, "strict"):
        until("s_server", lambda: accepts(port))
        by_ca = config["upstreams"]["stranger"]["tls"]
        config["upstreams"]["strict"] = upstream(port, by_ca, "tcp")
        config["upstreams"]["strict-known"] = upstream(port, {**by_ca, "certificate": "us"}, "tcp")
        config["routes"] += [{"name": name, "match": {"path_prefix": f"/{name}"}, "split": {name: 1}}
                             for name in ("strict", "strict-known")]
        status, answer, _ = proxy.call("PUT", "/v1/config", config)
        check("endpoints that want a certificate are checked by TCP", status == 200, answer)
        proxy.healthy("strict-known")
        until("who shows none is told by the check", lambda: "certificate required" in str(proxy.call("GET", "/v1/upstreams/strict")[1]))
        check("and is down", ask(proxy.url(), "/strict/")[0] == 503)
        check("who shows one is served", ask(proxy.url(), "/strict-known/")[0] == 200)


def served_as_before(proxy, nginx, when):
    check(f"{when}: the right one serves", ask(proxy.url(), "/good") == (200, "good\n"))
    check(f"{when}: who wants our certificate gets it", ask(proxy.url(), "/known") == (200, "guarded\n"))
    until(f"{when}: nginx to know who we are", lambda: "CN=switchyard.test" in nginx.requests("guarded")[-1][2])
    check(f"{when}: a stranger is none the less a stranger", ask(proxy.url(), "/stranger")[0] == 502)


def undone_reloaded_restarted(switchyard, work, proxy, nginx, config):
    """How endpoints are spoken to goes back with an undo, comes with the file, and outlives the process."""
    changed = copy.deepcopy(config)
    changed["upstreams"]["known"]["tls"]["server_name"] = "else.test"
    check("a wrong name is taken", proxy.call("PUT", "/v1/config", changed)[0] == 200)
    check("and no connection of before is used for it", ask(proxy.url(), "/known")[0] == 502)
    check("an undo is made", proxy.call("POST", "/v1/undo", {})[0] == 200)
    served_as_before(proxy, nginx, "after the undo")

    file = json.loads(proxy.config.read_text())
    file["upstreams"]["good"]["tls"]["min_version"] = "1.3"
    proxy.config.write_text(json.dumps(file))
    proxy.child.send_signal(signal.SIGHUP)
    until("the file's settings",
          lambda: proxy.call("GET", "/v1/config")[1]["upstreams"]["good"]["tls"].get("min_version") == "1.3")
    served_as_before(proxy, nginx, "after the reload")

    check("it ends in good order", proxy.end() == 0)
    with Switchyard(switchyard, work, None, name="again") as again:
        again.healthy("good")
        served_as_before(again, nginx, "after the restart")
        check("by the settings that were in force",
              again.call("GET", "/v1/config")[1]["upstreams"]["good"]["tls"].get("min_version") == "1.3")


def cut_short(proxy, config, work, files):
    """openssl s_server -WWW ends its answers by closing: with TLS's own end, or, when it is killed, without."""
    port = port_to_keep()
    folder = pathlib.Path(work) / "www"
    folder.mkdir()
    (folder / "page.txt").write_text("all of it\n")
    with Process(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", files["chain"], "-key", files["key"], "-WWW", "-quiet"],
                 folder, "s_server"):
        until("s_server", lambda: accepts(port))
        config["upstreams"]["www"] = upstream(port, {"ca": config["upstreams"]["good"]["tls"]["ca"], "server_name": "app.test"})
        config["routes"].append({"name": "www", "match": {"path_prefix": "/page.txt"}, "split": {"www": 1}})
        status, answer, _ = proxy.call("PUT", "/v1/config", config)
        check("one more upstream", status == 200, answer)
        check("a body that ends with the connection is whole when TLS says so", ask(proxy.url(), "/page.txt") == (200, "all of it\n"))


if __name__ == "__main__":
    sys.exit(main())
