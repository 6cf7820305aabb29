#!/usr/bin/env python3
"""The record of releases, from outside: one release of a route at a time, only its runner writes, and what it wrote survives
kill -9; a runner that stays away has its rollout aborted and may come back; a release is taken back by its name; a change waits on."""
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

BEGIN = {"route": "app", "from": "blue", "to": "green", "runner": "one", "within": "1h"}


def begin(proxy, name, **keys):
    return proxy.call("POST", "/v1/releases", {**BEGIN, "id": name, **keys})


def step(proxy, name, what, where, runner="one", **keys):
    return proxy.call("POST", f"/v1/releases/{name}/steps", {"runner": runner, "step": where, "what": what, **keys})


def look(proxy, name):
    return proxy.call("GET", f"/v1/releases/{name}")[1]


def verb(program, proxy, *words):
    return subprocess.run([program, *words], capture_output=True, text=True, timeout=running.DEADLINE,
                          env={**os.environ, "SWITCHYARD_STATE_DIR": str(proxy.state)})


def split(proxy):
    return {c: w for c, w in proxy.status()["routes"][0]["split"].items() if w}


def manners(proxy):
    for wrong in ({"id": "b/1"}, {"within": "0s"}, {"within": "2h"}, {"wanted": ["dance"]}, {"wanted": "smoke"}, {"route": "ap"}, {"to": "red"},
                  {"to": "blue"}, {"runner": 3}, {"more": 1}):
        status, answer, _ = begin(proxy, **{"name": "b1", **wrong}) if "id" not in wrong else begin(proxy, "b/1")
        check(f"{wrong} is refused and named", status == 422 and answer["errors"], (status, answer))
    dry = proxy.call("POST", "/v1/releases?dry_run=true", {**BEGIN, "id": "b1"})
    check("a dry run begins nothing", dry[0] == 200 and dry[1] == {"dry_run": True, "fresh": True} and
          proxy.call("GET", "/v1/releases")[1] == {"releases": []}, dry)
    check("there is none", proxy.call("GET", "/v1/releases/b1")[0] == 404)


def a_life(program, proxy):
    """Begun, written, refused to others, ended, undone."""
    status, begun, headers = begin(proxy, "b1", plan={"smoke": ["GET /"]})
    check("begun", status == 201 and headers["Location"] == "/v1/releases/b1" and begun["before"]["split"] == {"blue": 100, "green": 0}, begun)
    second = begin(proxy, "b2", runner="two")
    check("a second one is refused by the name of the first", second[0] == 409 and "release b1 of local-admin" in second[1]["detail"], second)
    check("somebody else does not write", step(proxy, "b1", "begun", "healthy", runner="two")[0] == 409)
    for wrong in ({"step": "dance"}, {"what": "guessed"}, {"generation": -1}):
        answer = proxy.call("POST", "/v1/releases/b1/steps", {"runner": "one", "step": "healthy", "what": "begun", **wrong})
        check(f"{wrong} is no line", answer[0] == 422 and answer[1]["errors"], answer)
    switched = proxy.call("POST", "/v1/routes/app/switch", {"to": "green"}, X_Reason="release b1")[1]
    for where in ("healthy", "traffic", "drained", "confirm"):
        ended = step(proxy, "b1", "done", where, **({"generation": switched["generation"]} if where == "traffic" else {}))
    check("ended well", ended[0] == 200 and ended[1]["outcome"] == "succeeded" and ended[1]["generations"] == [switched["generation"]], ended)
    check("it is over", step(proxy, "b1", "begun", "stop")[0] == 409)
    check("its id answers with it", begin(proxy, "b1", runner="three")[1]["outcome"] == "succeeded")
    reasons = [e["reason"] for e in proxy.call("GET", "/v1/audit")[1]["audit"] if e["generation"] == switched["generation"] and e["verb"] == "switch"]
    check("history and audit name it", reasons == ["release b1"], reasons)
    told = verb(program, proxy, "releases", "app")
    check("switchyard releases tells it", told.returncode == 0 and "release b1  succeeded  route app: blue → green" in told.stdout, told)
    dry = verb(program, proxy, "release", "undo", "b1", "--dry-run")
    check("a dry undo undoes nothing", dry.returncode == 0 and look(proxy, "b1")["outcome"] == "succeeded" and split(proxy) == {"green": 100}, dry)
    undone = verb(program, proxy, "release", "undo", "b1", "--reason", "empty search")
    check("undone by its name", undone.returncode == 0 and split(proxy) == {"blue": 100}, undone)
    r = look(proxy, "b1")
    check("the record says so", (r["outcome"], r["undone_by"], r["reason"]) == ("undone", "local-admin", "undone by local-admin: empty search"), r)
    again = verb(program, proxy, "release", "undo", "b1")
    check("not twice", again.returncode == 1 and "undone by local-admin before" in again.stderr, again)


