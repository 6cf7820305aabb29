#!/usr/bin/env python3
"""Story: one configuration for every place it runs in. A base file, overlays on it (RFC 7396), and secrets that only have a
name in both. A mistake is told with the file that brought it; SIGHUP, watch_file and `apply` read all of them; a secret that is
missing is refused by its place and name; and what a secret is, or a digest of it, appears nowhere: not in the API, not in the
state directory, not in a log.

usage: layers_and_secrets.py SWITCHYARD YARDBENCH"""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from checks import check, verdict  # noqa: E402
from running import DEADLINE, Endpoint, Failed, Process, Switchyard, blue_green, until, workplace  # noqa: E402

SECRETS = {"first": "hunter2-of-the-environment", "file": "correct-horse-of-the-file", "turned": "battery-staple-turned"}


def jwt(key):
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    body = part(b'{"alg":"HS256"}') + b"." + part(b'{"group":"staff"}')
    return (body + b"." + part(hmac.new(key.encode(), body, hashlib.sha256).digest())).decode()


def served_by(proxy, host, key):
    request = urllib.request.Request(proxy.url() + "/", headers={"Host": host, "Authorization": "Bearer " + jwt(key)})
    with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
        return dict(part.split("=", 1) for part in answer.headers["X-Switchyard"].split("; "))["upstream"]


def run(program, *words, **environment):
    return subprocess.run([program, *map(str, words)], capture_output=True, text=True, timeout=DEADLINE,
                          env={"PATH": os.environ["PATH"], **environment})


def staff(name, key):
    return {"name": name, "match": {"hosts": [name]}, "split": {"blue": 100, "green": 0}, "debug_headers": True,
            "jwt": {"algorithm": "HS256", "key": key},
            "rules": [{"name": "staff", "when": {"claim": "group", "equals": "staff"}, "upstream": "green"}]}


class Place:
    """A base and two overlays on disk, and the process on them."""

    def __init__(self, program, work, blue, green):
        self.program, self.work = program, pathlib.Path(work)
        self.base, self.prod, self.here = (self.work / name for name in ("switchyard.json", "prod.json", "here.json"))
        self.key = self.work / "key"
        self.key.write_text(SECRETS["file"] + "\n")
        base = blue_green(["127.0.0.1:1"], [green.address])
        base["process"].update({"state_dir": str(self.work / "state"), "admin": {"bind": "127.0.0.1:0"}})
        base["routes"] = [staff("by-env", {"env": "STAFF_KEY"}), staff("by-file", {"file": str(self.key)})]
        self.base.write_text(json.dumps(base))
        self.prod.write_text("// where it runs\n" + json.dumps({"upstreams": {"blue": {"endpoints": [{"address": blue.address}]}}}))
        self.here.write_text(json.dumps({"upstreams": {"blue": {"slow_start": "1s"}}}))

    def layers(self):
        return "--overlay", self.prod, "--overlay", self.here

    def start(self, name):
        os.environ["STAFF_KEY"] = SECRETS["first"]
        try:
            return Switchyard(self.program, self.work, None, *self.layers(), name=name)
        finally:
            del os.environ["STAFF_KEY"]


def layers(place, proxy):
    now = proxy.call("GET", "/v1/config")[1]
    check("the overlay's list is there", now["upstreams"]["blue"]["endpoints"][0]["address"] != "127.0.0.1:1", now["upstreams"])
    check("and the other's key", now["upstreams"]["blue"]["slow_start"] == "1s", now["upstreams"])
    path = proxy.status()["file"]["path"]
    check("status names all of them", all(str(p) in path for p in (place.base, place.prod, place.here)), path)
    place.here.write_text(json.dumps({"upstreams": {"blue": {"slow_start": "2s"}}}))
    proxy.child.send_signal(signal.SIGHUP)
    until("SIGHUP reads the overlay", lambda: proxy.call("GET", "/v1/config")[1]["upstreams"]["blue"]["slow_start"] == "2s")
    proxy.call("POST", "/v1/routes/by-env/switch", {"to": "green"})
    place.here.write_text("{}")
    before = proxy.status()["generation"]
    done = run(place.program, "diff", place.base, *place.layers(), "--state-dir", proxy.state)
    check("diff says what they would change", done.returncode == 0 and "slow_start" in done.stdout, done)
    check("and changes nothing", proxy.status()["generation"] == before)
    done = run(place.program, "apply", place.base, *place.layers(), "--state-dir", proxy.state)
    check("apply reads them, too", done.returncode == 0 and "slow_start" in done.stdout, done)
    check("and takes no switch back", proxy.call("GET", "/v1/config")[1]["routes"][0]["split"]["green"] == 100)
    proxy.call("POST", "/v1/routes/by-env/switch", {"to": "blue"})


