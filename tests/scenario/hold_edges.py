#!/usr/bin/env python3
"""Story: where a hold meets something else. Two hundred requests are let go onto endpoints that take eight at a time and have no
queue: all are answered, and no endpoint ever has more. A hold that has ended by itself leaves nothing to undo, and no way back
brings it again. What is held while the process is replaced goes on where it is when the new one resumes the route; what is held
while the process ends is answered at once.

usage: hold_edges.py SWITCHYARD"""
import http.client
import http.server
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from checks import check, verdict  # noqa: E402
from running import Switchyard, until, workplace  # noqa: E402
from upgraded import Lineage  # noqa: E402

HELD, PLACES = 200, 8


class Endpoint(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.now = self.most = self.seen = 0
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536

    def do_GET(self):
        server = self.server
        with server.lock:
            server.now += 1
            server.seen += 1
            server.most = max(server.most, server.now)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
        with server.lock:
            server.now -= 1  # before the last octet is on its way
        self.wfile.flush()

    def log_message(self, *_):
        pass


class Ask(threading.Thread):
    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.answer = port, None
        self.start()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            self.answer = answer.status, answer.getheader("Retry-After"), answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.answer = 0, None, repr(error)
        connection.close()


def main():
    endpoint = Endpoint()
    config = {
        "process": {"workers": 2, "shutdown_grace": "30s"},
        "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        "upstreams": {"app": {"endpoints": [{"address": f"127.0.0.1:{endpoint.server_address[1]}", "max_connections": PLACES}], "health": {"type": "none"}}},
        "routes": [{"name": "app", "split": {"app": 1}}],
    }
    with workplace() as work:
        with Switchyard(sys.argv[1], work, config) as proxy:
            lineage = Lineage(sys.argv[1], proxy)
            port = int(proxy.status()["listeners"][0]["bound"].rsplit(":", 1)[1])

            def held():
                return proxy.status()["routes"][0].get("hold")

            def hold(how_long):
                status, said = proxy.call("POST", "/v1/routes/app/hold", {"for": how_long})[:2]
                check(f"held for {how_long}", status == 200, said)
                return said

            def asks(count):
                out = [Ask(port) for _ in range(count)]
                until("all of them wait", lambda: (held() or {}).get("waiting") == count)
                return out

            hold("10m")
            asked = asks(HELD)
            upstream = proxy.call("GET", "/v1/upstreams/app")[1]
            check("what is held is in flight at no endpoint", upstream["endpoints"][0]["in_flight"] == 0, upstream)
            proxy.call("POST", "/v1/routes/app/resume", {})
            for each in asked:
                each.join()
            wrong = [each.answer for each in asked if each.answer[0] != 200]
            check(f"all {HELD} are answered", not wrong, wrong[:3])
            check(f"by {PLACES} places", endpoint.most <= PLACES and endpoint.seen == HELD, f"{endpoint.most} {endpoint.seen}")

            before = proxy.status()["generation"]
            made = hold("1s")["generation"]
            until("it ends by itself", lambda: held() is None)
            ended = proxy.status()["generation"]
            status, said = proxy.call("POST", "/v1/undo", {})[:2]
            check("nothing of it is left to undo, and that is said", status == 200 and "ended by itself" in str(said) and proxy.status()["generation"] == ended, said)
            status, said = proxy.call("POST", "/v1/undo", {"to": made})[:2]
            check("no way back brings it again", status == 200 and held() is None and "over" in str(said), said)
            status, said = proxy.call("POST", "/v1/undo", {"to": before})[:2]
            check("what was before it is there to go back to", status == 200 and held() is None, said)

            hold("10m")
            asked = asks(5)
            code, out, complaint = lineage.upgrade("--drain-within", "60s")
            check("the process is replaced while they wait", code == 0, out + complaint)
            check("and not one was answered by that", all(each.answer is None for each in asked), [each.answer for each in asked])
            status, said = proxy.call("POST", "/v1/routes/app/resume", {})[:2]
            check("the new one resumes the route", status == 200, said)
            for each in asked:
                each.join()
            check("and those of the one before go on", all(each.answer[0] == 200 for each in asked), [each.answer for each in asked])

            hold("10m")
            asked = asks(5)
            lineage.end()
            for each in asked:
                each.join()
            check("what is held when the process ends is answered", all(each.answer[0] == 503 and each.answer[1] for each in asked), [each.answer for each in asked])
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