def killed(program, work, endpoints):
    """What was written is there after kill -9; the runner goes on, or another one."""
    with running.Switchyard(program, work, running.blue_green(*endpoints)) as proxy:
        begin(proxy, "k1", within="30s")
        step(proxy, "k1", "begun", "healthy")
        proxy.kill()
    with running.Switchyard(program, work, None, name="again") as proxy:
        check("as it was", [s["what"] for s in look(proxy, "k1")["steps"]] == ["begun"] and look(proxy, "k1")["outcome"] == "running")
        check("its runner goes on", step(proxy, "k1", "done", "healthy")[0] == 200)
        check("or another one", begin(proxy, "k1", runner="two")[0] == 200 and step(proxy, "k1", "begun", "traffic")[0] == 409)
        proxy.healthy("blue", "green")
        rollout = proxy.call("POST", "/v1/rollouts", {"route": "app", "from": "blue", "to": "green",
                                                      "steps": [{"weight": 50, "bake": "1h"}, {"weight": 100, "bake": "1h"}]})[1]["id"]
        check("it says when it was last there", proxy.call("POST", "/v1/releases/k1/alive", {"runner": "two", "within": "1s"})[0] == 200)
        r = running.until("its runner to count as gone", lambda: (lambda r: r if r["outcome"] == "abandoned" else None)(look(proxy, "k1")))
        check("the rollout is aborted, and named", f"rollout {rollout} was aborted" in r["reason"], r)
        running.until("all traffic back", lambda: list(split(proxy)) == ["blue"])
        why = proxy.call("GET", f"/v1/rollouts/{rollout}")[1]
        check("the rollout says by whom", why["state"] == "aborted" and "release k1" in json.dumps(why), why)
        back = begin(proxy, "k1", runner="three")
        check("it may come back", back[0] == 200 and back[1]["outcome"] == "running", back)


def roles(program, work, endpoints):
    import hashlib
    config = running.blue_green(*endpoints)
    config["process"]["admin"] = {"bind": "127.0.0.1:0", "tokens": [
        {"name": role, "role": role, "sha256": hashlib.sha256(role.encode()).hexdigest()} for role in ("viewer", "operator")]}
    state = pathlib.Path(work) / "state"
    state.mkdir(exist_ok=True)
    (state / "admin.token").write_text("operator\n")
    with running.Switchyard(program, work, config) as proxy:
        check("an operator may", begin(proxy, "r1")[0] == 201 and step(proxy, "r1", "begun", "healthy")[0] == 200)
        proxy.token = "viewer"
        check("a viewer looks", proxy.call("GET", "/v1/releases/r1")[0] == 200)
        for path, body in (("", {**BEGIN, "id": "r2"}), ("/r1/steps", {"runner": "one", "step": "healthy", "what": "done"}),
                           ("/r1/alive", {"runner": "one", "within": "5s"}), ("/r1/undo", {})):
            check(f"a viewer does nothing: {path}", proxy.call("POST", "/v1/releases" + path, body)[0] == 403)


def main(program, yardbench):
    with running.Endpoint(yardbench, "/tmp", "blue") as blue, running.Endpoint(yardbench, "/tmp", "green") as green:
        endpoints = [blue.address], [green.address]
        with running.workplace() as work, running.Switchyard(program, work, running.blue_green(*endpoints)) as proxy:
            proxy.healthy("blue", "green")
            manners(proxy)
            a_life(program, proxy)
        with running.workplace() as work:
            killed(program, work, endpoints)
        with running.workplace() as work:
            roles(program, work, endpoints)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