def mistakes(place, proxy):
    generation = proxy.status()["generation"]
    good = place.prod.read_text()
    for text, cure in (('{"upstreams": {"blue": {"slow_strat": "1s"}}}', f"/upstreams/blue/slow_strat: unknown key"),
                       ('{"listeners": [{"name": "web", "bind": 7}]}', "/listeners/0/bind: "),
                       ('{"upstreams": {"green": null}}', "/routes/0/"),
                       ('{"upstreams": ', "not valid JSON"), ("[]", "expected an object")):
        place.prod.write_text(text)
        done = run(place.program, "check", place.base, *place.layers(), "--offline", STAFF_KEY="x")
        brought = place.base if "/routes" in cure else place.prod
        check(f"check {text}: {cure}", done.returncode == 1 and cure in done.stderr and
              any(cure in line and str(brought) in line.split(cure)[1] for line in done.stderr.splitlines()), done)
        proxy.child.send_signal(signal.SIGHUP)
        until("it is refused", lambda: proxy.status()["file"]["state"] == "invalid")
        said = proxy.status()["file"]
        check("status says which file", str(brought) in json.dumps(said["errors"]), said)
        place.prod.write_text(good)
        proxy.child.send_signal(signal.SIGHUP)
        until("and taken again", lambda: proxy.status()["file"]["state"] == "taken")
    place.prod.unlink()
    proxy.child.send_signal(signal.SIGHUP)
    until("one that is gone", lambda: proxy.status()["file"]["state"] == "unread" and str(place.prod) in proxy.status()["file"]["detail"])
    place.prod.write_text(good)
    proxy.child.send_signal(signal.SIGHUP)
    until("and back", lambda: proxy.status()["file"]["state"] == "taken")
    check("nothing of this was a change", proxy.status()["generation"] == generation, proxy.status()["generation"])


def secrets(place, proxy):
    check("a key of the environment", served_by(proxy, "by-env", SECRETS["first"]) == "green")
    check("a key of a file", served_by(proxy, "by-file", SECRETS["file"]) == "green")
    check("another key opens nothing", served_by(proxy, "by-file", SECRETS["first"]) == "blue")
    now = proxy.call("GET", "/v1/config")[1]
    check("the configuration shows the name", now["routes"][0]["jwt"]["key"] == {"env": "STAFF_KEY"}, now["routes"][0])
    status, _, _ = proxy.call("PUT", "/v1/config", now)
    check("and takes it back", status == 200, status)
    generation = proxy.status()["generation"]
    place.key.write_text(SECRETS["turned"])
    proxy.child.send_signal(signal.SIGHUP)
    until("SIGHUP follows a file that was turned", lambda: served_by(proxy, "by-file", SECRETS["turned"]) == "green")
    check("the old key is none any more", served_by(proxy, "by-file", SECRETS["file"]) == "blue")
    check("without a generation", proxy.status()["generation"] == generation)
    for reference, name in (({"env": "NOT_THERE"}, "NOT_THERE"), ({"file": "/nowhere/key"}, "/nowhere/key")):
        now["routes"][1]["jwt"]["key"] = reference
        status, problem, _ = proxy.call("PUT", "/v1/config", now)
        check(f"{reference} is refused", status == 422 and problem["errors"][0]["pointer"] == "/routes/1/jwt/key" and
              name in problem["errors"][0]["detail"], problem)
    now["routes"][1]["jwt"]["key"] = {"file": str(place.prod)}
    status, _, _ = proxy.call("PUT", "/v1/config?dry_run=true", now, X_Reason="another file")
    check("another file", status == 200, status)
    check("still the same", proxy.status()["generation"] == generation)


