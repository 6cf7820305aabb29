#!/usr/bin/env python3
"""Another process takes the running one's place: who may begin that and when it is refused, signals, what status shows, and
that the file is not looked at."""
import base64
import hmac
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402
from upgraded import Lineage  # noqa: E402

SOON = {"probation": "100ms", "drain_within": "1m"}


KEY = "k" * 32


def jwt(claims, key):
    part = lambda octets: base64.urlsafe_b64encode(octets).rstrip(b"=")  # noqa: E731
    text = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(json.dumps(claims).encode())
    return (text + b"." + part(hmac.digest(key.encode(), text, "sha256"))).decode()


def config_of(silent):
    return {"process": {"workers": 2, "shutdown_grace": "1s"}, "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
            "upstreams": {"silent": {"endpoints": [{"address": f"127.0.0.1:{silent}"}], "health": {"type": "none"}}},
            "routes": [{"name": "slow", "match": {"path_exact": "/slow"}, "split": {"silent": 1}},
                       {"name": "own", "respond": {"status": 200, "body": "here\n"}}]}


def ask(proxy, path="/"):
    connection = socket.create_connection(("127.0.0.1", int(proxy.url().rsplit(":", 1)[1])), running.DEADLINE)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    return connection


def started(proxy, **more):
    status, body, _ = proxy.call("POST", "/v1/upgrade", {**SOON, **more})
    return status, body


def settled(lineage, state="done"):
    running.until(f"an upgrade that is {state}", lambda: (lineage.view()["upgrade"] or {}).get("state") == state)
    lineage.note()


def refusals(program, work, proxy, lineage):
    for order, words in (({"binary": "switchyard"}, "absolute"), ({"probation": "2h"}, "at most 1h"), ({"drain_within": "25h"}, "at most 24h"),
                         ({"binary": "/nowhere"}, "no program"), ({"binaries": "/bin/true"}, "binaries")):
        status, body = started(proxy, **order)
        check(f"{order} is refused", status == 422 and words in json.dumps(body), (status, body))
    status, body = started(proxy, binary="/nowhere")
    check("which is no configuration", body["title"] == "Cannot be done as asked", body)
    check("and nothing was begun", lineage.view() == {"upgrade": None, "predecessors": []}, lineage.view())


def predecessors(program, work, proxy, lineage, silent):
    """Who has something left stays: two of them, and a third only in the place of the oldest."""
    held, taken = [], []
    for count in (1, 2):
        held.append(ask(proxy, "/slow"))
        held[-1].settimeout(running.DEADLINE)
        taken.append(silent.accept())  # the request is under way in the process that is about to be replaced
        status, body = started(proxy)
        check("begun", status == 202 and body["upgrade"]["state"] == "running", (status, body))
        settled(lineage)
        now = proxy.status()
        check(f"status lists {count}", len(now.get("predecessors", [])) == count, now.get("predecessors"))
        check("each counts as one more that adopts", now["workers"] == {"adopted": 2 + count, "of": 2 + count}, now["workers"])
        config = proxy.call("GET", "/v1/config")[1]
        config["routes"].insert(0, {"name": f"with-{count}", "match": {"path_exact": "/with"}, "respond": {"status": 204}})
        status, receipt, _ = proxy.call("PUT", "/v1/config", config)
        check("a receipt is whole", status == 200 and receipt["adopted"] == {"workers": 2 + count, "of": 2 + count}, (status, receipt))
        check("and that of an undo", proxy.call("POST", "/v1/undo", {})[0] == 200)
    status, body = started(proxy)
    check("a third is refused", status == 409 and "1 request, the youngest for" in body["detail"] and "cut_oldest" in body["detail"], (status, body))
    check("and nobody was ended for it", len(proxy.status()["predecessors"]) == 2)
    status, body = started(proxy, drain_within="1ms")
    check("unless what the oldest has is older than upgrades give", status == 202, (status, body))
    check("whose request ends", not held[0].recv(100).startswith(b"HTTP/1.1 200"), "")
    settled(lineage)
    running.until("one of before is left", lambda: len(proxy.status().get("predecessors", [])) == 1)
    held.append(ask(proxy, "/slow"))
    taken.append(silent.accept())
    check("begun", started(proxy)[0] == 202)
    settled(lineage)
    held[1].settimeout(running.DEADLINE)
    status, body = started(proxy, cut_oldest=True)
    check("or the oldest may be cut", status == 202, (status, body))
    check("whose request ends", not held[1].recv(100).startswith(b"HTTP/1.1 200"), "")
    settled(lineage)
    code = os.spawnl(os.P_WAIT, program, program, "upgrade", "finish", "--state-dir", str(proxy.state))
    check("finish", code == 0, code)
    running.until("no predecessor is left", lambda: not lineage.view()["predecessors"])
    running.until("and none runs", lambda: len(lineage.running()) == 1)
    check("the workers are its own again", proxy.status()["workers"] == {"adopted": 2, "of": 2})


