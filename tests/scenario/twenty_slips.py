#!/usr/bin/env python3
"""Story: an operator writes a deploy script for the first time. Each row is a whole script with one slip in it, run by sh
against a running Switchyard: it ends with the exit code of that kind of slip, says what is wrong and what was meant, and
nothing has changed – no generation, no traffic. The script without a slip comes last and releases.

usage: twenty_slips.py SWITCHYARD YARDBENCH"""
import json
import pathlib
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from checks import check, verdict  # noqa: E402
from running import DEADLINE, Endpoint, Switchyard, blue_green, workplace  # noqa: E402

USAGE, REFUSED, INCOMPLETE, UNREACHABLE = 2, 1, 3, 4

GOOD = """set -e
switchyard wait green --healthy 1 --within 30s
switchyard switch app green --wait-drained 30s --reason "release $RELEASE" --if-generation "$GENERATION"
"""

PLAN = {"route": "app", "from": "blue", "to": "green", "steps": [{"weight": 5, "bake": "1s"}, {"weight": 100, "bake": "1s"}]}


def instead(old, new):
    assert old in GOOD, old
    return GOOD.replace(old, new)


def plan(**keys):
    return "cat > plan.json <<'END'\n" + json.dumps({**PLAN, **keys}) + "\nEND\nswitchyard rollout start plan.json\n"


# What slipped; the script; how it ends; what it has to say, all of it.
SLIPS = [
    ("a flag with a typo", instead("--wait-drained", "--wait-draind"), USAGE, ("--wait-draind", "did you mean --wait-drained?", "such as: switchyard switch")),
    ("a flag that is none", instead("--wait-drained 30s", "--timeout 30s"), USAGE, ("no option --timeout", "nothing was done")),
    ("arguments as flags", instead("switch app green", "switch --route app --to green"), USAGE, ("no option --", "switchyard switch forum green")),
    ("a verb with a typo", instead("switchyard switch", "switchyard swich"), USAGE, ("swich", "switch")),
    ("an argument forgotten", instead("switch app green", "switch app"), USAGE, ("UPSTREAM is required", "such as: switchyard switch")),
    ("a release that is not there", instead("switch app green", "switch app v42"), REFUSED, ('"v42"', "green")),
    ("a release that is not there to wait for", instead("wait green", "wait v42"), REFUSED, ('"v42"', "green")),
    ("a route with a typo", instead("switch app", "switch ap"), REFUSED, ('"ap"', "app")),
    ("a time without a unit", instead("--wait-drained 30s", "--wait-drained 30"), USAGE, ("30 has no unit", "write 30s")),
    ("a time with a typo", instead("--within 30s", "--within 30sec"), USAGE, ("--within", '"30s"')),
    ("a time with a blank", instead("--wait-drained 30s", "--wait-drained 30 s"), USAGE, ("30 has no unit", "write 30s")),
    ("a time that cannot be", instead("--wait-drained 30s", "--confirm-within 48h"), REFUSED, ("confirm_within", "24h")),
    ("a variable that is not set", instead('"$GENERATION"', '"$GENERATOIN"'), USAGE, ("--if-generation is empty", "variable")),
    ("a release that is not set", instead("switch app green", 'switch app "$COLOUR"'), USAGE, ("UPSTREAM is empty", "variable")),
    ("a key that is not set", instead("--reason", '--idempotency-key "$BUILD" --reason'), USAGE, ("--idempotency-key is empty",)),
    ("a generation that is old", instead('"$GENERATION"', "0"), REFUSED, ("in force", "read it again")),
    ("a generation that is none", instead('"$GENERATION"', "v5"), REFUSED, ("must be a generation",)),
    ("more endpoints than there are", instead("--healthy 1 --within 30s", "--healthy 7 --within 50ms"), INCOMPLETE, ("1 of 1", "7 wanted")),
    ("none to wait for", instead("--healthy 1", "--healthy 0"), USAGE, ("1 or more",)),
    ("a number in words", instead("--healthy 1", "--healthy one"), USAGE, ("--healthy", "whole number")),
    ("more is required than is healthy", instead("switch app green", "switch app green --require-healthy 2"), REFUSED, ("1 healthy of 1", "2 required")),
    ("no token", instead("set -e", 'set -e\nexport SWITCHYARD_ADMIN="$ADMIN" SWITCHYARD_STATE_DIR=/nonexistent'), REFUSED, ("no token was sent", "/nonexistent/admin.token", "SWITCHYARD_TOKEN")),
    ("a token of another place", instead("set -e", "set -e\nexport SWITCHYARD_TOKEN=0123456789abcdef"), REFUSED, ("SWITCHYARD_TOKEN", "another installation")),
    ("a token and more", instead("set -e", "set -e\nexport SWITCHYARD_TOKEN='token\nabc'"), REFUSED, ("SWITCHYARD_TOKEN", "more than a token")),
    ("nobody at that port", instead("set -e", "set -e\nexport SWITCHYARD_ADMIN=http://127.0.0.1:1"), UNREACHABLE, ("127.0.0.1:1", "running there")),
    ("TLS where there is none", instead("set -e", 'set -e\nexport SWITCHYARD_ADMIN="https${ADMIN#http}"'), UNREACHABLE, ("no TLS", "http://")),
    ("the port of the application", instead("set -e", 'set -e\nexport SWITCHYARD_ADMIN="$WEB"'), UNREACHABLE, ("port of the application",)),
    ("weights in one word", "switchyard split app blue=90,green=10\n", USAGE, ("weights stand apart", "blue=90 green=10")),
    ("weights with a colon", "switchyard split app blue:90 green:10\n", USAGE, ("blue:90", "blue=90")),
    ("weights as fractions", "switchyard split app blue=0.9 green=0.1\n", USAGE, ("blue=0.9", "whole number")),
    ("a weight below nothing", "switchyard split app blue=101 green=-1\n", USAGE, ("green=-1", "whole number")),
    ("no weight at all", "switchyard split app blue=0 green=0\n", REFUSED, ("every weight is 0",)),
    ("a release in the weights that is not there", "switchyard split app blue=90 v42=10\n", REFUSED, ('"v42"', "green")),
    ("a weight twice", "switchyard split app blue=90 blue=10\n", USAGE, ("blue is there twice",)),
    ("a step of 101 %", plan(steps=[{"weight": 101, "bake": "1s"}]), REFUSED, ("/steps/0/weight", "from 0 to 100", "101")),
    ("a bake with a typo", plan(steps=[{"weight": 5, "bake": "5 min"}, {"weight": 100, "bake": "1s"}]), REFUSED, ("/steps/0/bake", '"1m30s"')),
    ("a plan for nobody", plan(to="v42"), REFUSED, ("/to", '"v42"', "green")),
    ("a key of the plan with a typo", plan(analyses={}), REFUSED, ("/analyses", 'did you mean "analysis"?')),
    ("a plan that is not there", "switchyard rollout start rollout.json\n", REFUSED, ("rollout.json", "No such file")),
    ("a rollout that is not there", "switchyard rollout promote r9\n", REFUSED, ("r9",)),
    ("an undo into nowhere", "switchyard undo --to 99\n", REFUSED, ("99", "history")),
    ("an undo without its flag", "switchyard undo 1\n", USAGE, ('"1"', "such as: switchyard undo --to 41")),
    ("an undo below nothing", "switchyard undo --to=-1\n", USAGE, ("--to", "whole number")),
    ("an address without a port", "switchyard endpoint add green 127.0.0.1\n", REFUSED, ("port is missing",)),
    ("an address as a URL", "switchyard endpoint add green http://127.0.0.1:9009\n", REFUSED, ("write 127.0.0.1:9009",)),
    ("an endpoint that is not there", "switchyard endpoint drain blue 127.0.0.1:9\n", REFUSED, ("127.0.0.1:9",)),
    ("the last endpoint", 'switchyard endpoint drain blue "$BLUE"\n', REFUSED, ("without a healthy endpoint", "--force")),
    ("a rule for nothing", "switchyard rule set app testers --to green\n", USAGE, ("a test", "--header")),
    ("a file with a typo", """echo '{"routs": []}' > file.json; switchyard apply file.json\n""", REFUSED, ("/routs", 'did you mean "routes"?')),
]