def shown_nowhere(place, proxy):
    """Everything that is written or answered, looked through for each secret, its digests and its base64."""
    said = {p.name: p.read_bytes() for p in pathlib.Path(proxy.state).iterdir() if p.is_file() and p.name != "admin.token"}
    said.update({p.name: p.read_bytes() for p in place.work.glob("*.log")})
    for path in ("/v1/config", "/v1/generations", "/v1/generations/1", "/v1/generations/1/diff/2", "/v1/audit", "/v1/status",
                 "/metrics", "/v1/rollouts"):
        said[path] = json.dumps(proxy.call("GET", path)[1]).encode() if path != "/metrics" else b""
    question = {"host": "by-file", "headers": {"Authorization": "Bearer " + jwt(SECRETS["turned"])}}
    said["explain"] = json.dumps(proxy.call("POST", "/v1/explain", question)[1]).encode()
    said["config --file"] = run(place.program, "config", "--file", "--state-dir", proxy.state).stdout.encode()
    for name, secret in SECRETS.items():
        raw = secret.encode()
        for form in (raw, base64.b64encode(raw), raw.hex().encode(), hashlib.sha256(raw).hexdigest().encode(),
                     hashlib.sha256(raw + b"\n").hexdigest().encode(), hashlib.sha256(raw).digest(), hashlib.md5(raw).hexdigest().encode()):
            for where, text in said.items():
                check(f"{name} in {where}", form not in text, form)
    check("the look is a look", b"STAFF_KEY" in said["switchyard.db"] + said.get("switchyard.db-wal", b""))


def missing_at_the_start(place):
    """Without the variable: a refusal by place and name, before and beside a state."""
    done = run(place.program, "check", place.base, *place.layers())
    check("check warns", done.returncode == 0 and "warning: /routes/0/jwt/key: the variable STAFF_KEY" in done.stderr, done)
    check("--offline does not look", "STAFF_KEY" not in run(place.program, "check", place.base, *place.layers(), "--offline").stderr)
    for folder in (place.work / "fresh", place.work / "state"):
        done = run(place.program, "run", "--config", place.base, *place.layers(), "--state-dir", folder)
        check(f"a start in {folder.name}", done.returncode == 1 and "/routes/0/jwt/key" in done.stderr + done.stdout and
              "STAFF_KEY is not set" in done.stderr + done.stdout, done)


def port_in_use(place, proxy):
    """What only shows when the configuration is put in force names its layer as well."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        good = place.here.read_text()
        place.here.write_text(json.dumps({"listeners": [{"name": "web", "bind": f"127.0.0.1:{taken.getsockname()[1]}"}]}))
        proxy.child.send_signal(signal.SIGHUP)
        until("a port in use is refused", lambda: "Address already in use" in proxy.text())
        line = next(l for l in proxy.text().splitlines() if "Address already in use" in l)
        check("with its layer", f"(from {place.here})" in line, line)
        place.here.write_text(good)


def watched(place):
    base = json.loads(place.base.read_text())
    base["process"]["watch_file"] = True
    place.base.write_text(json.dumps(base))
    with place.start("watching") as proxy:
        place.here.write_text(json.dumps({"upstreams": {"blue": {"slow_start": "7s"}}}))
        until("an overlay is watched", lambda: proxy.call("GET", "/v1/config")[1]["upstreams"]["blue"].get("slow_start") == "7s")
        proxy.end()


def main(program, yardbench):
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        place = Place(program, work, blue, green)
        with place.start("layered") as proxy:
            proxy.healthy("blue", "green")
            layers(place, proxy)
            mistakes(place, proxy)
            port_in_use(place, proxy)
            secrets(place, proxy)
            shown_nowhere(place, proxy)
            proxy.end()
        missing_at_the_start(place)
        watched(place)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
