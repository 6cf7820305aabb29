"""Consul's health endpoint, from its public documentation alone: blocking queries with an index and a wait, the headers that
tell how far an answer may be believed – and the ways in which it goes wrong.

https://developer.hashicorp.com/consul/api-docs/features/blocking and …/api-docs/health"""
import http.server
import json
import threading
import time
import urllib.parse

from threaded_server import Threads


class Consul:
    def __init__(self):
        self.changed = threading.Condition()
        self.instances = []          # (id, address, port, status of its check, weight)
        self.index = 10
        self.status = 200            # of every answer
        self.filtered = False        # the token may not see all
        self.leader = True
        self.half = False            # break off in the middle of the body
        self.silent = False          # accept, and say nothing
        self.token = None            # that is asked for
        self.asked = []              # (path, index) of each call
        self.over = False
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                stub.answer(self)

        self.server = Threads(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def set(self, instances=None, wake=True, **knobs):
        """Another truth; blocking queries return."""
        with self.changed:
            if instances is not None:
                self.instances = instances
            for name, value in knobs.items():
                setattr(self, name, value)
            if "index" not in knobs:
                self.index += 1
            if wake:
                self.changed.notify_all()

    def document(self):
        return [{
            "Node": {"ID": "n1", "Node": "node", "Address": "127.0.0.9", "Datacenter": "dc1"},
            "Service": {"ID": i, "Service": "green", "Tags": ["v2"], "Address": address, "Port": port,
                        "Weights": {"Passing": weight, "Warning": 1}},
            "Checks": [{"CheckID": "serfHealth", "Status": "passing"}, {"CheckID": f"service:{i}", "Status": status}],
        } for i, address, port, status, weight in self.instances]

    def answer(self, to):
        url = urllib.parse.urlsplit(to.path)
        query = urllib.parse.parse_qs(url.query)
        asked = int(query.get("index", ["0"])[0])
        with self.changed:
            self.asked.append((to.path, asked))
            if asked > 0:
                end = time.monotonic() + float(query.get("wait", ["300s"])[0].rstrip("s"))
                while asked == self.index and not self.over and self.status == 200 and not self.silent:
                    if not self.changed.wait(max(0, end - time.monotonic())):
                        break
            while self.silent and not self.over:
                self.changed.wait()
            wrong = self.token is not None and to.headers.get("X-Consul-Token") != self.token
            status = 403 if wrong else self.status
            text = "ACL not found" if wrong else "No cluster leader" if status == 500 else json.dumps([] if self.filtered else self.document())
            headers = {"X-Consul-Index": str(self.index), "X-Consul-KnownLeader": "true" if self.leader else "false",
                       "X-Consul-LastContact": "0"}
            if self.filtered:
                headers["X-Consul-Results-Filtered-By-ACLs"] = "true"
            half = self.half
        body = text.encode()
        to.send_response(status)
        for name, value in headers.items():
            to.send_header(name, value)
        to.send_header("Content-Length", str(len(body)))
        to.end_headers()
        to.wfile.write(body[:len(body) // 2] if half else body)
        if half:
            to.close_connection = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.set(over=True)
        self.server.shutdown()
        self.server.server_close()
