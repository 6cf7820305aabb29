#!/usr/bin/env python3
"""Story: the ready-made pipelines of scripts/pipelines release the real forum and take it back, one after the other: the shell
parts of the GitHub action, the GitLab job, the Jenkinsfile, the Makefile's target and Ansible's tasks are taken from their files and
run as their own program would run them. Readers of the forum notice nothing. docs/pipelines.md shows three ways to fail as they
really are: its lines are compared with what is said here.

usage: release_pipelines.py SWITCHYARD FORUM"""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from checks import check, verdict  # noqa: E402
from colours import Clients  # noqa: E402
from running import DEADLINE, Switchyard, port_to_keep, until, workplace  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIPELINES = ROOT / "scripts" / "pipelines"


class ForumClients(Clients):
    """Readers; the forum says its colour in a header of its own."""
    path, header = "/api/v1/categories", "X-Forum-Colour"


class Place:
    """A machine with a forum in two colours, a Switchyard before it, and a shell."""

    def __init__(self, program, forum, work):
        self.forum, self.work = forum, work
        self.port = {colour: port_to_keep() for colour in ("blue", "green")}
        self.bin = pathlib.Path(work) / "bin"
        self.bin.mkdir()
        (self.bin / "switchyard").symlink_to(program)
        (self.bin / "release").symlink_to(PIPELINES / "release")
        for verb, text in (("start-forum", self.start_script()), ("stop-forum", self.stop_script())):
            script = self.bin / verb
            script.write_text(text)
            script.chmod(0o755)

    def start_script(self):
        ports = " ".join(f"{c}) port={p};;" for c, p in self.port.items())
        return (f"#!/bin/sh\n# What a unit does: nothing, when it runs.\ncase $1 in {ports} esac\ncd {self.work}\nflags=$(cat $1.flags 2>/dev/null)\n"
                # The number of one that has ended may be another process' by now.
                "[ -f $1.pid ] && grep -qz -- \"^$1$\" /proc/$(cat $1.pid)/cmdline 2>/dev/null && exit 0\n"
                f"setsid {self.forum} serve --port $port --database {self.work}/forum.db --colour $1 --version-label $1 --log-requests none $flags"
                " > $1.log 2>&1 < /dev/null &\necho $! > $1.pid\n")

    def stop_script(self):
        return f"#!/bin/sh\ncd {self.work}\nkill $(cat $1.pid) && rm $1.pid\n"

    def config(self):
        health = {"type": "http", "path": "/readyz", "interval": "100ms", "rise": 1, "fall": 2}
        return {"process": {"workers": 2}, "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
                "upstreams": {c: {"endpoints": [{"address": f"127.0.0.1:{p}"}], "health": health} for c, p in self.port.items()},
                "routes": [{"name": "forum", "split": {"blue": 1, "green": 0}}]}

    def shell(self, script, **environment):
        """(exit code, everything it said), with the environment that a runner has."""
        done = subprocess.run(["bash", "-c", script], cwd=self.work, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=2 * DEADLINE,
                              env=self.environment(**environment))
        return done.returncode, done.stdout

    def environment(self, **more):
        return {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": self.work, "SWITCHYARD_ADMIN": self.proxy.admin,
                "SWITCHYARD_TOKEN": self.proxy.token, **more}

    def rehearse(self, colour, flags):
        (pathlib.Path(self.work) / f"{colour}.flags").write_text(flags)

    def serving(self):
        return next(c for c, w in self.proxy.status()["routes"][0]["split"].items() if w)

    def end(self):
        for colour in self.port:
            self.shell(f"[ ! -f {colour}.pid ] || stop-forum {colour}")


# --- the shell parts, as they stand in their files ---

def block(text, key):
    """What stands indented below `key: |`."""
    found = re.search(rf"^( *){key}: \|\n((?:\1  .*\n|\n)+)", text, re.M)
    return "\n".join(line[len(found[1]) + 2:] for line in found[2].splitlines()) + "\n"


def github(place, inputs):
    text = (PIPELINES / "github" / "action.yml").read_text()
    defaults = {name: (re.search(r"^    default: (.*)$", body, re.M) or [None, ""])[1].strip('"')
                for name, body in re.findall(r"^  ([a-z-]+):\n((?:    .*\n)+)", text[text.index("inputs:"):text.index("outputs:")], re.M)}
    unknown = set(inputs) - set(defaults)
    check("github: the inputs are those of the action", not unknown, unknown)
    values = {**defaults, **inputs, "admin": place.proxy.admin, "token": place.proxy.token}
    environment = {}
    for name, value in re.findall(r"^        ([A-Z_]+): (.*)$", text, re.M):
        for _ in range(2):  # a default may be such a word itself
            value = re.sub(r"\$\{\{ (.*?) \}\}", lambda m: values.get(m[1].removeprefix("inputs."), "7"), value)
        environment[name] = value
    output = pathlib.Path(place.work) / "github-output"
    output.write_text("")
    rc, said = place.shell(block(text, "run"), GITHUB_OUTPUT=str(output), GITHUB_ACTION_PATH=str(PIPELINES / "github"), **environment)
    check("github: the output is the exit code", output.read_text() == f"code={rc}\n", output.read_text())
    return rc, said


