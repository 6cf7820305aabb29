#!/usr/bin/env python3
"""Explain says what then happens: random requests over random configurations, each first explained, then sent. Where a
balancer goes by a key, or a session holds an endpoint, it names the one endpoint that then serves; where an upstream has
nobody, who stands in for it.

The third argument is how many requests; the answer's X-Switchyard header tells what the data plane did: generation, route,
rule, upstream and endpoint. Where a cookie is minted, explain cannot know the upstream: then the request with the cookie
that came back is explained, and must lead to where the one without it went."""
import base64
import hashlib
import hmac
import http.client
import json
import pathlib
import random
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402

HOSTS = ["a.example", "b.example", "x.b.example", "other.test"]  # of routes and conditions
SPELLINGS = [*HOSTS, "A.Example", "b.example:8080", "x.b.example."]
PATHS = ["/", "/api", "/api/v1", "/apiary", "/t/1", "/API", "/a%2Fb", "/api/../t", "/t//1", "/%74/1"]
METHODS = ["GET", "GET", "GET", "POST", "PUT", "DELETE", "OPTIONS"]
GROUPS = ["beta", "gamma", ""]
CLIENTS = [f"127.0.0.{n}" for n in range(1, 9)]
BALANCES = ["random_two", "weighted_round_robin", "least_connections", "ip_hash", {"hash": "header:X-User"}, {"hash": "cookie:uid"},
            {"hash": "query:v"}, {"hash": "client"}, {"hash": "path"}]
SECRET = "a secret of at least 32 characters"
REQUESTS_PER_CONFIGURATION = 50
SEED = 20261127


