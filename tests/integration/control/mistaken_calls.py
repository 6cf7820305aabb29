#!/usr/bin/env python3
"""Slips of scripts and hands: a key that is there twice, an empty variable, a number that is too large, a body without end. Each is
refused with its place, nothing changes, and the process lives. Labels that the store keeps are short on every call that acts."""
import json
import os
import pathlib
import socket
import subprocess
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

SWITCH, SPLIT, CHANGES = "/v1/routes/app/switch", "/v1/routes/app/split", "/v1/changes"
DEEP = "[" * 100_000 + "]" * 100_000
STATE = "/v1/upstreams/blue/endpoints/{}/state"


def raw(proxy, method, path, body=None, **headers):
    """The body as the bytes it is; (status, parsed answer)."""
    request = urllib.request.Request(proxy.admin + path, method=method, data=body if isinstance(body, (bytes, type(None))) else body.encode())
    request.add_header("Authorization", "Bearer " + proxy.token)
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request, timeout=running.DEADLINE) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def bodies(proxy, address):
    requirement = {"require": {"upstream": "blue", "healthy": 2**32 + 1}, "changes": [{"verb": "switch", "route": "app", "to": "green"}]}
    for what, method, path, body, status, says in (
            ("a key twice", "POST", SWITCH, '{"to": "blue", "to": "green"}', 422, '"to" is written twice'),
            ("an upstream twice", "PUT", SPLIT, '{"blue": 1, "green": 2, "blue": 7}', 422, '"blue" is written twice'),
            ("a key twice in an edit", "POST", CHANGES, '[{"verb": "switch", "route": "app", "to": "blue", "to": "green"}]', 422, "/0/to"),
            ("a section twice", "PUT", "/v1/config", '{"routes": [], "routes": []}', 422, '"routes" is written twice'),
            ("no end of brackets", "POST", CHANGES, '{"changes": ' + DEEP + "}", 400, "nested deeper than 64"),
            ("brackets in a split", "PUT", SPLIT, '{"blue": ' + DEEP + "}", 400, "nested deeper than 64"),
            ("brackets in a plan", "POST", "/v1/rollouts", '{"route": ' + DEEP + "}", 400, "nested deeper than 64"),
            ("brackets in a question", "POST", "/v1/explain", '{"headers": ' + DEEP + "}", 400, "nested deeper than 64"),
            ("brackets in a configuration", "PUT", "/v1/config", '{"routes": ' + DEEP + "}", 400, "nested deeper than 64"),
            ("bytes that are no text", "POST", SWITCH, b'{"to": "gr\xff"}', 400, "not valid JSON"),
            ("no body", "POST", SWITCH, "", 400, "the body is empty"),
            ("half a body", "POST", SWITCH, '{"to": ', 400, "not valid JSON"),
            ("a list", "POST", SWITCH, "[]", 422, "must be an object"),
            ("a weight too large", "PUT", SPLIT, '{"blue": 4294967297}', 422, "from 0 to 1000000"),
            ("an empty state", "POST", STATE.format(address), '{"state": ""}', 422, "/state"),
            ("a mistyped state", "POST", STATE.format(address), '{"state": "dwon"}', 422, 'unknown state "dwon"; known here'),
            ("a mistyped key", "POST", SWITCH, '{"too": "green"}', 422, 'unknown key "too"; did you mean "to"?'),
            ("another address in the body", "PUT", STATE.format(address)[:-6], '{"address": "127.0.0.1:5"}', 422, "/address"),
            ("a requirement of nothing", "POST", CHANGES, '{"require": {"upstream": "blue"}, "changes": [{"verb": "switch", "route": "app", "to": "green"}]}', 422, "/require/healthy"),
            ("the second of two edits", "POST", CHANGES, '[{"verb": "split", "route": "app", "weights": {"blue": 3}}, {"verb": "switch", "route": "app", "to": "nope"}]', 422, '"pointer": "/1"'),
            ("more endpoints than there can be", "POST", CHANGES, json.dumps(requirement), 409, "4294967295"),
            ("a word that a confirmation does not know", "POST", "/v1/changes/1/confirm", '{"dry_run": true}', 422, 'unknown key "dry_run"'),
            ("a body where none is read", "POST", "/v1/rollouts/r1/pause", '{"dry_run": true}', 400, "takes no body")):
        answer = raw(proxy, method, path, body)
        check(f"{what} is refused with {status}", answer[0] == status and says in json.dumps(answer[1], ensure_ascii=False).replace('\\"', '"'), answer)


def preconditions(proxy):
    for tag in ('', '""', '"', ",", '"1",""', " , "):
        answer = raw(proxy, "PUT", SPLIT, '{"green": 1}', If_Match=tag)
        check(f"If-Match {tag} is no precondition that holds", answer[0] == 400 and "If-Match" in answer[1]["detail"], answer)
    answer = raw(proxy, "PUT", SPLIT, '{"green": 1}', Idempotency_Key="")
    check("an empty key is none", answer[0] == 400 and "Idempotency-Key is empty" in answer[1]["detail"], answer)