def gitlab(place, variables):
    text = (PIPELINES / "gitlab.yml").read_text()
    runner = {"CI_PIPELINE_ID": "gl-1", "CI_PROJECT_PATH": "us/forum", "CI_COMMIT_SHORT_SHA": "c0ffee"}
    own = dict(re.findall(r"^    (RELEASE_[A-Z_]+): (.*)$", text, re.M))
    own = {k: re.sub(r"\$([A-Z_]+)", lambda m: runner[m[1]], v.strip('"')) for k, v in own.items()}
    script = "\n".join(re.findall(r"^    - (.*)$", text[text.index("  script:"):text.index("  retry:")], re.M))
    return place.shell(script, **own, **variables)


def jenkins(place, variables):
    text = (PIPELINES / "Jenkinsfile").read_text()
    own = dict(re.findall(r"(RELEASE_[A-Z_]+)', defaultValue: '(.*?)'", text))
    return place.shell(re.search(r"'''(.*?)'''", text, re.S)[1], RELEASE_ID="forum-12", **{**own, **variables})


def make(place, variables):
    words = " ".join(f"{name.removeprefix('RELEASE_')}='{value}'" for name, value in variables.items())
    return place.shell(f"make --no-print-directory -f {PIPELINES}/release.mk release {words} ID=mk-1")


def ansible(place, variables):
    play = pathlib.Path(place.work) / "play.yml"
    play.write_text("- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n"
                    f"    - ansible.builtin.include_tasks: {PIPELINES}/ansible.yml\n      vars:\n"
                    f"        switchyard_admin: \"{{{{ lookup('env', 'SWITCHYARD_ADMIN') }}}}\"\n"
                    f"        switchyard_token: \"{{{{ lookup('env', 'SWITCHYARD_TOKEN') }}}}\"\n"
                    "        release_id: ansible-1\n"
                    + "".join(f"        {name.lower()}: {[value] if 'SMOKE' in name else value!r}\n" for name, value in variables.items()))
    return place.shell(f"ansible-playbook -i localhost, {play}", ANSIBLE_PYTHON_INTERPRETER="auto_silent", LC_ALL="C.UTF-8", ANSIBLE_NOCOLOR="1")


def others(colour):
    return "green" if colour == "blue" else "blue"


def a_round(place, name, run, lower=False):
    """One release by these files, to the colour that does not serve."""
    old = place.serving()
    new = others(old)
    variables = {"RELEASE_ROUTE": "forum", "RELEASE_START": f"start-forum {new}", "RELEASE_SMOKE": "GET /readyz", "RELEASE_STOP": f"stop-forum {old}"}
    if lower:
        variables = {k.removeprefix("RELEASE_").lower(): v for k, v in variables.items()}
    rc, said = run(place, variables)
    check(f"{name}: releases the forum", rc == 0 and place.serving() == new, (rc, said))
    record = (place.proxy.call("GET", "/v1/releases")[1]["releases"] or [{"outcome": None, "to": None}])[0]
    check(f"{name}: its record", (record["outcome"], record["to"]) == ("succeeded", new), record)
    if rc == 0:
        place.clients.answered_by(new)
    return said


def takes_back(place, name, run, lower=False):
    """A smoke test that fails."""
    old = place.serving()
    variables = {"RELEASE_ROUTE": "forum", "RELEASE_START": f"start-forum {others(old)}", "RELEASE_SMOKE": "GET /no/such/page =200"}
    if lower:
        variables = {k.removeprefix("RELEASE_").lower(): v for k, v in variables.items()}
    rc, said = run(place, variables)
    check(f"{name}: a bad one is taken back", rc != 0 and place.serving() == old and "answered 404" in said, (rc, said))
    place.shell(f"stop-forum {others(old)}")


# --- three ways to fail, as docs/pipelines.md shows them ---

def command(place, name, new, *words):
    quoted = " ".join(f"'{w}'" for w in words)
    return f"switchyard deploy forum --to {new} --start 'start-forum {new}' {quoted} --release-id {name}"


def smoke_fails(place):
    rc, said = place.shell(command(place, "build-41", "green", "--smoke", "GET /readyz", "--smoke", "GET /api/v1/no-such-thing"))
    check("smoke: exit 1", rc == 1 and place.serving() == "blue", (rc, said))
    return said


def canary_fails(place):
    plan = pathlib.Path(place.work) / "canary.json"
    plan.write_text('{"steps": [{"weight": 5, "bake": "5m"}, {"weight": 100, "bake": "5m"}]}')
    place.shell("stop-forum green")
    place.rehearse("green", "--rehearsal --fail-percent 100")
    rc, said = place.shell(command(place, "build-42", "green", "--plan", "canary.json"))
    check("canary: exit 1", rc == 1 and place.serving() == "blue", (rc, said))
    place.shell("stop-forum green")
    place.rehearse("green", "")
    return said