def main(program, yardbench):
    check("twenty at least", len(SLIPS) >= 20)
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        with Switchyard(program, work, blue_green([blue.address], [green.address])) as proxy:
            proxy.healthy("blue", "green")
            desk = pathlib.Path(work) / "desk"
            desk.mkdir()
            (desk / "switchyard").symlink_to(pathlib.Path(program).resolve())
            web = proxy.url()

            def run(script):
                return subprocess.run(["sh", "-c", script], cwd=desk, capture_output=True, text=True, timeout=DEADLINE, env={
                    "PATH": f"{desk}:/usr/bin:/bin", "SWITCHYARD_STATE_DIR": str(proxy.state), "ADMIN": proxy.admin, "WEB": web,
                    "BLUE": blue.address, "RELEASE": "42", "GENERATION": str(proxy.status()["generation"])})

            def stands():
                with urllib.request.urlopen(web + "/", timeout=DEADLINE) as answer:
                    served = answer.headers["X-Switchyard"]
                return proxy.call("GET", "/v1/config")[1], proxy.status()["generation"], proxy.call("GET", "/v1/rollouts")[1], served

            before = stands()
            for what, script, code, words in SLIPS:
                done = run(script)
                said = done.stdout + done.stderr
                check(f"{what}: ends with {code}", done.returncode == code, (done.returncode, said))
                check(f"{what}: says {words}", all(word in done.stderr for word in words), said)
                check(f"{what}: in few lines", 0 < len(done.stderr.splitlines()) <= 8, said)
                check(f"{what}: and nothing has changed", stands() == before)
            done = run(GOOD)
            check("without a slip it releases", done.returncode == 0 and "moves from blue to green" in done.stdout, done)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