def token(claims, secret=SECRET):
    def encoded(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    text = ".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return text + "." + encoded(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


def condition(r, claims, depth=0):
    if depth < 2 and r.random() < 0.3:
        kind = r.choice(["all", "any", "not"])
        inner = [condition(r, claims, depth + 1) for _ in range(2)]
        return {kind: inner[0] if kind == "not" else inner}
    return r.choice([
        {"header": "X-Release", "equals": r.choice(["canary", "stable"])},
        {"header": "x-release", "prefix": "can"},
        {"header": "X-User", "matches": r.choice(["^user[0-4]", "[13579]$", "r2|r3", "^(user)+1?[05]$"])},
        {"cookie": "group", "in": r.sample(["beta", "gamma", "delta"], 2)},
        {"cookie": "uid", "present": True},
        {"query": "v", r.choice(["equals", "prefix"]): "1"},
        {"query": "v", "present": True},
        {"client": r.choice(["127.0.0.0/8", "10.0.0.0/8"])},
        {"client": True, "in": ["10.0.0.0/8", r.choice(["127.0.0.1", "127.0.0.2"])]},
        {"method": r.choice(METHODS)},
        {"method": True, "in": ["POST", "PUT"]},
        {"path": True, "prefix": r.choice(["/api", "/t/", "/a%2F"])},
        {"path": r.choice(["/t/1", "/", "/api"])},
        {"host": r.choice(HOSTS)},
        {"host": True, "matches": r.choice(["^[ab][.]", "[.]b[.]", "test$"])},
        {"path": True, "matches": r.choice(["^/api/v[0-9]+$", "/[a-z]+/1", "(?:ap){1}i"])},
        {"claim": "plan", "equals": "beta"} if claims else {"header": "X-Release", "present": True},
        {"claim": "sub", "matches": "^s[0-4]$"} if claims else {"query": "w", "equals": "2"},
    ])


def sticky(r, claims):
    by = r.choice(["cookie:uid", "header:X-User", "query:v", "client"] + (["claim:sub"] if claims else []))
    out = {"by": by, "missing": r.choice(["baseline", "client"]), "salt": r.choice(["", "x"])}
    if by.startswith("cookie:") and r.random() < 0.5:
        out["mint"] = True
    return out


def access(r):
    """Of some of the clients; the narrowest block decides."""
    return r.choice([{"deny": ["127.0.0.3", "10.0.0.0/8"]}, {"allow": ["127.0.0.0/29"], "deny": ["127.0.0.1/32"]},
                     {"allow": ["127.0.0.2", "127.0.0.4", "all"], "deny": ["127.0.0.0/8"]}, {"allow": ["10.0.0.0/8", "127.0.0.0/30"]}])


def routes(r):
    out, seen = [], set()
    for n in range(r.randrange(1, 7)):
        match = {}
        if r.random() < 0.6:
            match["hosts"] = [r.choice(["a.example", "*.b.example", "b.example"])]
        if r.random() < 0.6:
            match.update(r.choice([{"path_prefix": "/api"}, {"path_prefix": "/t"}, {"path_prefix": "/"}, {"path_exact": "/t/1"}]))
        if "path_exact" not in match and r.random() < 0.3:
            match["path_matches"] = r.choice(["^/api/v[0-9]", "[0-9]$", "^/(t|a)"])
            match["before_prefixes"] = r.random() < 0.5
        elif "path_exact" not in match and r.random() < 0.2:
            match["before_expressions"] = True
        if "hosts" not in match and r.random() < 0.2:
            match["host_matches"] = r.choice(["^[ab][.]", "example$"])
        if r.random() < 0.2:
            match["methods"] = r.sample(["GET", "POST", "PUT"], 2)
        place = json.dumps({k: v for k, v in match.items() if not k.startswith("before_")})
        if place in seen:
            continue
        seen.add(place)
        route = {"name": f"r{n}", "match": match}
        kind = r.random()
        if kind < 0.05:
            route["respond"] = {"status": r.choice([204, 404, 503])}
        elif kind < 0.1:
            route["redirect"] = {"to": "https://x.example{path}", "status": r.choice([301, 308])}
        else:
            claims = r.random() < 0.4
            if claims:
                route["jwt"] = {"algorithm": "HS256", "key": SECRET}
            route["debug_headers"] = True
            route["split"] = {u: r.randrange(0, 6) for u in ("blue", "green", "grey")}
            if not any(route["split"].values()):
                route["split"]["blue"] = 1
            if r.random() < 0.6:
                route["rules"] = [{"name": f"k{i}", "when": condition(r, claims), "upstream": r.choice(["blue", "green", "grey"])}
                                  for i in range(r.randrange(1, 4))]
                for rule in route["rules"]:
                    fallback = r.choice(["", "", "blue", "green", "grey"])
                    if r.random() < 0.15:
                        del rule["upstream"]
                        rule["deny"] = r.choice([403, 404, 410])
                    elif fallback not in ("", rule["upstream"]):
                        rule["fallback"] = fallback
            if r.random() < 0.2:
                route["rewrite"] = [{"matches": "^/(api|t)/(.*)", "to": "/{2}/{1}?{query}"}]
            if r.random() < 0.2:
                route["reroute"] = False
            if r.random() < 0.5:
                route["sticky"] = sticky(r, claims)
        if r.random() < 0.2:
            route["access"] = access(r)
        if r.random() < 0.25 and not route.get("sticky", {}).get("mint"):
            # Tokens that do not come back while the test runs: what is left of them is certain.
            route["limits"] = {"rate": {"by": r.choice(["client", "header:X-User", "query:v"]), "requests": 1, "per": "24h",
                                        "burst": r.randrange(1, 5)}}
        out.append(route)
    return out


def upstreams(r, whole):
    """The same endpoints, otherwise chosen among."""
    for name, upstream in whole.items():
        upstream["balance"] = r.choice(BALANCES)
        upstream.pop("sticky_session", None)
        if r.random() < 0.5:
            upstream["sticky_session"] = {"cookie": "at_" + name}
        for endpoint in upstream["endpoints"]:
            endpoint["weight"] = r.randrange(1, 4)
            endpoint["state"] = "up"
        # Out by the operator's will: one of several, the primary before its backup, or all there are.
        everybody = r.random() < 0.2
        for endpoint in upstream["endpoints"] if everybody else upstream["endpoints"][:1]:
            endpoint["state"] = r.choice(["drain", "maint"] if everybody else ["up", "up", "drain", "maint"])


def trust(r, listener):
    """Of whom the listener lets itself be told who the client is, and where."""
    for key in ("trusted_proxies", "client_header", "access"):
        listener.pop(key, None)
    if r.random() < 0.2:
        listener["access"] = access(r)
    if r.random() < 0.6:
        listener["trusted_proxies"] = r.choice([["127.0.0.0/8"], ["127.0.0.1/32", "127.0.0.2/32", "10.9.0.0/16"]])
        listener["client_header"] = r.choice(["", "", "X-Real-IP", "Forwarded"])


def said_clients(r):
    address = r.choice(["10.1.2.3", "127.0.0.1", "10.1.2.3:80", '"10.1.2.3"', "192.0.2.7, 10.9.1.1", "unknown", "10.1.2.3,"])
    return r.choice([{"X-Forwarded-For": address}, {"X-Real-IP": address}, {"Forwarded": 'for="10.1.2.3:80";proto=https'}])


def request(r, sessions):
    """`sessions`: cookies that were given for sessions, by name."""
    headers = {}
    if r.random() < 0.5:
        headers["X-Release"] = r.choice(["canary", "stable", "can"])
    if r.random() < 0.5:
        headers["Cookie"] = r.choice([f"uid=u{r.randrange(50)}; group={r.choice(GROUPS)}", f"group={r.choice(GROUPS)}", "uid="])
    for name, value in sorted(sessions.items()):
        if r.random() < 0.5:
            headers["Cookie"] = "; ".join([*([headers["Cookie"]] if "Cookie" in headers else []), f"{name}={value}"])
    if r.random() < 0.4:
        headers.update(said_clients(r))
    if r.random() < 0.5:
        headers["X-User"] = f"user{r.randrange(50)}"
    if r.random() < 0.5:
        claims = {"sub": f"s{r.randrange(9)}", "plan": r.choice(["beta", "free"]), "exp": int(time.time()) + r.choice([-5000, 5000, 5000])}
        headers["Authorization"] = "Bearer " + token(claims, r.choice([SECRET, SECRET, SECRET, "another secret of the same length"]))
    return {"method": r.choice(METHODS), "host": r.choice(SPELLINGS), "path": r.choice(PATHS) + r.choice(["", "?v=1", "?v=2&w=2", "?v"]),
            "headers": headers, "client": r.choice(CLIENTS)}


class Pair:
    """The admin API and the data plane, side by side."""

    def __init__(self, proxy):
        self.admin = http.client.HTTPConnection(urllib.parse.urlparse(proxy.admin).netloc, timeout=running.DEADLINE)
        bound = proxy.status()["listeners"][0]["bound"]
        self.clients = {address: http.client.HTTPConnection(bound, timeout=running.DEADLINE, source_address=(address, 0))
                        for address in CLIENTS}
        self.token = {"Authorization": "Bearer " + proxy.token}

    def explain(self, question):
        self.admin.request("POST", "/v1/explain", json.dumps(question), self.token)
        return json.loads(self.admin.getresponse().read())

    def send(self, question):
        """Status, what X-Switchyard says, and the cookies that came."""
        client = self.clients[question["client"]]
        client.request(question["method"], question["path"], headers={"Host": question["host"], **question["headers"]})
        answer = client.getresponse()
        answer.read()
        did = dict(part.split("=", 1) for part in (answer.getheader("X-Switchyard") or "").split("; ") if "=" in part)
        cookies = [c.split(";")[0].split("=", 1) for c in answer.headers.get_all("Set-Cookie") or []]
        return answer.status, did, dict(cookies)


def fits(said, status, did):
    """Whether what was done is what was said."""
    if "status" in said:
        return status == said["status"] and not did
    if any(str(said.get(k)) != did.get(k) for k in ("generation", "route")) or said.get("rule") != did.get("rule"):
        return False
    if said.get("minted"):
        return True
    candidates = [said["endpoint"]] if "endpoint" in said else [e["address"] for e in said["endpoints"] if e["candidate"]]
    return said["upstream"] == did.get("upstream") and did.get("endpoint") in candidates


def minted_leads_there(pair, question, did, uid):
    """The cookie that was made leads to where the request without it went."""
    headers = dict(question["headers"])
    rest = [c for c in headers.pop("Cookie", "").split("; ") if c and not c.startswith("uid=")]
    headers["Cookie"] = "; ".join([f"uid={uid}"] + rest)
    said = pair.explain({**question, "headers": headers})
    # A rule may look at this very cookie: then it is another question.
    return uid and (said["by"] == "rule" or said.get("upstream") == did.get("upstream"))


def main(program, yardbench, wanted="400"):
    r = random.Random(SEED)
    agreed, minted, named, limited, rerouted, believed, sessions, problems = 0, 0, 0, 0, 0, 0, {}, []
    with running.workplace() as work:
        endpoints = [running.Endpoint(yardbench, work, colour) for colour in ("blue", "green", "blue", "grey")]
        try:
            addresses = [{"address": e.address} for e in endpoints]
            config = running.blue_green([e.address for e in endpoints], [e.address for e in endpoints[1:3]])
            config["upstreams"]["grey"] = {"endpoints": [addresses[3], {**addresses[0], "backup": True}]}
            with running.Switchyard(program, work, config) as proxy:
                running.until("every endpoint is up", lambda: all(
                    u["healthy"] == u["of"] for u in proxy.status()["upstreams"].values()))
                pair = Pair(proxy)
                while agreed + len(problems) < int(wanted) and len(problems) < 10:
                    if (agreed + len(problems)) % REQUESTS_PER_CONFIGURATION == 0:
                        whole = proxy.call("GET", "/v1/config")[1]
                        whole["routes"] = routes(r)
                        upstreams(r, whole["upstreams"])
                        trust(r, whole["listeners"][0])
                        status, receipt, _ = proxy.call("PUT", "/v1/config?force=true", whole)
                        if status == 422:
                            if any("matches the same" not in e["detail"] for e in receipt["errors"]):
                                problems.append(f"{status} {receipt}")
                            continue  # two routes that match the same: another one
                        if status != 200:
                            problems.append(f"{status} {receipt}")
                    question = request(r, sessions)
                    said = pair.explain(question)
                    status, did, cookies = pair.send(question)
                    if said.get("minted") and status == 503:
                        continue  # no endpoint serves where the fresh cookie led, and the refusal does not carry it
                    good = "generation" in said and fits(said, status, did)
                    if good and said.get("minted"):
                        minted += 1
                        good = minted_leads_there(pair, question, did, cookies.get("uid"))
                    sessions.update((name, value) for name, value in cookies.items() if name.startswith("at_"))
                    if good:
                        agreed += 1
                        named += "endpoint" in said and len(said["endpoints"]) > 1
                        limited += said.get("status") == 429
                        rerouted += "rerouted" in said
                        believed += any("trusts its peer" in why for why in said["why"])
                    else:
                        problems.append(f"{question}\n  said {said}\n  did {status} {did} {cookies}")
        finally:
            for endpoint in endpoints:
                endpoint.__exit__()
    print(f"{agreed} requests went as explained ({minted} with a cookie made for them, {named} with "
          f"their endpoint named among several, {limited} refused by a rate, {rerouted} re-routed, "
          f"{believed} with the client that a peer named), {len(problems)} did not")
    for problem in problems:
        print("  " + problem)
    return 1 if problems or agreed < int(wanted) or 0 in (minted, named, limited, rerouted, believed) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
