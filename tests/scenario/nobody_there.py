#!/usr/bin/env python3
"""Story: a release that is not there. Its endpoint is killed, loses its readiness, or was dead from the start, while a switch is
watched or a rollout stands at 25 %, at 1, 5 and 180 requests a second: the traffic comes back by itself, nothing begins towards
the dead without force, nothing succeeds that nobody asked, and a full disk keeps no bad release in traffic.

usage: nobody_there.py SWITCHYARD YARDBENCH"""
import http.server
import json
import os
import pathlib
import socketserver
import subprocess
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from running import DEADLINE, Failed, Load, Process, Switchyard, blue_green, until, workplace  # noqa: E402

HEALTH = {"type": "http", "path": "/ready", "interval": "100ms", "timeout": "5s", "rise": 1, "fall": 1}


class Application(http.server.BaseHTTPRequestHandler):
    """Answers its colour; what is in the file `mood` (unready, bad) makes it lose its readiness or answer only 500."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        mood = self.server.mood.read_text() if self.server.mood.exists() else ""
        status = 503 if self.path == "/ready" and mood == "unready" else 500 if self.path != "/ready" and mood == "bad" else 200
        body = self.server.colour.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128


def serve(colour, mood):
    server = Threads(("127.0.0.1", 0), Application)
    server.colour, server.mood = colour, pathlib.Path(mood)
    print("listening", server.server_address[1], flush=True)
    server.serve_forever()


class Colour(Process):
    def __init__(self, work, colour):
        self.mood = pathlib.Path(work) / f"mood-{colour}"
        super().__init__([sys.executable, __file__, "--serve", colour, self.mood], work, f"application-{colour}")
        line = until("the application's port", lambda: next((l for l in self.text().splitlines(True) if l.startswith("listening") and l.endswith("\n")), None))
        self.address = f"127.0.0.1:{line.split()[1]}"

    def feels(self, mood):
        new = self.mood.with_suffix(".new")
        new.write_text(mood)
        new.rename(self.mood)


def demand(what, holds):
    if not holds:
        raise Failed(what)


def ask(url):
    """(status, body) as a client sees it."""
    try:
        with urllib.request.urlopen(url, timeout=DEADLINE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def config(blue, greens):
    out = blue_green([blue.address], [g if isinstance(g, str) else g.address for g in greens])
    for upstream in out["upstreams"].values():
        upstream["health"] = HEALTH
    return out


def look(proxy, rollout):
    return proxy.call("GET", f"/v1/rollouts/{rollout}")[1]


def split_of(proxy):
    return proxy.status()["routes"][0]["split"]


def begin(proxy, way):
    """A watched switch, or a rollout at 25 %; the rollout's id."""
    if way == "watch":
        status, answer, _ = proxy.call("POST", "/v1/routes/app/switch", {"to": "green", "watch": "10m"})
        demand(f"the switch was refused: {status} {answer}", status == 200)
        return answer["rollout"]
    status, answer, _ = proxy.call("POST", "/v1/rollouts", {"route": "app", "from": "blue", "to": "green",
                                                            "steps": [{"weight": 25, "bake": "10m"}, {"weight": 100, "bake": "1m"}]})
    demand(f"the rollout was refused: {status} {answer}", status == 201)
    return answer["id"]


def failed_of(proxy, upstream):
    """Clients' 5xx that stand on the account of an upstream."""
    request = urllib.request.Request(proxy.admin + "/metrics")
    request.add_header("Authorization", "Bearer " + proxy.token)
    with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
        lines = answer.read().decode().splitlines()
    return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if line.startswith("switchyard_requests_total") and f'upstream="{upstream}"' in line and 'code_class="5xx"' in line))


def goes_down(program, yardbench, how, way, rate):
    with workplace() as work, Colour(work, "blue") as blue, Colour(work, "green") as green:
        with Switchyard(program, work, config(blue, [green])) as proxy:
            proxy.healthy("blue", "green")
            url = proxy.url()
            with Load(yardbench, proxy, rate):
                rollout = begin(proxy, way)
                until("green's first request", lambda: look(proxy, rollout)["arms"]["green"]["attempts"] > 0)
                if how == "killed":
                    green.kill()
                else:
                    green.feels("unready")
                ended = until("the return", lambda: (lambda r: r if r["state"] not in ("running", "rolling_back") else None)(look(proxy, rollout)))
            demand(f"{how}, {way}, {rate}/s: ended {ended['state']}: {ended['why']}", ended["state"] == "rolled_back")
            demand(f"something is left: {split_of(proxy)}", split_of(proxy)["green"] == 0)
            for _ in range(10):
                demand("an answer after the return", ask(url + "/") == (200, "blue"))
            print(f"{how}, {way}, {rate}/s: {ended['ended']['by']}: {ended['why']} ({failed_of(proxy, 'green')} answers 5xx)")


