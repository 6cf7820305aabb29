#!/usr/bin/env python3
"""Confirming and steering rollouts make no generation of their own, and keep the manners of every change: If-Match, a key that
does a call once, who and why in the audit. A plan can be tried dry; what has no dry run refuses one, and a query nobody knows is never passed over."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

PLAN = {"route": "app", "from": "blue", "to": "green", "steps": [{"weight": 5, "bake": "1m"}, {"weight": 100, "bake": "1m"}]}


def refusals(proxy, path, body, dry_run=400):
    """Nothing of these may do anything."""
    for what, query, headers, status in (("a dry run", "?dry_run=true", {}, dry_run), ("a mistyped query", "?dryrun=true", {}, 400),
                                         ("another generation", "", {"If_Match": '"999"'}, 412),
                                         ("no generation", "", {"If_Match": "soon"}, 400),
                                         ("a book for a reason", "", {"X_Reason": "x" * 1001}, 400)):
        answer = proxy.call("POST", path + query, body, **headers)
        check(f"{path}: {what} is answered {status}", answer[0] == status, answer[:2])


def twice(proxy, path, body, **headers):
    """The same call again is answered again; another one with its key is refused."""
    first = proxy.call("POST", path, body, Idempotency_Key=path, **headers)
    again = proxy.call("POST", path, body, Idempotency_Key=path, **headers)
    check(f"{path}: done once, answered twice", first[0] in (200, 201) and again[:2] == first[:2], (first[:2], again[:2]))
    other = proxy.call("POST", "/v1/rollouts/r1/promote", None, Idempotency_Key=path)
    check(f"{path}: the key is not for another call", other[0] == 422, other)
    return first[1]


def rollouts(proxy):
    refusals(proxy, "/v1/rollouts", PLAN, dry_run=200)
    dry = proxy.call("POST", "/v1/rollouts?dry_run=true", PLAN, Idempotency_Key="/v1/rollouts")[1]
    check("a dry run shows the plan as it would be", dry["dry_run"] and dry["plan"]["analysis"]["false_alarm"] == 0.001 and
          dry["plan"]["route"] == "app", dry)
    check("what is shown is a plan", proxy.call("POST", "/v1/rollouts?dry_run=true", dry["plan"])[1] == dry)
    wrong = proxy.call("POST", "/v1/rollouts?dry_run=true", {**PLAN, "to": "grün"})
    check("a plan that does not fit is refused dry, too", wrong[0] == 422 and wrong[1]["errors"][0]["pointer"] == "/to", wrong)
    check("dry_run is true or false", proxy.call("POST", "/v1/rollouts?dry_run=perhaps", PLAN)[0] == 400)
    check("no rollout was begun", proxy.call("GET", "/v1/rollouts")[1]["rollouts"] == [])
    begun = twice(proxy, "/v1/rollouts", PLAN, X_Reason="release 42")
    held = proxy.call("POST", "/v1/rollouts?dry_run=true", PLAN)
    check("a route that is held is told dry, too", held[0] == 409 and begun["id"] in held[1]["detail"], held)
    check("one rollout was begun", [r["id"] for r in proxy.call("GET", "/v1/rollouts")[1]["rollouts"]] == [begun["id"]])
    for verb in ("pause", "resume", "abort"):
        path = f"/v1/rollouts/{begun['id']}/{verb}"
        before = proxy.call("GET", f"/v1/rollouts/{begun['id']}")[1]["state"]
        refusals(proxy, path, None)
        check(f"{verb} was not done", proxy.call("GET", f"/v1/rollouts/{begun['id']}")[1]["state"] == before)
        proxy.call("POST", path, None, X_Reason=f"{verb} it")
    audit = proxy.call("GET", "/v1/audit")[1]["audit"]
    for verb, why in (("start", "release 42"), ("pause", "pause it"), ("resume", "resume it"), ("abort", "abort it")):
        found = [e for e in audit if e["verb"] == f"rollout-{verb}"]
        check(f"the audit has one {verb}, with who, from where and why", len(found) == 1 and
              (found[0]["who"], found[0]["from"], found[0]["reason"]) == ("local-admin", "127.0.0.1", why), found)


def after_a_restart(program, work, endpoint):
    """A pipeline that repeats what it was answered before the process was killed."""
    path, answers = "/v1/rollouts", []
    for _ in range(2):
        with running.Switchyard(program, work, running.blue_green([endpoint], [endpoint])) as proxy:
            proxy.healthy("blue", "green")
            answers.append(proxy.call("POST", path, PLAN, Idempotency_Key="killed"))
            if len(answers) == 2:
                other = proxy.call("POST", path, {**PLAN, "steps": [{"weight": 100, "bake": "2m"}]}, Idempotency_Key="killed")
                check("another call with its key is refused, still", other[0] == 422, other)
                check("one rollout", len(proxy.call("GET", path)[1]["rollouts"]) == 1)
            proxy.kill()
    first, again = ((status, body, headers.get("Location")) for status, body, headers in answers)
    check("begun once, answered twice, across kill -9", first[0] == 201 and first[2] and again == first, (first, again))


def no_dry_run(proxy):
    """Said in so many words: the same call as without it."""
    running.until("the route is free", lambda: proxy.call("POST", "/v1/rollouts?dry_run=true", PLAN)[0] == 200)
    begun, again = (proxy.call("POST", "/v1/rollouts?dry_run=false", PLAN, Idempotency_Key="spelled")[:2] for _ in range(2))
    check("dry_run=false begins it, once", begun[0] == 201 and again == begun, (begun, again))
    proxy.call("POST", f"/v1/rollouts/{begun[1]['id']}/abort")


def confirmation(proxy):
    running.until("the route is free", lambda: proxy.call("POST", "/v1/routes/app/switch", {
        "to": "green", "confirm_within": "10m", "force": True})[0] == 200)
    generation = proxy.status()["pending"]["generation"]
    path = f"/v1/changes/{generation}/confirm"
    refusals(proxy, path, None)
    check("it still waits", proxy.status()["pending"]["generation"] == generation)
    before = proxy.status()["pending"]["confirm_by"]
    longer = proxy.call("POST", path, {"within": "20m"})
    check("it waits on", longer[0] == 200 and longer[1]["confirmed"] is False and longer[1]["confirm_by"] > before, longer)
    check("the status says so", proxy.status()["pending"] == {"generation": generation, "confirm_by": longer[1]["confirm_by"]})
    sooner = proxy.call("POST", path, {"within": "1s"})
    check("never sooner than it was", sooner[0] == 200 and sooner[1]["confirm_by"] == longer[1]["confirm_by"], sooner)
    for body in ({"within": "0s"}, {"within": "25h"}, {"within": 30}, {"in": "30s"}):
        wrong = proxy.call("POST", path, body)
        check(f"{body} is refused and named", wrong[0] == 422 and wrong[1]["errors"], wrong)
    proxy.call("POST", path, None, Idempotency_Key="c")
    again = proxy.call("POST", path, None, Idempotency_Key="c")
    check("confirmed once, answered twice", again[:2] == (200, {"generation": generation, "confirmed": True}), again)


def main(program, yardbench):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        with running.Switchyard(program, work, running.blue_green([blue.address], [blue.address])) as proxy:
            proxy.healthy("blue", "green")
            rollouts(proxy)
            no_dry_run(proxy)
            confirmation(proxy)
            refused = proxy.call("POST", "/v1/undo?dryrun=true", {"to": 1})
            check("undo with a mistyped query is refused and names the right one", refused[0] == 400 and
                  "dry_run" in refused[1]["detail"], refused)
            check("the audit is whole", proxy.call("GET", "/v1/audit/verify")[1]["intact"])
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        after_a_restart(program, work, blue.address)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
