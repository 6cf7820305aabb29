#!/usr/bin/env python3
"""Story: the runner of a release is killed (SIGKILL) at a random moment and the same command is given again, until it ends. Every
time the same end: the new release serves, the old one was stopped, once it had nothing in flight and not before; not one request
failed, and no release was asked after it was stopped. With 20 rounds and more, at last one is killed and stays away: the proxy
takes its switch back by itself, and the same command again brings it to its end all the same.

usage: release_killed.py SWITCHYARD YARDBENCH [ROUNDS [SEED]]"""
import pathlib
import random
import subprocess
import sys
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from colours import Clients, Colour, Deploy, Machine, two_colours  # noqa: E402
from running import Failed, Switchyard, until, workplace  # noqa: E402

LAPSE = 120.0  # at most, until the proxy takes back what is not confirmed; it is asked to after 30 s


def demand(what, holds, shown=""):
    if not holds:
        raise Failed(f"{what}: {shown}")


class Story:
    def __init__(self, program, work, proxy, colours, machine, clients):
        self.program, self.proxy, self.colours, self.machine, self.clients = program, proxy, colours, machine, clients
        self.plan = pathlib.Path(work) / "plan.json"
        self.plan.write_text('{"steps": [{"weight": 50, "bake": "100ms"}, {"weight": 100, "bake": "100ms"}],'
                             ' "analysis": {"latency": null, "warm_up": "0s"}}')

    def command(self, name, new, old, kind):
        words = ["app", "--to", new, "--release-id", name, "--start", self.machine.command("start", new), "--smoke", "GET /smoke",
                 "--smoke-through", f"GET / -H X-Release:{new}", "--stop", self.machine.command("stop", old)]
        return words + {"at once": [], "plan": ["--plan", str(self.plan)], "watch": ["--watch", "500ms"]}[kind]

    def serving(self):
        return [c for c, w in self.proxy.status()["routes"][0]["split"].items() if w]

    def ended_well(self, name, new, old, rc, said):
        demand(f"{name}: exit code", rc == 0, (rc, said))
        demand(f"{name}: {new} serves", self.serving() == [new], (self.serving(), said))
        demand(f"{name}: {old} is stopped", not self.colours[old].up)
        record = self.proxy.call("GET", f"/v1/releases/{name}")[1]
        demand(f"{name}: the record", record["outcome"] == "succeeded", record)
        for colour in self.colours.values():
            demand(f"{name}: {colour.name}", not colour.wrong, colour.wrong)
        demand(f"{name}: requests", not self.clients.failed, self.clients.failed[:5])
        return record

    def round(self, name, new, old, kind, random_):
        """Killed up to three times; then let alone."""
        kills = []
        for _ in range(random_.randint(1, 3)):
            deploy = Deploy(self.program, self.proxy, *self.command(name, new, old, kind))
            moment = random_.random() * {"at once": 0.6, "plan": 2.5, "watch": 1.5}[kind]
            try:
                deploy.child.wait(moment)
            except subprocess.TimeoutExpired:
                deploy.child.kill()
                kills.append(round(moment, 2))
            deploy.child.communicate()
        rc, said = Deploy(self.program, self.proxy, *self.command(name, new, old, kind)).end()
        self.ended_well(name, new, old, rc, said)
        return len(kills)

    def stays_away(self, name, new, old):
        """Killed with the switch made and not confirmed."""
        with Held(self.proxy, self.colours[old]):
            deploy = Deploy(self.program, self.proxy, *self.command(name, new, old, "at once"), "--wait-drained", "5m")
            until("the switch", lambda: self.serving() == [new])
            deploy.child.kill()
            deploy.child.communicate()
            until("the proxy to take it back", lambda: self.serving() == [old], LAPSE)
            until("the record to say that nobody is there", lambda: self.proxy.call("GET", f"/v1/releases/{name}")[1]["outcome"] == "abandoned", LAPSE)
        rc, said = Deploy(self.program, self.proxy, *self.command(name, new, old, "at once"), "--wait-drained", "5m").end()
        record = self.ended_well(name, new, old, rc, said)
        demand("it was taken back, and the record says so", "lapsed" in [s["what"] for s in record["steps"]], record["steps"])


class Held:
    """A request that a release does not finish before the block is left: so long a switch waits for its confirmation."""

    def __init__(self, proxy, colour):
        self.colour = colour
        colour.go.clear()
        before = colour.held
        self.caller = threading.Thread(target=lambda: urllib.request.urlopen(proxy.url() + "/held", timeout=LAPSE).read(), daemon=True)
        self.caller.start()
        until("a request that is held", lambda: colour.held > before)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.colour.go.set()
        self.caller.join()


def main():
    program = sys.argv[1]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 6
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else time.time_ns() % 1_000_000
    random_ = random.Random(seed)
    print(f"seed {seed}")
    with workplace() as work, Colour("blue") as blue, Colour("green") as green, Machine(blue, green) as machine:
        blue.start()
        colours = {"blue": blue, "green": green}
        with Switchyard(program, work, two_colours(blue, green)) as proxy:
            proxy.healthy("blue")
            with Clients(proxy) as clients:
                story = Story(program, work, proxy, colours, machine, clients)
                clients.answered_by("blue")
                kills, new, old = 0, "green", "blue"
                for number in range(rounds):
                    kills += story.round(f"release-{number}", new, old, ("at once", "plan", "watch")[number % 3], random_)
                    new, old = old, new
                if rounds >= 20:
                    story.stays_away("away", new, old)
            demand("requests", not clients.failed, clients.failed[:5])
            print(f"{rounds} releases, {kills} runners killed: every one ended as meant; "
                  f"{sum(clients.served.values())} requests, none failed; nothing was stopped that still served")


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
