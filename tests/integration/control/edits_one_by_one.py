#!/usr/bin/env python3
"""Routes, upstreams and rules one at a time: as resources, as verbs of /v1/changes, and by `switchyard rule`. Each has a
receipt, a dry run, a precondition, an undo and its role, like every other change; a new release takes one change, and a
white-list by header, cookie, user or address takes effect with the answer."""
import base64
import hashlib
import hmac
import http.client
import json
import pathlib
import subprocess
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

KEY = "the key of this test"
RULE = "/v1/routes/app/rules/beta"


def document(proxy):
    return proxy.call("GET", "/v1/config")[1]


def route(proxy, name="app"):
    return next(r for r in document(proxy)["routes"] if r["name"] == name)


def generation(proxy):
    return proxy.status()["generation"]


def whole_life(proxy, path, first, second, shows):
    """Put, put again, remove – each with a dry run, a stale precondition, a receipt and an undo."""
    start, origin = generation(proxy), document(proxy)
    status, receipt, _ = proxy.call("PUT", path + "?dry_run=true", first)
    check(f"{path}: a dry run answers the receipt", status == 200 and receipt["dry_run"] and receipt["changes"], receipt)
    check(f"{path}: and changes nothing", (generation(proxy), document(proxy)) == (start, origin))
    status, problem, _ = proxy.call("PUT", path, first, If_Match=f'"{start - 1}"')
    check(f"{path}: stale is 412", status == 412 and problem["generation"] == start, problem)
    status, receipt, headers = proxy.call("PUT", path, first, If_Match=f'"{start}"', X_Reason="one by one", Idempotency_Key=path)
    check(f"{path}: put", status == 200 and receipt["generation"] == start + 1 and receipt["adopted"]["workers"] == 2, receipt)
    check(f"{path}: the receipt says what", any(shows in line for line in receipt["changes"]), receipt["changes"])
    check(f"{path}: and the ETag", headers["ETag"] == f'"{start + 1}"', headers)
    again = proxy.call("PUT", path, first, If_Match=f'"{start}"', X_Reason="one by one", Idempotency_Key=path)[1]
    check(f"{path}: the same key, the same answer", again["generation"] == start + 1 and "repeated" in again, again)
    check(f"{path}: put again as it is", proxy.call("PUT", path, first)[1].get("unchanged"), generation(proxy))
    status, receipt, _ = proxy.call("PUT", path, second)
    check(f"{path}: replaced as a whole", status == 200 and receipt["generation"] == start + 2, receipt)
    entry = next(g for g in proxy.call("GET", "/v1/generations")[1]["generations"] if g["generation"] == start + 1)
    check(f"{path}: in the history", entry["reason"] == "one by one" and entry["verb"].startswith("put-"), entry)
    status, receipt, _ = proxy.call("DELETE", path)
    check(f"{path}: removed", status == 200 and document(proxy) == origin, receipt)
    status, problem, _ = proxy.call("DELETE", path)
    check(f"{path}: what is not there is 404", status == 404 and path.rsplit("/", 1)[1] in problem["detail"], problem)
    proxy.call("POST", "/v1/undo", {})
    proxy.call("POST", "/v1/undo", {"to": start + 1})
    check(f"{path}: an undo brings it back", any(shows in json.dumps(line) for line in (document(proxy), proxy.call("GET", f"/v1/generations/{start}/diff/{generation(proxy)}")[1])))
    proxy.call("POST", "/v1/undo", {"to": start})
    check(f"{path}: and away again", document(proxy) == origin)


def resources(proxy):
    green = document(proxy)["upstreams"]["green"]
    whole_life(proxy, "/v1/upstreams/v42", green, {**green, "slow_start": "3s"}, "v42")
    whole_life(proxy, "/v1/routes/shop", {"match": {"hosts": ["shop.example"]}, "split": {"blue": 1}},
               {"match": {"hosts": ["shop.example"]}, "split": {"green": 1}}, "shop")
    whole_life(proxy, RULE, {"when": {"cookie": "group", "equals": "beta"}, "upstream": "green"},
               {"when": {"cookie": "group", "in": ["beta", "staff"]}, "upstream": "green"}, "beta")


