#!/usr/bin/env python3
"""Story: a route is held under load while its database is migrated. Not one request is lost or refused: all wait, none reaches an
endpoint once the drain is over, and all are answered after `resume` – by the colour that was switched to meanwhile. A hold ends
by itself, also where the process was killed in the middle; it is undone like any change; a page is answered instead of waiting;
a rollout and a hold of the same route refuse each other.

usage: hold_under_load.py SWITCHYARD"""
import http.client
import http.server
import json
import pathlib
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from checks import check, verdict  # noqa: E402
from running import Switchyard, blue_green, until, workplace  # noqa: E402

CLIENTS = 24


class Colour(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # all of them come at once after `resume`

    def __init__(self, name):
        super().__init__(("127.0.0.1", 0), Handler)
        self.name, self.seen, self.lock = name, 0, threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536

    def do_GET(self):
        with self.server.lock:
            self.server.seen += 1
        body = self.server.name.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_):
        pass


class Client(threading.Thread):
    """One request after the other on one connection, until told to stop; every answer is kept."""

    def __init__(self, port, stop):
        super().__init__(daemon=True)
        self.port, self.stop, self.answers = port, stop, []

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        for number in range(10**9):
            if self.stop.is_set():
                break
            try:
                if number % 3 == 0:
                    connection.request("POST", "/p", body=b"x" * 2000)
                else:
                    connection.request("GET", f"/{number}")
                answer = connection.getresponse()
                self.answers.append((answer.status, answer.read().decode()))
            except (OSError, http.client.HTTPException) as error:
                self.answers.append((0, repr(error)))
                connection.close()
        connection.close()


def ask(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", "/")
    answer = connection.getresponse()
    out = answer.status, answer.getheader("Content-Type"), answer.read().decode()
    connection.close()
    return out


def main():
    blue, green = Colour("blue"), Colour("green")
    config = blue_green([blue.address], [green.address])
    for upstream in config["upstreams"].values():
        upstream["health"] = {"type": "tcp", "interval": "100ms"}
    with workplace() as work:
        with Switchyard(sys.argv[1], work, config) as proxy:
            proxy.healthy("blue", "green")
            port = int(proxy.status()["listeners"][0]["bound"].rsplit(":", 1)[1])

            def run(*words):
                done = subprocess.run([sys.argv[1], *words, "--admin", proxy.admin, "--token-file", str(proxy.state / "admin.token")], capture_output=True, text=True)
                return done.returncode, done.stdout + done.stderr

            def held():
                return proxy.status()["routes"][0].get("hold")

            stop = threading.Event()
            clients = [Client(port, stop) for _ in range(CLIENTS)]
            for client in clients:
                client.start()
            until("answers", lambda: all(client.answers for client in clients))

            code, said = run("hold", "app", "--for", "10m", "--wait-drained", "60s", "--reason", "the database is migrated")
            check("hold says that nothing is under way any more", code == 0 and "drained" in said and "wait until" in said, said)
            seen = blue.seen, green.seen
            until("all clients wait", lambda: (held() or {}).get("waiting") == CLIENTS)
            check("no request has reached an endpoint since", (blue.seen, green.seen) == seen, f"{seen} {(blue.seen, green.seen)}")
            told = [len(client.answers) for client in clients]
            code, said = run("switch", "app", "green")
            check("the route is switched while it is held", code == 0, said)
            until("all clients wait on", lambda: (held() or {}).get("waiting") == CLIENTS)
            check("and none was answered meanwhile", [len(client.answers) for client in clients] == told)
            code, said = proxy.call("POST", "/v1/rollouts", {"route": "app", "from": "green", "to": "blue", "steps": [{"weight": 10, "bake": "1m"}, {"weight": 100, "bake": "1m"}]})[:2]
            check("a rollout is refused while it is held", code == 409 and "resume" in json.dumps(said), f"{code} {said}")
            code, said = run("resume", "app")
            check("resume", code == 0 and held() is None, said)
            until("every client is answered", lambda: all(len(c.answers) > n + 1 for c, n in zip(clients, told)))
            late = {text for client, n in zip(clients, told) for _, text in client.answers[n:]}
            check("by the colour that was switched to", late == {"green"}, late)
            code, said = run("resume", "app")
            check("twice is refused", code == 1 and "not held" in said, said)

            code, said = run("hold", "app", "--for", "1s")
            check("a short hold", code == 0, said)
            until("it ends by itself", lambda: held() is None)
            audit = proxy.call("GET", "/v1/audit?limit=5")[1]
            entries = audit["audit"]
            check("and the audit says so", any(e["verb"] == "hold-ended" and e["who"] == "switchyard" for e in entries), entries)
            told = [len(client.answers) for client in clients]
            until("all go on", lambda: all(len(c.answers) > n for c, n in zip(clients, told)))

            stop.set()
            for client in clients:
                client.join()
            answers = [answer for client in clients for answer in client.answers]
            wrong = [answer for answer in answers if answer[0] != 200]
            check(f"not one of {len(answers)} requests was lost or refused", not wrong, wrong[:3])

            page = pathlib.Path(work) / "page.html"
            page.write_text("<h1>back at noon</h1>")
            code, said = run("hold", "app", "--for", "10m", "--page", str(page))
            check("a page instead of waiting", code == 0 and ask(port) == (503, "text/html; charset=utf-8", "<h1>back at noon</h1>"), said)
            code, said = run("undo")
            check("undone like any change", code == 0 and held() is None and ask(port)[0] == 200, said)
            code, said = run("hold", "app", "--for", "10m", "--dry-run")
            check("a dry run holds nothing", code == 0 and held() is None, said)

            rollout = proxy.call("POST", "/v1/rollouts", {"route": "app", "from": "green", "to": "blue", "steps": [{"weight": 10, "bake": "1h"}, {"weight": 100, "bake": "1m"}]})
            check("a rollout begins", rollout[0] == 201, rollout[1])
            code, said = run("hold", "app")
            check("and a hold is refused while it runs", code == 1 and "rollout" in said, said)
            proxy.call("POST", f"/v1/rollouts/{rollout[1]['id']}/abort", {})
            until("the rollout has ended", lambda: proxy.call("GET", f"/v1/rollouts/{rollout[1]['id']}")[1]["state"] == "aborted")
            code, said = run("hold", "app", "--for", "2s")
            check("held", code == 0, said)
            proxy.kill()
        with Switchyard(sys.argv[1], work, None) as proxy:
            until("it ends by itself after a crash", lambda: "hold" not in proxy.status()["routes"][0])
            proxy.end()
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
