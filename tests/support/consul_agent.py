"""A Consul agent as its public documentation describes it (HTTP API: health, blocking queries, consistency modes, ACLs), with what
goes wrong with one. Written from that alone, by somebody who has not read the client nor `consul_stub`.

A test changes it by `register`, `deregister`, `wake`, `reset`, and breaks it by setting `fault`; each wakes who waits."""
import gzip
import json
import random
import re
import threading
import time
import urllib.parse

from threaded_server import Restarted

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
LONGEST_WAIT, WAIT_UNLESS_SAID = 600, 300
GO_BUFFER = 2048  # what is longer leaves a Go server in chunks
GZIP_FROM = 1400


class Instance:
    def __init__(self, server, name, *, weights=(1, 1), tags=("v2",), service="passing", node="passing", at_node=False):
        self.host, self.port = server.host, server.port
        self.name, self.weights, self.tags, self.service, self.node, self.at_node = name, weights, tags, service, node, at_node

    def document(self, index):
        def check(ident, status, of=""):
            return {"Node": f"node-{self.name}", "CheckID": ident, "Name": f"{ident} check", "Status": status, "Notes": "", "Output": "<ok> & \"fine\"\n",
                    "ServiceID": of, "ServiceName": "green" if of else "", "ServiceTags": list(self.tags) if of else [], "Type": "http" if of else "",
                    "Interval": "", "Timeout": "", "ExposedPort": 0, "Definition": {}, "CreateIndex": 14, "ModifyIndex": index}
        # An instance without an address of its own is reached at its node's.
        elsewhere = "10.255.255.1"
        ident = f"green-{self.name}"
        return {
            "Node": {"ID": "40e4a748-2192-161a-0510-9bf59fe950b5", "Node": f"node-{self.name}", "Address": self.host if self.at_node else elsewhere,
                     "Datacenter": "dc1", "TaggedAddresses": {"lan": elsewhere, "wan": elsewhere}, "Meta": {"consul-network-segment": ""},
                     "CreateIndex": 13, "ModifyIndex": 14},
            "Service": {"ID": ident, "Service": "green", "Tags": list(self.tags), "Address": "" if self.at_node else self.host,
                        "TaggedAddresses": {} if self.at_node else {"lan_ipv4": {"Address": self.host, "Port": self.port}}, "Meta": None, "Port": self.port,
                        "Weights": {"Passing": self.weights[0], "Warning": self.weights[1]}, "EnableTagOverride": False,
                        "Proxy": {"Mode": "", "MeshGateway": {}, "Expose": {}}, "Connect": {}, "PeerName": "", "CreateIndex": 14, "ModifyIndex": index},
            "Checks": [check("serfHealth", self.node), check(f"service:{ident}", self.service, ident)]}


class Refusal(Exception):
    def __init__(self, status, text):
        super().__init__(text)
        self.status, self.text = status, text


