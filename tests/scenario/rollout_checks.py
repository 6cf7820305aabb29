#!/usr/bin/env python3
"""Story: a release whose own numbers go wrong. Checks of a plan ask a Prometheus server and a page of JSON, both real little
servers; while the numbers are good the rollout goes its way, and when they are not, or nobody can tell, it goes back and
says what was found. By https a check and a webhook go to a server whose certificate the configured authority vouches for, and to no other. Who may not be asked is refused with the entry that would allow it.

usage: rollout_checks.py SWITCHYARD YARDBENCH"""
import http.server
import json
import pathlib
import socketserver
import ssl
import subprocess
import sys
import threading
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from running import Endpoint, Failed, Load, Switchyard, blue_green, until, workplace  # noqa: E402

RATE = 200
QUERY = 'sum(rate(errors_total{release="green"}[1m]))'


def demand(what, holds):
    if not holds:
        raise Failed(what)


class Numbers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        body = json.dumps(self.server.says).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in (body[:5], body[5:]):
            if part:
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def do_POST(self):
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def __init__(self, says, certificate=None):
        super().__init__(("127.0.0.1", 0), Numbers)
        self.says, self.asked, self.told = says, [], []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate, certificate.with_suffix(".key"))
            # A handshake that fails is one thread's, not the listener's.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
            self.url = f"https://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass


def sample(value):
    return {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, value]}]}}


NOTHING = {"status": "success", "data": {"resultType": "vector", "result": []}}


def certificate(work, name):
    """For this machine, signed by itself: who believes that file believes the server."""
    made = work / f"{name}.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", made.with_suffix(".key"), "-out", made], check=True, capture_output=True)
    return made


def start(proxy, checks, webhooks=()):
    plan = {"route": "app", "from": "blue", "to": "green",
            "steps": [{"weight": 25, "bake": "1s"}, {"weight": 100, "bake": "1s"}],
            "analysis": {"latency": None, "checks": [{"every": "200ms", "timeout": "5s", "failures": 2, **check} for check in checks], "webhooks": list(webhooks)}}
    return proxy.call("POST", "/v1/rollouts", plan)


def begun(proxy, checks, webhooks=()):
    status, started, _ = start(proxy, checks, webhooks)
    demand(f"not started: {status} {started}", status == 201)
    return f"/v1/rollouts/{started['id']}"


def ended(proxy, rollout):
    def over():
        shown = proxy.call("GET", rollout)[1]
        return shown if not shown["holds_route"] else None

    return until("the end of " + rollout, over)


def give_back(proxy):
    demand("the split is not free", proxy.call("PUT", "/v1/routes/app/split", {"blue": 1, "green": 0})[0] == 200)


def refusals(proxy):
    status, problem, _ = start(proxy, [{"name": "far", "prometheus": "http://prometheus.example:9090", "query": QUERY, "below": 1},
                                       {"name": "what", "http": "http://127.0.0.1:1/", "below": 1}])
    errors = {error["pointer"]: error["detail"] for error in problem["errors"]}
    demand(f"{status} {errors}", status == 422 and "/analysis/checks/1/below" in errors)
    status, problem, _ = start(proxy, [{"name": "far", "prometheus": "http://prometheus.example:9090", "query": QUERY, "below": 1}])
    errors = {error["pointer"]: error["detail"] for error in problem["errors"]}
    demand(f"{status} {errors}", status == 422 and list(errors) == ["/analysis/checks/0/prometheus"])
    demand(f"no cure in {errors}", '"http://prometheus.example:9090/" there would allow it' in errors["/analysis/checks/0/prometheus"])


