#!/usr/bin/env python3
"""Story: strangers' tools read the admin API's document and believe it. Spectral lints it; schemathesis makes calls of every
operation from its schemas, right ones and wrong ones, and walks from answer to answer by its links, so that it begins,
steers and ends rollouts. Names are those of the running configuration, as a client that has read it would use. A server
error, an answer that is not in the document, or a right call that is refused for a reason that is not in it, is a failure.

What a schema cannot say, the document says beside it: 412 of If-Match, and 422 of names that are not there and of members
that do not go together. Wrong tokens are left out here: after ten of them the answer is 429, and roles have tests of their own.

usage: api_conforms.py SWITCHYARD YARDBENCH [examples of each operation]"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from checks import check, verdict  # noqa: E402
from running import Endpoint, Load, Switchyard, blue_green, workplace  # noqa: E402

# What scripts/setup --api installs; elsewhere on the PATH is as good.
TOOLS = pathlib.Path(os.environ.get("SWITCHYARD_API_TOOLS", "/opt/switchyard-api-tools"))

SEEDS = 8
SETTINGS = """
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "429"]

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "412", "422", "429"]
"""


def tool(name):
    for path in (TOOLS / "bin" / name, TOOLS / "node_modules" / ".bin" / name):
        if path.exists():
            return str(path)
    return shutil.which(name)


def left_out(name):
    if tool(name):
        return False
    print(f"({name} is not installed here, neither in {TOOLS} nor on the PATH: its part is left out; scripts/setup --api installs it)")
    return True


def lint(document, work):
    if left_out("spectral"):
        return
    (work / "rules.json").write_text('{"extends": ["spectral:oas"]}')
    done = subprocess.run([tool("spectral"), "lint", "-r", work / "rules.json", document, "--fail-severity", "warn"],
                          capture_output=True, text=True, timeout=300)
    check("spectral has nothing to say", done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:])


def knowing(document):
    """The document of a client that has looked at the configuration: its names in place of any."""
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path" and parameter["name"] in ("route", "upstream"):
                    parameter["schema"] = {"enum": ["app"] if parameter["name"] == "route" else ["blue", "green"]}
    schemas = document["components"]["schemas"]
    plan = schemas["Plan"]["properties"]
    plan["route"], plan["from"], plan["to"] = {"enum": ["app"]}, {"enum": ["blue"]}, {"enum": ["green"]}
    plan["steps"] = {"type": "array", "minItems": 2, "maxItems": 2, "prefixItems": [
        {"type": "object", "required": ["weight", "bake"], "additionalProperties": False,
         "properties": {"weight": {"enum": [1, 5, 50]}, "bake": {"enum": ["1s", "5m"]}}},
        {"type": "object", "required": ["weight", "bake"], "additionalProperties": False,
         "properties": {"weight": {"const": 100}, "bake": {"enum": ["1s", "1m"]}}}], "items": False}
    plan["analysis"] = {"type": "object", "additionalProperties": False, "properties": {"false_alarm": {"const": 0.001}}}
    schemas["Switch"]["properties"]["to"] = {"enum": ["blue", "green", "@candidate"]}
    schemas["Split"] = {"type": "object", "additionalProperties": False, "minProperties": 1,
                        "properties": {name: {"type": "integer", "minimum": 0, "maximum": 1000} for name in ("blue", "green")}}
    return document


def hasty(document):
    """The document of a client that does not wait for minutes."""
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "wait":
                    parameter["schema"] = {"enum": ["1ms", "50ms", "0s"]}
    return document


def drive(proxy, work, document, what, phases, examples, seed, *more):
    """One run; its calls are written down, and looked through afterwards."""
    calls = work / f"{what}.ndjson"
    (work / "schemathesis.toml").write_text(SETTINGS)
    done = subprocess.run([tool("schemathesis"), "--config-file", work / "schemathesis.toml", "run", document, "--url", proxy.admin,
                           "-H", "Authorization: Bearer " + proxy.token, "--exclude-path", "/v1/events", "--exclude-path", "/v1/upgrade", "--phases", phases,
                           "--max-examples", str(examples), "--exclude-checks", "ignored_auth", "--seed", str(seed), "--no-color",
                           "--report", "ndjson", "--report-ndjson-path", calls, *more],
                          capture_output=True, text=True, cwd=work, timeout=1500)
    check(f"schemathesis, {what}", done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:])
    return done.stdout


def main(program, yardbench, examples="15"):
    if left_out("schemathesis") and left_out("spectral"):
        return 0
    with workplace() as name, Endpoint(yardbench, name, "blue") as blue, Endpoint(yardbench, name, "green") as green:
        work = pathlib.Path(name)
        rules = [{"name": "testers", "when": {"header": "X-Release", "equals": "canary"}, "upstream": "@candidate"}]
        with Switchyard(program, work, blue_green([blue.address], [green.address], rules=rules)) as proxy, Load(yardbench, proxy, 100):
            proxy.healthy("blue", "green")
            document = work / "openapi.json"
            served = proxy.call("GET", "/v1/openapi.json")[1]
            document.write_text(json.dumps(served))
            lint(document, work)
            document.write_text(json.dumps(hasty(served)))
            if not left_out("schemathesis"):
                drive(proxy, work, document, "calls of every operation", "coverage,fuzzing", examples, 1)
                original = json.loads(proxy.config.read_text())
                del original["process"]
                check("it can be put right again", proxy.call("PUT", "/v1/config?force=true", original)[0] == 200)
                proxy.healthy("blue", "green")
                before = len(proxy.call("GET", "/v1/rollouts")[1]["rollouts"])
                knows = work / "knows.json"
                knows.write_text(json.dumps(knowing(served)))
                # What takes the colours away would leave nothing to roll out.
                kept = [word for operation in ("deleteRoute", "putRoute", "deleteUpstream", "putUpstream", "deleteEndpoint", "putEndpoint",
                                               "setEndpointState", "putConfig", "applyConfig", "change", "undo")
                        for word in ("--exclude-operation-id", operation)]
                # Which calls a seed makes changes with each new operation; not every one comes to a rollout.
                ended, rollouts = ("aborted", "succeeded", "rolled_back"), []
                for seed in range(1, SEEDS + 1):
                    drive(proxy, work, knows, f"from answer to answer, {seed}", "stateful", examples, seed, "--mode", "positive", *kept)
                    rollouts = proxy.call("GET", "/v1/rollouts")[1]["rollouts"]
                    if len(rollouts) > before and any(r["state"] in ended for r in rollouts):
                        break
                check("it has begun rollouts", len(rollouts) > before, len(rollouts))
                check("and ended some", any(r["state"] in ended for r in rollouts), rollouts[:3])
            check("it is there and well", proxy.alive() and proxy.call("GET", "/healthz")[0] == 200, proxy.text()[-1500:])
            check("no exception has reached a loop", "escaped" not in proxy.text() and "terminate" not in proxy.text(), proxy.text()[-1500:])
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