def runner_dies(place):
    """Killed while blue still has a download that is not read to its end."""
    with socket.create_connection(place.clients.where.split(":")) as slow:
        where = place.clients.where
        slow.sendall(f"POST /api/v1/session HTTP/1.1\r\nHost: {where}\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{{".encode())
        until("a request that is not finished", lambda: place.proxy.status()["upstreams"]["blue"]["in_flight"] > 0)
        line = command(place, "build-43", "green", "--smoke", "GET /readyz", "--wait-drained", "5m", "--stop", "stop-forum blue")
        log = pathlib.Path(place.work) / "killed.log"
        with open(log, "w") as out:
            runner = subprocess.Popen(["bash", "-c", "exec " + line], cwd=place.work, stdout=out, stderr=out, env=place.environment())
            at = lambda: (place.proxy.call("GET", "/v1/releases/build-43")[1].get("steps") or [{}])[-1]  # noqa: E731
            until("the drain", lambda: at().get("step") == "drained")
            runner.kill()
            runner.wait()
    rc, said = place.shell(line)
    check("killed: goes on and ends well", rc == 0 and place.serving() == "green", (rc, said))
    return log.read_text() + "Killed\n" + said


def alike(text):
    """Without what differs from run to run: numbers, how long a step took, and the words of the evidence."""
    text = re.sub(r" \(\d+ s\)$", "", text.strip(), flags=re.M)
    text = re.sub(r"rolled back: .*?(?=; blue serves|$)", "rolled back: …", text, flags=re.M)  # which of the tests it was that found it
    return re.sub(r"\d+([.,]\d+)?", "N", text)


def as_shown(said):
    page = (ROOT / "docs" / "pipelines.md").read_text()
    shown = re.findall(r"```text\n(.*?)```", page[page.index("## Three ways to fail"):], re.S)
    check("the page shows as many ways", len(shown) == len(said))
    for name, block, real in zip(("smoke", "canary", "killed"), shown, said):
        check(f"docs/pipelines.md shows {name} as it is", alike(block) == alike(real), real)


def linted():
    """What can be looked at without running it, by whatever is here."""
    if shutil.which("shellcheck"):
        done = subprocess.run(["shellcheck", PIPELINES / "release"], capture_output=True, text=True)
        check("shellcheck", done.returncode == 0, done.stdout)
    if not (actionlint := shutil.which("actionlint")):
        return
    with workplace() as work:
        project = pathlib.Path(work)
        (project / ".github" / "workflows").mkdir(parents=True)
        (project / ".git").mkdir()
        shutil.copytree(PIPELINES, project / "scripts" / "pipelines")
        page = (ROOT / "docs" / "pipelines.md").read_text()
        flow = project / ".github" / "workflows" / "release.yml"
        flow.write_text(re.search(r"```yaml\n(name: release.*?)```", page, re.S)[1])
        check("ten lines", len(flow.read_text().splitlines()) == 10, flow.read_text())
        done = subprocess.run([actionlint, str(flow)], cwd=project, capture_output=True, text=True)
        check("actionlint", done.returncode == 0, done.stdout + done.stderr)


def main():
    program, forum = sys.argv[1:3]
    linted()
    with workplace() as work:
        place = Place(program, forum, work)
        try:
            place.proxy = None
            with Switchyard(program, work, place.config()) as place.proxy:
                rc, said = place.shell("start-forum blue")
                check("the forum", rc == 0, said)
                place.proxy.healthy("blue")
                with ForumClients(place.proxy) as place.clients:
                    rounds = [("github", github, True), ("gitlab", gitlab, False), ("jenkins", jenkins, False), ("make", make, False)]
                    if shutil.which("ansible-playbook"):
                        rounds.append(("ansible", ansible, False))
                    else:
                        print("ansible-playbook is not here: its tasks were not run")
                    for name, run, lower in rounds:
                        # Failed first: the same id is tried again, as a job is that was mended.
                        takes_back(place, name, run, lower)
                        a_round(place, name, run, lower)
                    if place.serving() != "blue":
                        check("blue again", place.shell(f"{command(place, 'home', 'blue')}")[0] == 0)
                    place.shell("[ ! -f green.pid ] || stop-forum green")
                    said = [smoke_fails(place)]
                    check("no reader noticed", not place.clients.failed, place.clients.failed[:5])
                    said.append(canary_fails(place))
                    check("only the canary's readers noticed", {colour for _, colour in place.clients.failed} <= {"green"}, place.clients.failed[:5])
                    place.clients.failed.clear()
                    said.append(runner_dies(place))
                    check("no reader noticed that a runner died", not place.clients.failed, place.clients.failed[:5])
                if "--print" in sys.argv:
                    print("\n---\n".join(said))
                as_shown(said)
                print(f"{len(rounds)} pipelines, {sum(place.clients.served.values())} requests, none failed")
        finally:
            if place.proxy:
                place.end()
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