def good_numbers(proxy, prometheus, page):
    prometheus.says, page.says = sample("0.002"), {"lag": {"seconds": 0.5}}
    shown = ended(proxy, begun(proxy, [{"name": "rate", "prometheus": prometheus.url, "query": QUERY, "below": 0.01},
                                       {"name": "lag", "http": page.url + "/stats", "json": "/lag/seconds", "below": 5, "above": 0}]))
    demand(f"{shown['state']}: {shown['why']}", shown["state"] == "succeeded")
    found = {check["name"]: check["last"] for check in shown["checks"]}
    demand(found, found == {"rate": "0.002 is below 0.01", "lag": "0.5 is below 5 and above 0"})
    asked = urllib.parse.urlsplit(prometheus.asked[-1])
    demand(asked, asked.path == "/api/v1/query" and urllib.parse.parse_qs(asked.query) == {"query": [QUERY]})
    give_back(proxy)


def bad_numbers(proxy, server, check, good, says, words):
    """The numbers turn while the first step bakes."""
    server.says = good
    rollout = begun(proxy, [check])
    until("a check that passes", lambda: " is below " in proxy.call("GET", rollout)[1]["checks"][0]["last"])
    server.says = says
    shown = ended(proxy, rollout)
    demand(f"{shown['state']}: {shown['why']}", shown["state"] == "rolled_back")
    demand(shown["why"], shown["why"] == f"check {check['name']} failed 2 times in a row: {words}")
    demand(shown["ended"], shown["ended"]["by"] == "check " + check["name"])


def secure_numbers(proxy, known, stranger):
    """The authority's server is asked and told; a stranger's check fails in words and its webhook is an event."""
    known.says = {"lag": {"seconds": 0.5}}
    lag = {"name": "lag", "http": known.url + "/stats", "json": "/lag/seconds", "below": 5}
    shown = ended(proxy, begun(proxy, [lag], [{"on": ["done"], "url": known.url + "/hook"}, {"on": ["done"], "url": stranger.url + "/hook"}]))
    demand(f"{shown['state']}: {shown['why']}", shown["state"] == "succeeded")
    until("the webhook", lambda: known.told)
    demand(known.told, known.told[-1]["kind"] == "done")
    demand(stranger.told, not stranger.told)
    give_back(proxy)
    shown = ended(proxy, begun(proxy, [{**lag, "http": stranger.url + "/stats"}]))
    words = f"check lag failed 2 times in a row: {stranger.url}: its certificate: "
    demand(shown["why"], shown["state"] == "rolled_back" and shown["why"].startswith(words))
    demand(stranger.asked, not stranger.asked)


def main(program, yardbench):
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        known, stranger = certificate(pathlib.Path(work), "hooks"), certificate(pathlib.Path(work), "stranger")
        config = blue_green([blue.address], [green.address])
        config["process"]["admin"] = {"bind": "127.0.0.1:0", "rollout_ca_file": str(known)}
        with Switchyard(program, work, config) as proxy:
            proxy.healthy("blue", "green")
            prometheus, page = Server(sample("0")), Server({"lag": {"seconds": 1}})
            refusals(proxy)
            with Load(yardbench, proxy, RATE):
                good_numbers(proxy, prometheus, page)
                query = {"name": "rate", "prometheus": prometheus.url, "query": QUERY, "below": 0.01}
                for says, words in ((sample("0.5"), "0.5 is not below 0.01"), (NOTHING, "the query gives no value: no series matches"),
                                    (sample("NaN"), "the value is NaN")):
                    bad_numbers(proxy, prometheus, query, sample("0"), says, words)
                lag = {"name": "lag", "http": page.url, "json": "/lag/seconds", "below": 5}
                bad_numbers(proxy, page, lag, {"lag": {"seconds": 1}}, {"lag": {"seconds": 12}}, "12 is not below 5")
                bad_numbers(proxy, page, lag, {"lag": {"seconds": 1}}, {}, "there is nothing at /lag/seconds in the answer")
                secure_numbers(proxy, Server({}, known), Server({}, stranger))
    print("checks: good numbers go on; bad, missing and NaN ones go back in words; https is believed where its authority vouches")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Failed as failed:
        sys.exit(f"FAILED {failed}")