def dead_from_the_start(program, yardbench, rate):
    with workplace() as work, Colour(work, "blue") as blue, Colour(work, "green") as green:
        green.kill()
        with Switchyard(program, work, config(blue, [green.address])) as proxy:
            proxy.healthy("blue")
            until("the first check", lambda: proxy.status()["upstreams"]["green"]["endpoints"][0]["health"] == "down")
            plan = {"route": "app", "from": "blue", "to": "green", "steps": [*([{"weight": 50, "bake": "10m"}] if rate < 100 else []), {"weight": 100, "bake": "1m"}]}
            for what, path, body in (("a rollout", "/v1/rollouts", plan), ("a rollout, dry", "/v1/rollouts?dry_run=true", plan),
                                     ("a watch", "/v1/routes/app/switch", {"to": "green", "watch": "1m"}),
                                     ("a watch that requires nobody", "/v1/routes/app/switch", {"to": "green", "watch": "1m", "require": {"healthy": 0}}),
                                     ("the same, dry", "/v1/routes/app/switch?dry_run=true", {"to": "green", "watch": "1m", "require": {"healthy": 0}})):
                status, answer, _ = proxy.call("POST", path, body)
                demand(f"{what} began towards the dead: {status} {answer}", status == 409 and "healthy" in answer["detail"])
            demand("no rollout was begun", proxy.call("GET", "/v1/rollouts")[1]["rollouts"] == [])
            file = pathlib.Path(work) / "plan.json"
            file.write_text(json.dumps(plan))
            shell = [program, "rollout", "start", file, "--admin", proxy.admin, "--token-file", proxy.state / "admin.token"]
            refused = subprocess.run(shell, capture_output=True, text=True)
            demand(f"by command line: {refused}", refused.returncode == 1 and "force" in refused.stderr)
            with Load(yardbench, proxy, rate):
                forced = subprocess.run([*shell, "--force"], capture_output=True, text=True)
                demand(f"by force: {forced}", forced.returncode == 0)
                ended = until("the return", lambda: (lambda r: r if r["state"] == "rolled_back" else None)(look(proxy, "r1")), 120)
            demand(f"green's failures are counted: {ended['arms']['green']}", ended["arms"]["green"]["failures"] > 0)
            print(f"dead from the start, by force, {rate}/s: {ended['why']}")


def nobody_asks(program, yardbench):
    """A watch without a request is not a success."""
    with workplace() as work, Colour(work, "blue") as blue, Colour(work, "green") as green:
        with Switchyard(program, work, config(blue, [green])) as proxy:
            proxy.healthy("blue", "green")
            rollout = proxy.call("POST", "/v1/routes/app/switch", {"to": "green", "watch": "1s"})[1]["rollout"]
            watched = subprocess.run([program, "rollout", "watch", rollout, "--admin", proxy.admin, "--token-file", proxy.state / "admin.token"],
                                     capture_output=True, text=True, timeout=DEADLINE)
            demand(f"watched: {watched}", watched.returncode == 3 and "no request came" in watched.stdout)
            shown = look(proxy, rollout)
            demand(f"ended {shown}", shown["state"] == "inconclusive" and not shown["holds_route"])
            demand("the traffic was moved", split_of(proxy)["green"] > 0 and split_of(proxy)["blue"] == 0)
            demand("an undo", proxy.call("POST", "/v1/undo", {})[0] == 200 and split_of(proxy)["blue"] > 0 and split_of(proxy)["green"] == 0)
            demand("the route is held", proxy.call("PUT", "/v1/routes/app/split", {"blue": 1, "green": 1})[0] == 200)
            print("a watch that counted nothing: inconclusive, the route is free, the traffic stays")


