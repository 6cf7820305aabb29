#!/usr/bin/env python3
"""No traffic moves into nothing by accident, with real processes: every way that would leave a route without a healthy
endpoint is refused by name and reason, and --force insists. A release that is down costs no client a 503 while the other one
serves. Undo returns to before a rollout, and brings nothing back that was taken away by itself."""
import json
import pathlib
import signal
import subprocess
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

PLAN = {"route": "app", "from": "blue", "to": "green", "steps": [{"weight": 20, "bake": "1h"}, {"weight": 100, "bake": "1h"}]}


def ask(url, **headers):
    """(status, who answered)"""
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=running.DEADLINE) as answer:
            did = dict(part.split("=", 1) for part in answer.headers["X-Switchyard"].split("; ") if "=" in part)
            return answer.status, did["upstream"]
    except urllib.error.HTTPError as error:
        return error.code, ""


def command(program, proxy, *words):
    """(exit code, standard output, standard error)"""
    done = subprocess.run([program, *words, "--state-dir", str(proxy.state)], capture_output=True, text=True, timeout=running.DEADLINE)
    return done.returncode, done.stdout, done.stderr


def split(proxy):
    return proxy.status()["routes"][0]["split"]


def refused_everywhere(program, proxy, blue, green):
    """Green is down, blue has everything: each of these would leave no endpoint."""
    down = f"upstream green: {green} is down"
    alone = f"upstream blue: {blue} "
    whole = proxy.call("GET", "/v1/config")[1]
    whole["routes"][0]["split"] = {"blue": 0, "green": 1}
    place = "/v1/upstreams/blue/endpoints/" + blue
    before = proxy.status()["generation"]
    calls = [("PUT", "/v1/routes/app/split", {"green": 100}, down), ("PUT", "/v1/config", whole, down),
             ("POST", "/v1/changes", [{"verb": "split", "route": "app", "weights": {"green": 1}}], down),
             ("POST", place + "/state", {"state": "drain"}, alone + "is in drain"),
             ("POST", place + "/state", {"state": "maint"}, alone + "is in maint"),
             ("PUT", place, {"weight": 0}, alone + "has weight 0"), ("DELETE", place, None, "upstream blue: has no endpoints")]
    for method, path, body, reason in calls:
        for query in ("", "?dry_run=true"):
            status, answer, _ = proxy.call(method, path + query, body)
            check(f"{method} {path}{query} is refused by name", status == 409 and reason in answer["detail"] and
                  "route app" in answer["detail"] and answer["errors"][0]["pointer"] == "/routes/0/split", (status, answer))
    check("switch says what it required", proxy.call("POST", "/v1/routes/app/switch", {"to": "green"})[0] == 409)
    nobody = proxy.call("POST", "/v1/routes/app/switch", {"to": "green", "require": {"healthy": 0}})
    check("also where nothing is required", nobody[0] == 409 and down in nobody[1]["detail"], nobody)
    rollout = proxy.call("POST", "/v1/rollouts", PLAN)
    check("a rollout to nobody is not begun", rollout[0] == 409 and "upstream green" in rollout[1]["detail"] and
          green in rollout[1]["detail"], rollout)
    code, _, said = command(program, proxy, "switch", "app", "green", "--watch", "1m")
    check("nor a watched switch made", code == 1 and "--force" in said and '"force"' not in said, (code, said))
    code, _, said = command(program, proxy, "split", "app", "green=100")
    check("the command line names its own flag", code == 1 and down in said and "--force does it all the same" in said and
          '"force"' not in said, (code, said))
    code, _, said = command(program, proxy, "endpoint", "remove", "blue", blue)
    check("for endpoints, too", code == 1 and "--force" in said, (code, said))
    check("?force is true or false", proxy.call("PUT", "/v1/routes/app/split?force=perhaps", {"green": 1})[0] == 400)
    check("nothing was changed", proxy.status()["generation"] == before, proxy.status()["generation"])


def read_again(proxy, change):
    """The file, changed and announced by SIGHUP; gives the newest line of the audit."""
    def newest():
        return proxy.call("GET", "/v1/audit?limit=1")[1]["audit"][0]

    number = newest()["number"]
    config = json.loads(proxy.config.read_text())
    change(config)
    proxy.config.write_text(json.dumps(config))
    proxy.child.send_signal(signal.SIGHUP)
    running.until("the file is read", lambda: newest()["number"] > number)
    return newest()