def the_file(program, work, proxy, lineage):
    """What is in force crosses as it is; a file that was changed meanwhile is taken when it is asked for."""
    config = json.loads(proxy.config.read_text())
    config["routes"].append({"name": "fresh", "match": {"path_exact": "/fresh"}, "respond": {"status": 204}})
    proxy.config.write_text(json.dumps(config))
    before = proxy.status()
    check("begun", started(proxy)[0] == 202)
    settled(lineage)
    now = proxy.status()
    check("as it was", (now["generation"], now["file"]) == (before["generation"], before["file"]), (before["file"], now["file"]))
    os.kill(lineage.serving(), signal.SIGHUP)
    running.until("the file's route", lambda: any(route["name"] == "fresh" for route in proxy.status()["routes"]))
    check("a tested generation follows", proxy.status()["generation"] == before["generation"] + 1)


def a_tuesday(program, work, proxy, lineage):
    """What a person does after an upgrade: reloads, switches, undoes, and goes back to the program of before."""
    routes = lambda: [route["name"] for route in proxy.status()["routes"]]  # noqa: E731
    config = json.loads(proxy.config.read_text())
    config["routes"].append({"name": "tuesday", "match": {"path_exact": "/tuesday"}, "respond": {"status": 204}})
    proxy.config.write_text(json.dumps(config))
    os.kill(lineage.serving(), signal.SIGHUP)
    running.until("what was reloaded", lambda: "tuesday" in routes())
    before = proxy.status()["generation"]
    check("begun", started(proxy, binary=program)[0] == 202)
    settled(lineage)
    view = lineage.view()["upgrade"]
    check("each phase is timed", {"hello", "rehearsal", "freeze", "takeover"} <= set(view["took_ms"]), view)
    status, undone, _ = proxy.call("POST", "/v1/undo", {})
    check("an undo of what the process before did", status == 200 and "tuesday" not in routes(), (status, undone))
    check("history has both", proxy.call("GET", f"/v1/generations/{before}")[0] == 200)
    check("back to the program of before", started(proxy, binary=program)[0] == 202)
    settled(lineage)
    check("with what was undone", "tuesday" not in routes() and proxy.status()["generation"] == before + 1, proxy.status())
    running.until("nobody of before is left", lambda: len(lineage.running()) == 1)


def not_understood(program, work, proxy, lineage, silent):
    """What is in force after a change, and the process of before cannot go by: no receipt is whole until it has ended."""
    held = ask(proxy, "/slow")
    held.settimeout(running.DEADLINE)
    taken = silent.accept()[0]
    knows = pathlib.Path(work) / "knows-more"
    knows.write_text(f'#!/bin/sh\nKEY_OF_THE_NEW_ONE={"k" * 32} exec {program} "$@"\n')
    knows.chmod(0o755)
    check("begun", started(proxy, binary=str(knows))[0] == 202)
    settled(lineage)
    config = json.loads(proxy.config.read_text())
    understood = proxy.status()["generation"]
    config["routes"].insert(0, {"name": "secret", "match": {"path_exact": "/secret"}, "respond": {"status": 204},
                                "jwt": {"algorithm": "HS256", "key": {"env": "KEY_OF_THE_NEW_ONE"}}})
    status, receipt, _ = proxy.call("PUT", "/v1/config", config)
    check("it is in force here, and the receipt names who is behind", status == 202 and len(receipt["adopted"]["waiting_for"]) == 1, (status, receipt))
    now = proxy.status()["workers"]
    check("as does status", now["adopted"] == 2 and now["of"] == 3, now)
    # The next process knows that the oldest is behind, though it has never spoken with it before.
    check("begun", started(proxy, binary=str(knows))[0] == 202)
    settled(lineage)
    running.until("the one that understood has ended", lambda: len(proxy.status()["predecessors"]) == 1)
    now = proxy.status()
    check("status names it still", (now["workers"]["adopted"], now["workers"]["of"]) == (2, 3), now["workers"])
    check("which makes nobody unready", now["ready"] and proxy.call("GET", "/readyz")[0] == 200, now["ready"])
    config["routes"].insert(0, {"name": "more", "match": {"path_exact": "/more"}, "respond": {"status": 204}})
    status, receipt, _ = proxy.call("PUT", "/v1/config", config)
    check("and no receipt is whole", status == 202 and len(receipt["adopted"]["waiting_for"]) == 1, (status, receipt))
    with ask(proxy, "/secret") as connection:
        answer = connection.recv(1000)
        check("the process in charge goes by it", answer.startswith(b"HTTP/1.1 204"), answer)
    taken.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    check("the process of before finishes what it has", held.recv(100).startswith(b"HTTP/1.1 204"))
    running.until("all of those that are left have adopted", lambda: proxy.status()["workers"] == {"adopted": 2, "of": 2})
    check("an undo", proxy.call("POST", "/v1/undo", {"to": understood})[0] == 200)  # a start has no such secret


