#!/usr/bin/env python3
"""Explain says what then happens: random requests over random configurations, each first explained, then sent.

The third argument is how many requests; the answer's X-Switchyard header tells what the data plane did."""
import http.client
import json
import pathlib
import random
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402

HOSTS = ["a.example", "b.example", "x.b.example", "other.test"]
PATHS = ["/", "/api", "/api/v1", "/apiary", "/t/1", "/API", "/a%2Fb", "/api/../t"]
GROUPS = ["beta", "gamma", ""]
REQUESTS_PER_CONFIGURATION = 50


def condition(r, depth=0):
    kind = r.randrange(7 if depth < 2 else 5)
    if kind == 0:
        return {"header": "X-Release", "equals": r.choice(["canary", "stable"])}
    if kind == 1:
        return {"cookie": "group", "in": r.sample(["beta", "gamma", "delta"], 2)}
    if kind == 2:
        return {"query": "v", "present": True}
    if kind == 3:
        return {"header": "X-Release", "prefix": "can"}
    if kind == 4:
        return {"client": r.choice(["127.0.0.0/8", "10.0.0.0/8"])}
    return {r.choice(["all", "any"]): [condition(r, depth + 1) for _ in range(2)]} if kind == 5 else {"not": condition(r, depth + 1)}


def configuration(r):
    routes, seen = [], set()
    for n in range(r.randrange(1, 6)):
        match = {}
        if r.random() < 0.6:
            match["hosts"] = [r.choice(["a.example", "*.b.example", "b.example"])]
        if r.random() < 0.6:
            match["path_prefix"] = r.choice(["/api", "/t", "/"])
        if json.dumps(match) in seen:
            continue
        seen.add(json.dumps(match))
        route = {"name": f"r{n}", "match": match, "debug_headers": True,
                 "split": {u: r.randrange(0, 6) for u in ("blue", "green")}}
        if not any(route["split"].values()):
            route["split"]["blue"] = 1
        if r.random() < 0.6:
            route["rules"] = [{"name": f"k{i}", "when": condition(r), "upstream": r.choice(["blue", "green"])}
                              for i in range(r.randrange(1, 3))]
        if r.random() < 0.3:
            route["sticky"] = {"by": r.choice(["cookie:uid", "header:X-User"])}
        routes.append(route)
    return routes


def main(program, yardbench, wanted="400"):
    r = random.Random(20261120)
    agreed, problems = 0, []
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue, \
            running.Endpoint(yardbench, work, "green") as green:
        config = running.blue_green([blue.address], [green.address])
        with running.Switchyard(program, work, config) as proxy:
            proxy.healthy("blue", "green")
            listener = proxy.status()["listeners"][0]["bound"]
            admin = http.client.HTTPConnection(urllib.parse.urlparse(proxy.admin).netloc, timeout=running.DEADLINE)
            client = http.client.HTTPConnection(listener, timeout=running.DEADLINE)
            token = {"Authorization": "Bearer " + proxy.token}
            while agreed + len(problems) < int(wanted) and len(problems) < 10:
                if (agreed + len(problems)) % REQUESTS_PER_CONFIGURATION == 0:
                    whole = proxy.call("GET", "/v1/config")[1]
                    whole["routes"] = configuration(r)
                    status, receipt, _ = proxy.call("PUT", "/v1/config", whole)
                    if status == 422:
                        continue  # two routes that match the same: another one
                    if status != 200:
                        problems.append(f"{status} {receipt}")
                host, path = r.choice(HOSTS), r.choice(PATHS) + r.choice(["", "?v=1"])
                headers = {}
                if r.random() < 0.5:
                    headers["X-Release"] = r.choice(["canary", "stable"])
                if r.random() < 0.5:
                    headers["Cookie"] = f"uid=u{r.randrange(50)}; group={r.choice(GROUPS)}"
                if r.random() < 0.5:
                    headers["X-User"] = f"user{r.randrange(50)}"
                question = {"method": "GET", "host": host, "path": path, "headers": headers, "client": "127.0.0.1"}
                admin.request("POST", "/v1/explain", json.dumps(question), token)
                said = json.loads(admin.getresponse().read())
                client.request("GET", path, headers={"Host": host, **headers})
                answer = client.getresponse()
                answer.read()
                did = dict(part.split("=", 1) for part in (answer.getheader("X-Switchyard") or "").split("; ") if "=" in part)
                if "status" in said:
                    fits = answer.status == said["status"] and not did
                else:
                    fits = all(str(said.get(k)) == did.get(k) for k in ("generation", "route", "upstream")) and \
                        said.get("rule") == did.get("rule")
                if fits:
                    agreed += 1
                else:
                    problems.append(f"{question}\n  said {said}\n  did {answer.status} {did}")
    print(f"{agreed} requests went as explained, {len(problems)} did not")
    for problem in problems:
        print("  " + problem)
    return 1 if problems or agreed < int(wanted) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