class ConsulAgent(Restarted):
    def __init__(self, datacenter="dc1", hurry=1):
        """Waits of clients are `hurry` times as short."""
        super().__init__()
        self.datacenter, self.hurry = datacenter, hurry
        self.changed = threading.Condition()
        self.instances, self.index, self.of_green = {}, 27, 27
        self.tokens = {}  # a token → what it may: "read" or nothing; without any, ACLs are off
        self.fault, self.headers = None, {}
        self.asked = []
        self.start()

    # What a test does

    def register(self, *instances):
        with self.changed:
            for instance in instances:
                self.instances[instance.name] = instance
            self._changed()

    def deregister(self, *names):
        with self.changed:
            for name in names:
                del self.instances[name]
            self._changed()

    def wake(self):
        """An idempotent write: queries return, with nothing new."""
        with self.changed:
            self._changed()

    def elsewhere(self, writes=100):
        """Other services change: the cluster's index grows, this service's does not."""
        with self.changed:
            self.index += writes

    def reset(self, index, *instances):
        """A snapshot was restored: an older index, and what there was then."""
        with self.changed:
            self.index = self.of_green = index
            if instances:
                self.instances = {i.name: i for i in instances}
            self.changed.notify_all()

    def broken(self, fault, **headers):
        """`fault`: None, "silent", "half", "half chunk", "cut", "no json", an index to be told, or (status, text)."""
        with self.changed:
            self.fault, self.headers = fault, {k.replace("_", "-"): v for k, v in headers.items()}
            self.changed.notify_all()

    def may(self, **tokens):
        with self.changed:
            self.tokens = tokens
            self.changed.notify_all()

    def _changed(self):
        self.index += random.randint(1, 5)
        self.of_green = self.index
        self.changed.notify_all()

    # The server

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.broken(None)
        self.stop()

    def serve(self, call):
        target = urllib.parse.urlsplit(call.path)
        query = urllib.parse.parse_qs(target.query, keep_blank_values=True)
        self.asked.append((time.monotonic(), call.path, dict(call.headers)))
        try:
            if target.path != "/v1/health/service/green":
                raise Refusal(404, "")
            self._answer(call, query, *self._health(call, query))
        except Refusal as refusal:
            body = refusal.text.encode()
            call.send_response(refusal.status)
            for name, value in (("Content-Type", "text/plain; charset=utf-8"), ("Vary", "Accept-Encoding"), ("X-Consul-Default-Acl-Policy", self._policy()),
                                ("Content-Length", str(len(body)))):
                call.send_header(name, value)
            call.end_headers()
            call.wfile.write(body)
        except OSError:
            call.close_connection = True

    def _policy(self):
        return "deny" if self.tokens else "allow"

    def _token(self, call, query):
        bearer = call.headers.get("Authorization", "")
        return (query.get("token") or [call.headers.get("X-Consul-Token") or (bearer[7:] if bearer.startswith("Bearer ") else "")])[0]

    def _health(self, call, query):
        """(entries, index, whether ACLs filtered), when there is something new or the wait is over."""
        if query.get("dc", [""])[0] not in ("", self.datacenter):
            raise Refusal(500, "No path to datacenter")
        try:
            since = int(query.get("index", ["0"])[0])
        except ValueError:
            raise Refusal(400, "Invalid index") from None
        wait = WAIT_UNLESS_SAID
        if "wait" in query:
            said = re.fullmatch(r"([0-9.]+)(ms|s|m|h)", query["wait"][0])
            if not said:
                raise Refusal(400, "Invalid wait time")
            wait = min(float(said[1]) * UNITS[said[2]], LONGEST_WAIT)
        wait = (wait + random.uniform(0, wait / 16)) / self.hurry
        token = self._token(call, query)
        with self.changed:
            begun = self.fault, self.tokens
            # What is refused is refused at once.
            if since > 0 and self.fault is None and (not self.tokens or self.tokens.get(token) == "read"):
                end = time.monotonic() + wait
                while self.of_green <= since and (self.fault, self.tokens) == begun and time.monotonic() < end:
                    self.changed.wait(end - time.monotonic())
            if isinstance(self.fault, tuple):
                raise Refusal(*self.fault)
            if self.tokens and token and token not in self.tokens:
                raise Refusal(403, "ACL not found")
            entries = [i.document(self.of_green) for i in self.instances.values()
                       if {t.lower() for t in query.get("tag", [])} <= {t.lower() for t in i.tags}]
            if "passing" in query:
                entries = [e for e in entries if all(c["Status"] == "passing" for c in e["Checks"])]
            filtered = bool(self.tokens) and self.tokens.get(token) != "read"
            return [] if filtered else entries, self.of_green, filtered and bool(entries)

    def _answer(self, call, query, entries, index, filtered):
        fault = self.fault
        if fault == "silent":
            with self.changed:
                self.changed.wait_for(lambda: self.fault != "silent")
            raise OSError("nothing was said")
        if fault == "cut":
            raise OSError("cut off")
        body = json.dumps(entries, indent=4 if "pretty" in query else None, separators=None if "pretty" in query else (",", ":"))
        body = body.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").encode()  # as Go writes it
        if fault == "no json":
            body = b"<html><body>Welcome to the portal</body></html>"
        headers = {"Content-Type": "application/json", "Vary": "Accept-Encoding", "X-Consul-Default-Acl-Policy": self._policy(),
                   "X-Consul-Effective-Consistency": "leader", "X-Consul-Index": str(fault if isinstance(fault, int) else max(index, 1)),
                   "X-Consul-Knownleader": "true", "X-Consul-Lastcontact": "0", "X-Consul-Query-Backend": "blocking-query", **self.headers}
        if filtered:
            headers["X-Consul-Results-Filtered-By-Acls"] = "true"
        if "gzip" in call.headers.get("Accept-Encoding", "") and len(body) >= GZIP_FROM:
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        chunked = len(body) > GO_BUFFER or fault == "half chunk"
        headers.update({"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(len(body))})
        call.send_response(200)
        for name, value in headers.items():
            call.send_header(name, value)
        call.end_headers()
        if fault in ("half", "half chunk"):
            half = body[:len(body) // 2]
            call.wfile.write(b"%x\r\n%s\r\n" % (len(half), half) if chunked else half)
            call.close_connection = True
        elif chunked:
            for begin in range(0, len(body), GO_BUFFER):
                piece = body[begin:begin + GO_BUFFER]
                call.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            call.wfile.write(b"0\r\n\r\n")
        else:
            call.wfile.write(body)