def crashing(program, yardbench):
    with workplace() as work, Colour(work, "blue") as blue, Colour(work, "green") as green, Colour(work, "green2") as other:
        with Switchyard(program, work, config(blue, [green, other])) as proxy:
            proxy.healthy("blue", "green")
            until("both", lambda: proxy.status()["upstreams"]["green"]["healthy"] == 2)
            with Load(yardbench, proxy, 100):
                rollout = begin(proxy, "rollout")
                for _ in range(3):
                    other.feels("unready")
                    until("one down", lambda: proxy.status()["upstreams"]["green"]["healthy"] == 1)
                    other.feels("")
                    until("up again", lambda: proxy.status()["upstreams"]["green"]["healthy"] == 2)
                held = until("the hold", lambda: (lambda r: r if r["why"].startswith("crashing") else None)(look(proxy, rollout)))
            demand(f"state {held['state']}", held["state"] == "running" and other.address in held["why"])
            print(held["why"])


def full_disk(program, yardbench):
    """On a file system of its own, in a mount namespace of its own."""
    with workplace() as work, Colour(work, "blue") as blue, Colour(work, "green") as green:
        state = pathlib.Path(work) / "state"
        state.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "none", str(state)], check=True)
        try:
            with Switchyard(program, work, config(blue, [green])) as proxy:
                proxy.healthy("blue", "green")
                rollout = begin(proxy, "rollout")
                before = proxy.status()["generation"]
                filler = state / "filler"
                with open(filler, "wb", buffering=0) as out:
                    try:
                        while True:
                            out.write(b"x" * 4096)
                    except OSError:
                        pass
                with Load(yardbench, proxy, 180):
                    green.feels("bad")
                    until("the return", lambda: look(proxy, rollout)["state"] == "rolled_back")
                status = proxy.status()
                demand(f"something is left: {status['routes'][0]['split']}", status["routes"][0]["split"]["green"] == 0)
                demand(f"status does not say it: {status.get('unstored')}", status["unstored"]["stored"] == before and status["unstored"]["why"])
                demand("the log does not say it", "in force but not stored" in proxy.text())
                refused = proxy.call("PUT", "/v1/routes/app/split", {"blue": 1, "green": 1})
                demand(f"another change: {refused}", refused[0] == 507)
                for _ in range(10):
                    demand("an answer after the return", ask(proxy.url() + "/") == (200, "blue"))
                filler.unlink()
                until("the store", lambda: "unstored" not in proxy.status())
                newest = proxy.call("GET", "/v1/generations")[1]["generations"][0]
                demand(f"what is in force is not what is stored: {newest}", newest["generation"] == proxy.status()["generation"] and newest["verb"] == "rollout")
                until("the journal", lambda: proxy.call("GET", f"/v1/rollouts/{rollout}/report")[1]["journal"][-1]["kind"] == "closed")
                proxy.kill()
            with Switchyard(program, work, None, name="switchyard-again") as again:
                demand("what was stored late is not what is resumed", split_of(again)["green"] == 0)
        finally:
            subprocess.run(["umount", str(state)], check=True)
        print("a full disk: the traffic came back unstored, said so, and was stored when there was room")


def apart(program, yardbench):
    """The mount needs a namespace; where none may be made, that part is not told."""
    words = ["unshare", "--mount", "--map-root-user"]
    if subprocess.run([*words, "mount", "-t", "tmpfs", "none", "/mnt"], stderr=subprocess.DEVNULL).returncode != 0:
        print("no mount namespaces here: the story of the full disk is left out")
        return
    if subprocess.run([*words, sys.executable, __file__, "--full-disk", program, yardbench]).returncode != 0:
        raise Failed("the full disk")


def main():
    if sys.argv[1] == "--serve":
        return serve(*sys.argv[2:4])
    if sys.argv[1] == "--full-disk":
        return full_disk(*sys.argv[2:4])
    programs = [os.path.abspath(p) for p in sys.argv[1:3]]
    for how in ("killed", "readiness lost"):
        for way in ("watch", "rollout"):
            for rate in (1, 5, 180):
                goes_down(*programs, how, way, rate)
    for rate in (5, 180):
        dead_from_the_start(*programs, rate)
    nobody_asks(*programs)
    crashing(*programs)
    apart(*programs)


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
