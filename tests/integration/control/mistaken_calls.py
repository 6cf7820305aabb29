#!/usr/bin/env python3
"""Slips of scripts and hands: a key that is there twice, an empty variable, a number that is too large, a body without end. Each is
refused with its place, nothing changes, and the process lives. Labels that the store keeps are short on every call that acts."""
import json
import pathlib
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
            ("a body where none is read", "POST", "/v1/changes/1/confirm", '{"dry_run": true}', 400, "takes no body")):
        answer = raw(proxy, method, path, body)
        check(f"{what} is refused with {status}", answer[0] == status and says in json.dumps(answer[1], ensure_ascii=False).replace('\\"', '"'), answer)


def preconditions(proxy):
    for tag in ('""', '"', ",", '"1",""', " , "):
        answer = raw(proxy, "PUT", SPLIT, '{"green": 1}', If_Match=tag)
        check(f"If-Match {tag} is no precondition that holds", answer[0] == 400 and "If-Match" in answer[1]["detail"], answer)


def labels(proxy):
    calls = [(method, path.format(route="app", upstream="blue", address="127.0.0.1:1", generation=1, rollout="r1"))
             for path, methods in proxy.call("GET", "/v1/openapi.json")[1]["paths"].items()
             for method in (m.upper() for m in methods if m in ("post", "put", "delete"))
             if path not in ("/v1/explain", "/v1/config/check")]
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
            raw(proxy, "POST", STATE.format(blue.address), '{"state": "drain"}')
            bodies(proxy, blue.address)
            preconditions(proxy)
            labels(proxy)
            check("it lives", proxy.alive())
            check("nothing was changed", proxy.status()["generation"] == 2, proxy.status()["generation"])
            endpoint = proxy.status()["upstreams"]["blue"]["endpoints"][0]
            check("an empty state is not up", endpoint["state"] == "drain", endpoint)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