def refused(proxy):
    start, origin = generation(proxy), document(proxy)
    for method, path, body, status, place in (
            ("PUT", "/v1/routes/app", {"split": {"nowhere": 1}}, 422, "/routes/0/split/nowhere"),
            ("PUT", "/v1/routes/app", {"splitt": {"blue": 1}}, 422, "/routes/0/splitt"),
            ("PUT", "/v1/routes/app", {"name": "other", "split": {"blue": 1}}, 422, "/name"),
            ("PUT", RULE, {"when": {"header": "X"}, "upstream": "green"}, 422, "/routes/0/rules/0/when"),
            ("PUT", RULE, {"when": {"path": "/x"}, "upstream": "gren"}, 422, "/routes/0/rules/0/upstream"),
            ("PUT", RULE, {"when": {"path": "/x"}, "upstream": "green", "before": 7}, 422, "/before"),
            ("PUT", "/v1/upstreams/a%20b", {"endpoints": []}, 422, "/upstreams/a b"),
            ("PUT", "/v1/upstreams/v42", {"endpoints": [{"address": "http://x"}]}, 422, "/upstreams/v42/endpoints/0/address")):
        got, problem, _ = proxy.call(method, path, body)
        check(f"{method} {path} {body}", got == status and place in [e["pointer"] for e in problem["errors"]], problem)
    for method, path, body, status, words in (
            ("PUT", "/v1/routes/nowhere/rules/x", {"when": {"path": "/x"}, "upstream": "green"}, 404, "app"),
            ("PUT", RULE, {"when": {"path": "/x"}, "upstream": "green", "before": "none"}, 404, "none"),
            ("PUT", "/v1/routes/app", [], 400, "object"),
            ("DELETE", "/v1/upstreams/nowhere", None, 404, "blue"),
            ("DELETE", "/v1/routes/app", None, 409, "no route would be left")):
        got, problem, _ = proxy.call(method, path, body)
        check(f"{method} {path}", got == status and words in problem["detail"], problem)
    got, problem, _ = proxy.call("DELETE", "/v1/upstreams/green")
    check("what a split names stays", got == 422 and "/routes/0/split/green" in json.dumps(problem), problem)
    check("nothing of this was done", (generation(proxy), document(proxy)) == (start, origin))


def in_one_change(proxy):
    """A release that is named after its build: its upstream, its place in the split, its rule – one generation."""
    start, origin = generation(proxy), document(proxy)
    changes = [{"verb": "put-upstream", "upstream": "v42", "settings": origin["upstreams"]["green"]},
               {"verb": "put-route", "route": "app", "settings": {**origin["routes"][0], "split": {"blue": 100, "v42": 0}}},
               {"verb": "put-rule", "route": "app", "rule": "testers",
                "settings": {"when": {"header": "X-Release", "equals": "canary"}, "upstream": "v42"}},
               {"verb": "require", "upstream": "blue", "healthy": 1}]
    status, receipt, _ = proxy.call("POST", "/v1/changes?dry_run=true", changes)
    check("a dry run of all", status == 200 and len(receipt["changes"]) >= 3 and generation(proxy) == start, receipt)
    status, receipt, _ = proxy.call("POST", "/v1/changes", changes)
    check("a release is one generation", status == 200 and receipt["generation"] == start + 1, receipt)
    check("once it is healthy", proxy.call("GET", "/v1/upstreams/v42?healthy=1&wait=60s")[1]["healthy"] == 1)
    check("and serves", answer(proxy, {"X-Release": "canary"}) == "v42")
    status, problem, _ = proxy.call("POST", "/v1/changes", [{"verb": "remove-rule", "route": "app", "rule": "testers"},
                                                            {"verb": "remove-upstream", "upstream": "v42"}])
    check("one of two that cannot be refuses both", status == 422 and generation(proxy) == start + 1, problem)
    status, _, _ = proxy.call("POST", "/v1/changes", [{"verb": "remove-rule", "route": "app", "rule": "testers"},
                                                      {"verb": "put-route", "route": "app", "settings": origin["routes"][0]},
                                                      {"verb": "remove-upstream", "upstream": "v42"}])
    check("and away again", status == 200 and document(proxy) == origin)