def rehearsed(program, work, proxy, lineage):
    """What was served lately and how the endpoints are is tried beforehand; a program that treats it otherwise is refused."""
    config = json.loads(proxy.config.read_text())
    with socket.create_server(("127.0.0.1", 0)) as backend:
        there = f"127.0.0.1:{backend.getsockname()[1]}"
        config["upstreams"]["app"] = {"endpoints": [{"address": there}], "health": {"type": "tcp", "interval": "100ms"}}
        config["routes"].insert(0, {"name": "app", "match": {"path_exact": "/app"}, "split": {"app": 1}})
        check("an upstream with an endpoint", proxy.call("PUT", "/v1/config", config)[0] == 200)
        proxy.healthy("app")
        for path in ("/", "/nowhere?secret=1"):
            with ask(proxy, path) as connection:
                check("served", connection.recv(1000).startswith(b"HTTP/1.1 200"))
        check("begun", started(proxy)[0] == 202)
        settled(lineage)
        report = lineage.view()["upgrade"]["rehearsed"]
        check("requests, listeners and endpoints were tried", report["requests"] >= 1 and report["listeners"] == 1 and report["endpoints_up"] >= 1, report)
        alone = pathlib.Path(work) / "alone"
        alone.write_text(f'#!/bin/sh\nexec unshare --net {program} "$@"\n')
        alone.chmod(0o755)
        if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode == 0:
            check("begun", started(proxy, binary=str(alone))[0] == 202)
            settled(lineage, "failed")
            detail = lineage.view()["upgrade"]["detail"]
            check("one that cannot reach an endpoint is refused", f"no endpoint of upstream app passes" in detail and there in detail, detail)
    check("as it was", proxy.call("POST", "/v1/undo", {})[0] == 200)
    other_key(program, work, proxy, lineage)


def other_key(program, work, proxy, lineage):
    """A rule goes by what a token says, and the new program would find the token false."""
    token = jwt({"role": "tester"}, KEY)
    config = json.loads(proxy.config.read_text())
    config["routes"].insert(0, {"name": "claimed", "match": {"path_exact": "/claimed"}, "respond": {"status": 204},
                                "rules": [{"name": "testers", "when": {"claim": "role", "equals": "tester"}, "respond": {"status": 200}}],
                                "jwt": {"algorithm": "HS256", "key": {"env": "KEY_OF_TOKENS"}}})
    check("a rule on claims", proxy.call("PUT", "/v1/config", config)[0] == 200)
    port = int(proxy.url().rsplit(":", 1)[1])

    def served():
        with socket.create_connection(("127.0.0.1", port), running.DEADLINE) as connection:
            connection.sendall(f"GET /claimed HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode())
            return connection.recv(1000).startswith(b"HTTP/1.1 200")
    check("the token is genuine", served())
    other = pathlib.Path(work) / "other-key"
    other.write_text(f'#!/bin/sh\nKEY_OF_TOKENS={"x" * 32} exec {program} "$@"\n')
    other.chmod(0o755)

    end = time.monotonic() + 0.6  # a worker remembers one in 200 ms
    while time.monotonic() < end:
        served()
    check("begun", started(proxy, binary=str(other))[0] == 202)
    settled(lineage, "failed")
    detail = lineage.view()["upgrade"]["detail"]
    check("by the request, without its secrets", "GET a/claimed" in detail and '"status":200' in detail and token not in detail, detail)
    check("as it was", proxy.call("POST", "/v1/undo", {})[0] == 200)


def a_restart(program, work, generation):
    """The state goes on by a plain start, as if there had been no upgrade."""
    with running.Switchyard(program, work, None) as proxy:
        check("the state of before", proxy.status()["generation"] == generation, (generation, proxy.status()["generation"]))


def by_signal(program, work, proxy, lineage):
    """SIGUSR2 begins one; SIGTERM on probation ends both, and nothing is taken back."""
    old = lineage.serving()
    os.kill(old, signal.SIGUSR2)
    settled(lineage, "probation")
    check("begun by the signal", lineage.view()["upgrade"]["by"] == "SIGUSR2", lineage.view())
    check("not again while it is on probation", started(proxy)[0] == 409)
    os.kill(lineage.serving(), signal.SIGTERM)
    running.until("both have ended", lambda: not lineage.running())
    check("in order", "decides" not in proxy.text(), proxy.text()[-2000:])


def main():
    program = os.path.abspath(sys.argv[1])
    os.environ["KEY_OF_TOKENS"] = KEY
    with running.workplace() as work, socket.create_server(("127.0.0.1", 0)) as silent:
        with running.Switchyard(program, work, config_of(silent.getsockname()[1])) as proxy, Lineage(program, proxy) as lineage:
            refusals(program, work, proxy, lineage)
            predecessors(program, work, proxy, lineage, silent)
            rehearsed(program, work, proxy, lineage)
            the_file(program, work, proxy, lineage)
            a_tuesday(program, work, proxy, lineage)
            not_understood(program, work, proxy, lineage, silent)
            generation = proxy.status()["generation"]
            by_signal(program, work, proxy, lineage)
        a_restart(program, work, generation)
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