def reload_has_no_force(proxy):
    before = proxy.status()["generation"], split(proxy)
    told = read_again(proxy, lambda c: c["routes"][0].update(split={"blue": 0, "green": 100}))
    check("the file is refused, with the reason", told["verb"] == "file-refused" and "upstream green" in told["changes"][0], told)
    check("and nothing is changed", (proxy.status()["generation"], split(proxy)) == before, (before, split(proxy)))
    read_again(proxy, lambda c: c["routes"][0].update(split={"blue": 100, "green": 0}, retries={"attempts": 2}))
    check("what takes nobody away is taken over", proxy.call("GET", "/v1/config")[1]["routes"][0]["retries"] == {"attempts": 2})


def rerouted(proxy, url, green):
    """Green is down and has half of the split."""
    proxy.call("PUT", "/v1/upstreams/green/endpoints/" + green, {"weight": 0})
    light = proxy.call("POST", "/v1/routes/app/switch", {"to": "green"})
    check("an endpoint of weight 0 is nobody", light[0] == 409 and "green has 0 healthy of 1" in light[1]["detail"], light)
    proxy.call("PUT", "/v1/upstreams/green/endpoints/" + green, {"weight": 1})
    status, receipt, _ = proxy.call("PUT", "/v1/routes/app/split", {"blue": 1, "green": 1})
    check("blue serves on, so this may be", status == 200, receipt)
    check("the receipt says what moves", receipt["moves"] ==
          ["route app: 50 % of the traffic moves from blue (100 % → 50 %) to green (0 % → 50 %)"], receipt["moves"])
    said, answers = [], []
    for _ in range(20):
        said.append(proxy.call("POST", "/v1/explain", {"host": "a"})[1])
        answers.append(ask(url + "half"))
    check("nobody gets a 503", set(answers) == {(200, "blue")}, answers)
    meant = [e.get("rerouted") for e in said]
    check("explain says who was meant, and who serves", meant.count("green") == meant.count(None) == 10 and
          {e["upstream"] for e in said} == {"blue"}, said)
    running.until("the metric", lambda: 'switchyard_rerouted_total{route="app",upstream="green"} 10\n' in metrics(proxy))

    def flags():
        lines = [json.loads(line) for line in (proxy.work / "access.log").read_text().splitlines()]
        return [line["flag"] for line in lines if line["path"] == "/half"]

    running.until("all are logged", lambda: len(flags()) == 20)
    check("half of the lines are flagged", flags().count("rerouted") == flags().count("") == 10, flags())
    check("a smoke test is not answered by the old release", ask(url, X_Release="next") == (503, ""))
    check("back to blue", proxy.call("POST", "/v1/routes/app/switch", {"to": "blue"})[0] == 200)


def metrics(proxy):
    request = urllib.request.Request(proxy.admin + "/metrics", headers={"Authorization": "Bearer " + proxy.token})
    with urllib.request.urlopen(request, timeout=running.DEADLINE) as answer:
        return answer.read().decode()


def watched_all_the_same(program, proxy):
    code, said, problem = command(program, proxy, "switch", "app", "green", "--watch", "1h", "--force")
    check("--force goes with --watch", code == 0 and "rollout watch" in said, (code, said, problem))
    for rollout in proxy.call("GET", "/v1/rollouts")[1]["rollouts"]:
        proxy.call("POST", f"/v1/rollouts/{rollout['id']}/abort")
    running.until("blue has it again", lambda: split(proxy).get("green") == 0 and
                  proxy.call("PUT", "/v1/routes/app/split?dry_run=true", {"blue": 7})[0] == 200)


def insisted(program, proxy, url):
    code, said, _ = command(program, proxy, "split", "app", "green=100", "--force")
    check("--force insists", code == 0 and "all traffic moves from blue to green" in said, (code, said))
    check("into nothing", ask(url)[0] == 503)
    code, said, _ = command(program, proxy, "undo", "--dry-run")
    check("undo says what would move", code == 0 and "all traffic moves from green to blue" in said and
          "returns to generation" in said, (code, said))
    check("undo", command(program, proxy, "undo")[0] == 0 and ask(url) == (200, "blue"))
    code, _, said = command(program, proxy, "undo")
    check("an undo into nothing is refused, too", code == 1 and "upstream green" in said, (code, said))