def roles(proxy, tokens):
    admin = proxy.token
    rule = {"when": {"path": "/x"}, "upstream": "green"}
    calls = (("/v1/upstreams/v42", "put-upstream", {"upstream": "v42", "settings": {"endpoints": []}}, "admin"),
             ("/v1/routes/shop", "put-route", {"route": "shop", "settings": {"match": {"hosts": ["s"]}, "split": {"blue": 1}}}, "admin"),
             (RULE, "put-rule", {"route": "app", "rule": "beta", "settings": rule}, "operator"))
    for path, verb, edit, needs in calls:
        for role in ("viewer", "operator", "admin"):
            proxy.token = tokens[role]
            may = role == "admin" or role == needs
            body = edit["settings"]
            got = proxy.call("PUT", path + "?dry_run=true", body)
            check(f"{role} {verb} as a resource", (got[0] == 200) == may and (may or got[0] == 403), got)
            got = proxy.call("POST", "/v1/changes?dry_run=true", [{"verb": verb, **edit}])
            check(f"{role} {verb} among changes", (got[0] == 200) == may and (may or got[0] == 403), got)
    for role, status in (("viewer", 403), ("operator", 200), ("admin", 200)):
        proxy.token = tokens[role]
        got = proxy.call("POST", "/v1/config/check", {"listeners": []})
        check(f"{role} has a configuration checked", got[0] == status, got)
    proxy.token = tokens["operator"]
    for what, body in (("answers by itself", {"when": {"path": "/x"}, "respond": {"status": 200}}),):
        got = proxy.call("PUT", RULE, body)
        check(f"an operator's rule that {what} is beyond him", got[0] == 403 and "rule beta" in got[1]["detail"], got)
    proxy.token = admin
    proxy.call("PUT", "/v1/routes/app/rules/guard", {"when": {"path": True, "prefix": "/admin"}, "respond": {"status": 403}})
    proxy.token = tokens["operator"]
    got = proxy.call("PUT", RULE, {**rule, "before": "guard"})
    check("none of his stands before what guards", got[0] == 403, got)
    got = proxy.call("DELETE", "/v1/routes/app/rules/guard")
    check("nor takes it away", got[0] == 403, got)
    got = proxy.call("PUT", RULE, rule)
    check("behind it he is free", got[0] == 200, got)
    got = proxy.call("DELETE", RULE)
    check("and cleans up", got[0] == 200, got)
    proxy.token = admin
    proxy.call("DELETE", "/v1/routes/app/rules/guard")


def answer(proxy, headers, path="/"):
    client = http.client.HTTPConnection(urllib.parse.urlparse(proxy.url()).netloc, timeout=running.DEADLINE)
    client.request("GET", path, headers=headers)
    got = client.getresponse()
    got.read()
    client.close()
    return dict(part.split("=", 1) for part in got.headers["X-Switchyard"].split("; "))["upstream"]


def jwt(user):
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    body = part(b'{"alg":"HS256"}') + b"." + part(json.dumps({"sub": user}).encode())
    return "Bearer " + (body + b"." + part(hmac.new(KEY.encode(), body, hashlib.sha256).digest())).decode()