def said_twice(proxy):
    """Neither of two may win in silence."""
    for query in ("?dry_run=true&dry_run=false", "?dry_run=false&dry_run=true"):
        answer = raw(proxy, "PUT", SPLIT + query, '{"green": 1}')
        check(f"{query} is refused", answer[0] == 400 and "twice" in answer[1]["detail"], answer)
    with socket.create_connection((proxy.admin.split("/")[2].split(":")[0], int(proxy.admin.rsplit(":", 1)[1])), running.DEADLINE) as caller:
        caller.sendall(f"PUT {SPLIT} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {proxy.token}\r\nIf-Match: soon\r\nIf-Match: *\r\n"
                       'Connection: close\r\nContent-Length: 12\r\n\r\n{"green": 1}'.encode())
        check("a second If-Match does not replace the first", caller.recv(65536).startswith(b"HTTP/1.1 400 "))


def keys(proxy):
    """A refusal has done nothing, and does not use up the key of the call."""
    refused = raw(proxy, "PUT", SPLIT, '{"gren": 1}', Idempotency_Key="later")
    check("refused", refused[0] == 422, refused)
    again = raw(proxy, "PUT", SPLIT + "?dry_run=false", '{"green": 0, "blue": 100}', Idempotency_Key="later")
    check("the key is free for the call as it was meant", again[0] == 200, again)


def waiting(proxy):
    """What holds a route would be in the way of the undo that a change to be confirmed was promised."""
    plan = {"route": "app", "from": "green", "to": "blue", "steps": [{"weight": 100, "bake": "1m"}]}
    both = raw(proxy, "POST", SWITCH, '{"to": "green", "watch": "1m", "confirm_within": "1m", "force": true}')
    check("watch and confirm_within exclude each other", both[0] == 422 and both[1]["errors"][0]["pointer"] == "/confirm_within", both)
    made = raw(proxy, "POST", SWITCH, '{"to": "green", "confirm_within": "2s", "force": true}')
    check("a change that waits", made[0] == 200 and "confirm_by" in made[1], made)
    for query in ("", "?dry_run=true"):
        begun = raw(proxy, "POST", "/v1/rollouts" + query, json.dumps(plan))
        check("no rollout begins meanwhile", begun[0] == 409 and "waits for confirmation" in begun[1]["detail"], begun)
    running.until("the undo that was promised", lambda: proxy.status()["routes"][0]["split"]["green"] == 0)


def command_line(proxy, program, work):
    """What the shell made of it is not what was meant."""
    def run(*words, **environment):
        done = subprocess.run([program, *words, "--admin", proxy.admin], capture_output=True, text=True,
                              env={**os.environ, "SWITCHYARD_TOKEN": proxy.token, **environment})
        return done.returncode, done.stdout + done.stderr

    empty = pathlib.Path(work) / "no-token"
    before = proxy.status()["generation"]
    for words, code, says in ((("split", "app", "blue=1", "green=2", "blue=3"), 2, "blue is there twice"),
                              (("split", "app", "blue=99999999999", "green=1"), 2, "is not UPSTREAM=WEIGHT"),
                              (("undo", "--to", "0"), 1, "generations begin at 1"),
                              (("undo", "--token-file", str(empty)), 1, "no-token: No such file")):
        done = run(*words)
        check(f"{' '.join(words)} is refused", done[0] == code and says in done[1], done)
    good = pathlib.Path(work) / "token"
    good.write_text(proxy.token + "\n")
    done = run("status", "--token-file", str(good), SWITCHYARD_TOKEN="wrong")
    check("the token that is asked for goes before the one that is about", done[0] == 0, done)
    check("nothing was changed by command line", proxy.status()["generation"] == before)


def labels(proxy):
    calls = [(method, path.format(route="app", upstream="blue", address="127.0.0.1:1", generation=1, rollout="r1", release="r1", rule="x", certificate="shop"))
             for path, methods in proxy.call("GET", "/v1/openapi.json")[1]["paths"].items()
             for method in (m.upper() for m in methods if m in ("post", "put", "delete"))
             if path not in ("/v1/explain", "/v1/config/check") and not path.startswith("/v1/session")]
    check("there are calls that act", len(calls) >= 13, calls)
    for method, path in calls:
        for header, value, limit in (("Idempotency-Key", "k" * 201, "200 bytes"), ("X-Reason", "x" * 1001, "1000 bytes"),
                                     ("Idempotency-Key", "\xff", "UTF-8"), ("X-Reason", "\xff\xfe", "UTF-8")):
            answer = raw(proxy, method, path, None, **{header: value})
            check(f"{method} {path}: {header} of {len(value)} is refused", answer[0] == 400 and header in answer[1]["detail"] and
                  limit in answer[1]["detail"], answer)


def main(program, yardbench):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        with running.Switchyard(program, work, running.blue_green([blue.address], [blue.address])) as proxy:
            proxy.healthy("blue", "green")
            raw(proxy, "POST", STATE.format(blue.address), '{"state": "drain", "force": true}')
            bodies(proxy, blue.address)
            preconditions(proxy)
            labels(proxy)
            check("it lives", proxy.alive())
            said_twice(proxy)
            check("nothing was changed", proxy.status()["generation"] == 2, proxy.status()["generation"])
            endpoint = proxy.status()["upstreams"]["blue"]["endpoints"][0]
            check("an empty state is not up", endpoint["state"] == "drain", endpoint)
            command_line(proxy, program, work)
            keys(proxy)
            waiting(proxy)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