def rollout_and_back(program, proxy, url):
    """Green is up."""
    before = proxy.status()["generation"]
    status, begun, _ = proxy.call("POST", "/v1/rollouts", PLAN)
    check("a rollout begins", status == 201, begun)
    path = f"/v1/rollouts/{begun['id']}"

    def weight():
        return proxy.call("GET", path)[1]["weight_in_force"]

    running.until("the first step", lambda: weight() == 20)
    for _ in range(2):
        check("promoted", proxy.call("POST", path + "/promote")[0] == 200)
    running.until("the end", lambda: proxy.call("GET", path)[1]["state"] == "succeeded" and weight() == 100)
    running.until("the route is free", lambda: proxy.call("PUT", "/v1/routes/app/split?dry_run=true", {"green": 1})[0] == 200)
    check("green has it all", ask(url) == (200, "green"))
    code, said, _ = command(program, proxy, "undo", "--dry-run")
    check("undo shows the way to before the rollout", code == 0 and "all traffic moves from green to blue" in said and
          f"returns to generation {before}: before rollout {begun['id']}" in said, (code, said))
    check("and goes it", command(program, proxy, "undo")[0] == 0 and ask(url) == (200, "blue"))


def taken_back_by_itself(program, proxy, url):
    status, switched, _ = proxy.call("POST", "/v1/routes/app/switch", {"to": "green", "confirm_within": "200ms"})
    check("switched on trial", status == 200, switched)
    running.until("nobody confirmed", lambda: proxy.status()["generation"] > switched["generation"])
    code, said, _ = command(program, proxy, "undo")
    check("undo has nothing to do, and says why", code == 0 and "nothing to change" in said and "by itself" in said, (code, said))
    check("the release stays away", split(proxy) == {"blue": 100, "green": 0} and ask(url) == (200, "blue"), split(proxy))


def promoted_into_nothing(proxy, green):
    """Green is up, and goes down while the rollout waits."""
    begun = proxy.call("POST", "/v1/rollouts", {**PLAN, "steps": [{"pause": {}}, {"weight": 100, "bake": "1h"}]})[1]
    green.kill()
    running.until("green is down", lambda: proxy.status()["upstreams"]["green"]["healthy"] == 0)
    path = f"/v1/rollouts/{begun['id']}/promote"
    state = proxy.call("GET", f"/v1/rollouts/{begun['id']}")[1]["state"]
    if state in ("running", "paused", "inconclusive"):
        refused = proxy.call("POST", path)
        check("a promotion into nothing is refused", refused[0] == 409 and "upstream green has no healthy endpoint" in
              refused[1]["detail"], refused)
        check("and nothing moved", split(proxy)["blue"] > 0, split(proxy))
    proxy.call("POST", f"/v1/rollouts/{begun['id']}/abort")


def main(program, yardbench):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        green = running.Endpoint(yardbench, work, "green")
        try:
            config = running.blue_green([blue.address], [green.address])
            for upstream in config["upstreams"].values():
                upstream["health"] = {"interval": "50ms", "rise": 1, "fall": 1}
            config["process"]["log"] = {"access": str(pathlib.Path(work) / "access.log")}
            config["routes"][0]["rules"] = [{"name": "testers", "when": {"header": "X-Release", "equals": "next"}, "upstream": "green"}]
            with running.Switchyard(program, work, config) as proxy:
                proxy.healthy("blue", "green")
                url = proxy.url() + "/"
                rollout_and_back(program, proxy, url)
                taken_back_by_itself(program, proxy, url)
                promoted_into_nothing(proxy, green)
                running.until("the route is free", lambda: proxy.call("PUT", "/v1/routes/app/split?dry_run=true", {"blue": 7})[0] == 200)
                refused_everywhere(program, proxy, blue.address, green.address)
                reload_has_no_force(proxy)
                rerouted(proxy, url, green.address)
                watched_all_the_same(program, proxy)
                insisted(program, proxy, url)
        finally:
            green.__exit__()
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