def white_lists(program, proxy, work, operator):
    """What an operator sets while traffic flows, by command line; the next request goes by it."""
    proxy.call("PUT", "/v1/routes/app", {**route(proxy), "jwt": {"algorithm": "HS256", "key": KEY}})
    token = pathlib.Path(work) / "operator.token"
    token.write_text(operator)

    def rule(*words, code=0):
        done = subprocess.run([program, "rule", *words, "--admin", proxy.admin, "--token-file", token], capture_output=True,
                              text=True, timeout=running.DEADLINE, env={})
        check(f"rule {' '.join(words)}", done.returncode == code, done)
        return done.stdout + done.stderr

    lists = {"header": (("--header", "X-Beta=yes"), {"X-Beta": "yes"}, {"X-Beta": "no"}),
             "several headers": (("--header", "X-Beta=yes", "--header", "X-Beta=sure"), {"X-Beta": "sure"}, {"X-Beta": "no"}),
             "cookie": (("--cookie", "group=beta"), {"Cookie": "a=b; group=beta"}, {"Cookie": "group=none"}),
             "user": (("--claim", "sub=ann", "--claim", "sub=bob"), {"Authorization": jwt("bob")}, {"Authorization": jwt("eve")}),
             "address": (("--client", "203.0.113.0/24", "--client", "198.51.100.7"), {"X-Forwarded-For": "203.0.113.9"}, {}),
             "condition": (("--when", '{"all": [{"header": "X-Beta", "present": true}, {"not": {"cookie": "stable", "present": true}}]}'),
                           {"X-Beta": "1"}, {"X-Beta": "1", "Cookie": "stable=1"})}
    for name, (words, listed, other) in lists.items():
        check(f"{name}: not yet", answer(proxy, listed) == "blue")
        said = rule("set", "app", "beta", "--to", "green", *words, "--reason", name)
        check(f"{name}: the receipt says what it takes", "what rule beta takes goes to green" in said, said)
        check(f"{name}: the next request of the list", answer(proxy, listed) == "green")
        check(f"{name}: and of nobody else", answer(proxy, other) == "blue" and answer(proxy, {}) == "blue")
        rule("remove", "app", "beta")
        check(f"{name}: over with the answer", answer(proxy, listed) == "blue")
    rule("set", "app", "beta", "--to", "green", "--header", "A=1")
    rule("set", "app", "first", "--to", "blue", "--header", "A=1", "--before", "beta")
    check("the first that holds decides", answer(proxy, {"A": "1"}) == "blue")
    rule("remove", "app", "first")
    before = generation(proxy)
    check("a dry run of the command line", "green" in rule("set", "app", "more", "--to", "green", "--client", "::1", "--dry-run"))
    rule("set", "app", "more", "--to", "green", "--client", "::1", "--if-generation", str(before - 1), code=1)
    for words, code, cure in ((("set", "app", "more"), 2, "--to UPSTREAM"), (("set", "app", "more", "--to", "green"), 2, "a test"),
                              (("set", "app", "more", "--to", "green", "--header", "X"), 2, "NAME=VALUE"),
                              (("set", "app", "more", "--to", "green", "--when", "{"), 2, "JSON"),
                              (("set", "app", "more", "--to", "gren", "--header", "X=1"), 1, "green"),
                              (("set", "ap", "more", "--to", "green", "--header", "X=1"), 1, "app"),
                              (("set", "app", "more", "--to", "green", "--client", "10.0.0/8"), 1, "address"),
                              (("set", "app", "more", "--to", "green", "--header", "X=1", "--before", "x"), 1, "x"),
                              (("put", "app", "more"), 2, "set"), (("remove", "app", "none"), 1, "beta")):
        said = rule(*words, code=code)
        check(f"rule {' '.join(words)}: {cure}", cure in said, said)
    check("no slip did anything", generation(proxy) == before)
    rule("remove", "app", "beta")


def main(program, yardbench):
    tokens = {role: f"secret of the {role}" for role in ("viewer", "operator", "admin")}
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue, running.Endpoint(yardbench, work, "green") as green:
        config = running.blue_green([blue.address], [green.address])
        config["listeners"][0]["trusted_proxies"] = ["127.0.0.1"]
        state = pathlib.Path(work) / "state"
        state.mkdir(mode=0o700)
        (state / "admin.token").write_text(tokens["admin"])
        config["process"]["admin"] = {"bind": "127.0.0.1:0", "tokens": [
            {"name": role, "role": role, "sha256": hashlib.sha256(token.encode()).hexdigest()} for role, token in tokens.items()]}
        with running.Switchyard(program, work, config) as proxy:
            proxy.healthy("blue", "green")
            resources(proxy)
            refused(proxy)
            in_one_change(proxy)
            roles(proxy, tokens)
            white_lists(program, proxy, work, tokens["operator"])
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
