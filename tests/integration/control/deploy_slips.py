#!/usr/bin/env python3
"""The command line in the hands of a script that was written in a hurry: a slip does nothing and says how it is meant, an
exit code means one thing, JSON is one document, and nobody else's text reaches the terminal as a command."""
import http.server
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402


def run(program, *words, **environment):
    return subprocess.run([program, *map(str, words)], capture_output=True, text=True, timeout=running.DEADLINE,
                          env={"PATH": os.environ["PATH"], **environment})


class Cli:
    def __init__(self, program, proxy):
        self.program, self.proxy = program, proxy

    def __call__(self, *words, **environment):
        return run(self.program, *words, "--state-dir", self.proxy.state, **environment)


def usage(cli, proxy):
    before = proxy.status()["generation"]
    for words, cure in ((("switch", "app", "green", "--wait-drained", "30"), "write 30s"),
                        (("switch", "app", "green", "--confirm-within", "60"), "write 60s"),
                        (("switch", "app", "green", "--watch", "5"), "write 5s"),
                        (("switch", "app", "green", "--drain-deadline", "soon"), "such as"),
                        (("undo", "--confirm-within", "1"), "write 1s"),
                        (("drain", "1", "--wait", "1"), "write 1s"),
                        (("wait", "green", "--within", "1"), "write 1s"),
                        (("split", "app", "blue=90%"), "blue=90"),
                        (("endpoint", "weight", "blue", "127.0.0.1:1"), "--weight 3"),
                        (("explain", "GET", "/x"), "http://")):
        done = cli(*words)
        check(f"{' '.join(words)}: usage, with the cure", done.returncode == 2 and cure in done.stdout + done.stderr, done)
    check("nothing was done", proxy.status()["generation"] == before)


def codes(cli, proxy, program):
    check("refused is 1", cli("switch", "app", "nowhere").returncode == 1)
    done = run(program, "status", "--admin", "http://127.0.0.1:1")
    check("not there is 4", done.returncode == 4, done)
    done = cli("wait", "green", "--healthy", "1", "--within", "30s")
    check("healthy is 0", done.returncode == 0 and "1 of 1 endpoints healthy" in done.stdout, done)
    done = cli("wait", "green", "--healthy", "2", "--within", "100ms")
    check("not so many in time is 3", done.returncode == 3 and "NOT healthy within 100ms" in done.stderr, done)
    done = cli("wait", "nowhere")
    check("no such upstream is 1", done.returncode == 1 and "blue" in done.stderr, done)
    answer = proxy.call("GET", "/v1/upstreams/green?wait=1s")
    check("a wait without a number is refused", answer[0] == 400 and "healthy" in answer[1]["detail"], answer)


def one_document(cli, proxy):
    done = cli("switch", "app", "green", "--wait-drained", "30s", "--json")
    document = json.loads(done.stdout)
    check("one JSON document, with the drain's end", done.returncode == 0 and document["drain"]["state"] == "done", done)
    again = cli("switch", "app", "green", "--json")
    check("what is already so is done", again.returncode == 0 and json.loads(again.stdout)["unchanged"], again)


def repeated(cli, proxy):
    first = cli("split", "app", "blue=1", "green=4", "--idempotency-key", "build-7")
    check("shares are told in percent", "20 %" in first.stdout and "80 %" in first.stdout, first)
    check("and shown", "blue 20 %, green 80 %" in cli("status").stdout)
    cli("split", "app", "blue=100")
    again = cli("split", "app", "blue=1", "green=4", "--idempotency-key", "build-7")
    now = proxy.status()["generation"]
    check("a repeated answer says so, and what is in force", again.returncode == 0 and
          "repeated answer" in again.stdout and f"generation {now}" in again.stdout, again)
    check("and does nothing", proxy.status()["generation"] == now)


def receipts(cli):
    added = cli("endpoint", "add", "blue", "127.0.0.1:9", "--weight", "3", "--max-connections", "50", "--dry-run")
    check("a receipt names every key", "weight 3, max_connections 50" in added.stdout, added)


