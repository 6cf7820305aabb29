"""Kubernetes' API server as far as a reader of EndpointSlices sees it, from its public documentation alone: list, watch with
resource versions and bookmarks, 410 for what is too old.

https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes"""
import http.server
import json
import threading
import urllib.parse

from threaded_server import Threads


class Kubernetes:
    def __init__(self):
        self.changed = threading.Condition()
        self.version = 100
        self.slices = {}             # name → object
        self.events = []             # (version, line)
        self.oldest = 0              # versions below are compacted
        self.token = "first"
        self.status = 200
        self.lists = self.watches = 0
        self.cut = 0                 # raised: every watch breaks off
        self.over = False
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                try:
                    stub.answer(self)
                except OSError:
                    self.close_connection = True

        self.server = Threads(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def slice(self, name, port, *endpoints):
        """`endpoints`: (address, conditions)."""
        with self.changed:
            kind = "MODIFIED" if name in self.slices else "ADDED"
            self.slices[name] = {
                "metadata": {"name": name}, "addressType": "IPv4",
                "ports": [{"name": "http", "port": port, "protocol": "TCP"}, {"name": "metrics", "port": 9, "protocol": "TCP"}],
                "endpoints": [{"addresses": [address], "conditions": conditions} for address, conditions in endpoints]}
            self._event(kind, self.slices[name])

    def delete(self, name):
        with self.changed:
            self._event("DELETED", self.slices.pop(name))

    def bookmark(self):
        with self.changed:
            self._event("BOOKMARK", {"kind": "EndpointSlice", "metadata": {}})

    def set(self, **knobs):
        with self.changed:
            for name, value in knobs.items():
                setattr(self, name, value)
            self.changed.notify_all()

    def _event(self, kind, thing):
        self.version += 1
        thing = json.loads(json.dumps(thing))
        thing["metadata"]["resourceVersion"] = str(self.version)
        if thing["metadata"].get("name") in self.slices:
            self.slices[thing["metadata"]["name"]] = thing
        self.events.append((self.version, json.dumps({"type": kind, "object": thing})))
        self.changed.notify_all()

    def answer(self, to):
        url = urllib.parse.urlsplit(to.path)
        query = {k: v[0] for k, v in urllib.parse.parse_qs(url.query).items()}
        assert url.path == "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices", url.path
        assert query["labelSelector"] == "kubernetes.io/service-name=green", query
        with self.changed:
            status = self.status
            if to.headers.get("Authorization") != "Bearer " + self.token:
                status = 401
            if status != 200:
                return self.whole(to, status, {"kind": "Status", "message": "refused", "code": status})
            if "watch" not in query:
                self.lists += 1
                return self.whole(to, 200, {"kind": "EndpointSliceList", "metadata": {"resourceVersion": str(self.version)},
                                            "items": list(self.slices.values())})
            self.watches += 1
        self.watch(to, int(query["resourceVersion"]))

    def whole(self, to, status, document):
        body = json.dumps(document).encode()
        to.send_response(status)
        to.send_header("Content-Type", "application/json")
        to.send_header("Content-Length", str(len(body)))
        to.end_headers()
        to.wfile.write(body)

    def watch(self, to, since):
        to.send_response(200)
        to.send_header("Transfer-Encoding", "chunked")
        to.end_headers()

        def say(text):
            # A line may come in several chunks.
            for part in (text[:7], text[7:] + "\n"):
                data = part.encode()
                to.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                to.wfile.flush()

        with self.changed:
            begun = self.cut
            while not self.over and self.cut == begun:
                if since < self.oldest:
                    say(json.dumps({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}}))
                    break
                for version, line in self.events:
                    if version > since:
                        say(line)
                        since = version
                self.changed.wait()
        if self.over or self.cut == begun:
            to.wfile.write(b"0\r\n\r\n")
        to.close_connection = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.set(over=True)
        self.server.shutdown()
        self.server.server_close()