def tokens(cli, proxy, program, work):
    elsewhere = pathlib.Path(work) / "elsewhere"
    elsewhere.mkdir()
    check("the flag beats the variable", cli("status", SWITCHYARD_STATE_DIR=str(elsewhere)).returncode == 0)
    check("the variable is read", run(program, "status", SWITCHYARD_STATE_DIR=str(proxy.state)).returncode == 0)
    done = run(program, "status", "--state-dir", elsewhere, "--admin", proxy.admin)
    check("no token: where it was looked for, and why", done.returncode == 1 and "admin.token: No such file" in done.stderr, done)
    (elsewhere / "token").write_text("wrong\n")
    done = run(program, "status", "--token-file", elsewhere / "token", "--admin", proxy.admin)
    check("a wrong one: which it was", "elsewhere/token is none that the process" in done.stderr, done)
    done = run(program, "status", "--token-file", elsewhere / "none", "--admin", proxy.admin)
    check("one that is not there", "none: No such file" in done.stderr, done)


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<!doctype html><h1>shop</h1>")

    def log_message(self, *_):
        pass


def foreign_port(program):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        done = run(program, "status", "--admin", f"http://127.0.0.1:{server.server_address[1]}")
        check("an application's port is told from the API", done.returncode == 4 and "port of the application" in done.stderr, done)
        server.shutdown()


def terminal(cli, proxy):
    proxy.call("PUT", "/v1/routes/app/split", {"blue": 2, "green": 1}, X_Reason="a\u009b2J\u202eb".encode().decode("latin-1"))
    for words in (("history",), ("audit",), ("history", "--json"), ("audit", "--json")):
        shown = cli(*words).stdout
        check(f"{' '.join(words)}: no command for the terminal", "\u009b" not in shown and "\u202e" not in shown, shown[:300])
    check("it is there, for whoever reads", "<U+009B>" in cli("history").stdout)
    check("and machines read the same", any(g["reason"] == "a\u009b2J\u202eb" for g in json.loads(cli("history", "--json").stdout)["generations"]))


def files(program, work):
    path = pathlib.Path(work) / "sy.json"
    base = {"listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
            "process": {"state_dir": str(pathlib.Path(work) / "made" / "here"), "log": {"access": str(pathlib.Path(work) / "no-such-folder" / "a.log")},
                        "admin": {"tls_certificate": "/nowhere.pem", "tls_key": "/nowhere.key"}},
            "upstreams": {"app": {"endpoints": [{"address": "app-blue.invalid:9011"}]}},
            "routes": [{"name": "app", "split": {"app": 1}}]}
    path.write_text(json.dumps(base))
    done = run(program, "check", path)
    for place in ("/process/log/access", "/process/admin/tls_certificate", "/upstreams/app/endpoints/0/address"):
        check(f"check warns of {place}", done.returncode == 0 and f"warning: {place}" in done.stderr, done)
    check("and --offline does not look", run(program, "check", path, "--offline").stderr == "")
    for text, cure in (("listeners:\n  - name: web\n", "YAML"), ('{"routes": [],}', "comma"), ("", "empty"),
                       ('{"listeners": [{"name": "w", "bind": "*:8080"}]}', "0.0.0.0:8080"),
                       ('{"upstreams": {"a": {"endpoints": [{"address": "http://127.0.0.1:9012/x"}]}}}', "write 127.0.0.1:9012")):
        path.write_text(text)
        done = run(program, "check", path)
        check(f"check {text[:20]!r}: {cure}", done.returncode == 1 and cure in done.stderr and ": :" not in done.stderr, done)
    done = run(program, "check", path.with_name("missing.json"))
    check("a missing file: why", "No such file" in done.stderr, done)


def main(program, yardbench):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue, running.Endpoint(yardbench, work, "green") as green:
        with running.Switchyard(program, work, running.blue_green([blue.address], [green.address])) as proxy:
            proxy.healthy("blue", "green")
            cli = Cli(program, proxy)
            usage(cli, proxy)
            codes(cli, proxy, program)
            one_document(cli, proxy)
            repeated(cli, proxy)
            receipts(cli)
            tokens(cli, proxy, program, work)
            foreign_port(program)
            terminal(cli, proxy)
            files(program, work)
            names = run(program, "completion", "--names", "upstreams", SWITCHYARD_STATE_DIR=str(proxy.state))
            check("completion knows names", names.stdout.split() == ["blue", "green"], names)
            proxy.child.send_signal(signal.SIGQUIT)
            check("SIGQUIT ends it in order", proxy.child.wait(running.DEADLINE) == 0)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
