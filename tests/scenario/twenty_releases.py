#!/usr/bin/env python3
"""Story: twenty releases in a row, back and forth between blue and green on one configuration file, by switch, by split
and by apply. In between the file is read again, unchanged and with an edit, the proxy is restarted, the name of the old
colour goes away, and the disk takes nothing more. Under load not one request fails, none that was sent after a release was
answered is served by the old colour, and the split is always what was last asked for.

usage: twenty_releases.py SWITCHYARD YARDBENCH [RELEASES]"""
import contextlib
import http.client
import json
import os
import pathlib
import resource
import signal
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from name_server import NameServer  # noqa: E402
from running import DEADLINE, Endpoint, Failed, Switchyard, blue_green, until, workplace  # noqa: E402

CLIENTS = 4
COLOURS = ("blue", "green")


class Load:
    """Clients that ask all the time on kept connections, and know which colours may answer each request."""

    def __init__(self):
        self.releases = ["blue"]  # colours in the order they were asked for
        self.acknowledged = 0     # the newest of them that was answered
        self.served, self.wrong = 0, []
        self.over = False
        self.open = threading.Event()
        self.lock = threading.Lock()
        self.busy = 0
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(CLIENTS)]

    def _run(self):
        client, where = None, None
        while not self.over:
            if not self.open.wait(0.05):
                continue
            with self.lock:
                if not self.open.is_set():
                    continue
                self.busy += 1
                if where != self.address:
                    where, client = self.address, http.client.HTTPConnection(self.address, timeout=DEADLINE)
                before = self.acknowledged
            try:
                client.request("GET", "/")
                answer = client.getresponse()
                answer.read()
                colour = answer.getheader("X-Forum-Colour")
                may = self.releases[before:]
                if answer.status != 200 or colour not in may:
                    self.wrong.append((answer.status, colour, may))
                self.served += 1
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(repr(error))
                client.close()
            finally:
                with self.lock:
                    self.busy -= 1

    @contextlib.contextmanager
    def running_on(self, proxy):
        """Between restarts: a process that has ended answers no request, and gets none."""
        self.address = proxy.url().removeprefix("http://")
        self.open.set()
        try:
            yield
        finally:
            self.open.clear()
            until("the clients to have their answers", lambda: self.busy == 0)

    def flows(self):
        before = self.served
        until("traffic", lambda: self.served > before + 20 or self.wrong)

    @contextlib.contextmanager
    def release(self, colour):
        self.releases.append(colour)
        yield
        self.acknowledged = len(self.releases) - 1

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        for thread in self.threads:
            thread.join()


class Story:
    def __init__(self, program, work, names, load, file):
        self.program, self.work, self.names, self.load, self.file = program, work, names, load, file
        self.asked = {"blue": 100, "green": 0}
        self.edits = 0
        self.runs = 0

    def verb(self, *words):
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, timeout=DEADLINE,
                              env={**os.environ, "SWITCHYARD_STATE_DIR": str(self.proxy.state)})
        if done.returncode != 0:
            raise Failed(f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}")

    def split_is_what_was_asked_for(self, when):
        split = next(r["split"] for r in self.proxy.status()["routes"] if r["name"] == "app")
        if {c: w for c, w in split.items() if w} != {c: w for c, w in self.asked.items() if w}:
            raise Failed(f"{when}: the split is {split}, asked for was {self.asked}")

    def release(self, number):
        new = COLOURS[number % 2]
        self.names.names[new + ".test"] = ["127.0.0.1"]
        until(f"{new} to be healthy", lambda: self.proxy.status()["upstreams"][new]["healthy"] > 0)
        weights = {c: 100 if c == new else 0 for c in COLOURS}
        with self.load.release(new):
            if number % 3 == 0:
                # It says another colour each time: what a file does not change, it does not decide.
                self.file["routes"][0]["split"] = weights
                self.write()
                self.verb("apply", self.proxy.config, "--file-wins")
            elif number % 3 == 1:
                self.verb("switch", "app", new, "--reason", f"release {number}")
            else:
                self.verb("split", "app", *(f"{c}={w}" for c, w in weights.items()))
        self.asked = weights
        self.split_is_what_was_asked_for(f"release {number}")
        # The old colour is gone, and with it its name.
        self.names.names.pop(COLOURS[(number + 1) % 2] + ".test", None)
        self.load.flows()

    def write(self):
        self.proxy.config.write_text(json.dumps(self.file, indent=2))

    def edit(self):
        """One more route: what people do to a file."""
        self.edits += 1
        self.file["routes"].append({"name": f"edit-{self.edits}", "match": {"path_prefix": f"/edit-{self.edits}"}, "respond": {"status": 204}})
        self.write()

    def read_again(self):
        said = len(self.proxy.text())
        self.proxy.child.send_signal(signal.SIGHUP)
        until("the file to be read", lambda: "switchyard.json read" in self.proxy.text()[said:] or
              "was not taken over" in self.proxy.text()[said:])
        state = self.proxy.status()["file"]
        if state["state"] != "taken":
            raise Failed(f"the file was not taken: {state}")

    def no_room(self, number):
        """The state file may not grow: a release is refused and changes nothing; with room it goes."""
        unlimited = resource.prlimit(self.proxy.child.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.proxy.child.pid, resource.RLIMIT_FSIZE, (1, unlimited[1]))
        try:
            status, answer, _ = self.proxy.call("PUT", "/v1/routes/app/split", {"blue": 1, "green": 1, }, X_Reason="no room")
            if status == 200:
                raise Failed(f"a change without room was done: {answer}")
            self.load.flows()
        finally:
            resource.prlimit(self.proxy.child.pid, resource.RLIMIT_FSIZE, unlimited)
        self.split_is_what_was_asked_for(f"no room after release {number}")

    def between(self, number):
        """What happens between two releases, on one process."""
        kind = number % 4
        if kind == 0:
            self.read_again()
        elif kind == 1:
            self.edit()
            self.read_again()
        elif kind == 2:
            self.no_room(number)
        else:
            self.edit()
            self.verb("apply", self.proxy.config)
        self.load.flows()
        self.split_is_what_was_asked_for(f"after release {number}")

    def run(self, numbers, config):
        """One life of the process."""
        self.runs += 1
        with Switchyard(self.program, self.work, config, name=f"switchyard-{self.runs}") as self.proxy:
            if numbers[0] > 1:
                # Also while the old colour's name does not resolve, and where the file was edited meanwhile.
                self.split_is_what_was_asked_for("after a restart")
            self.proxy.healthy(COLOURS[(numbers[0] - 1) % 2])
            with self.load.running_on(self.proxy):
                self.load.flows()
                for number in numbers:
                    self.release(number)
                    self.between(number)
            if self.runs % 2:
                self.edit()
            else:
                return self.proxy.kill()
            if (code := self.proxy.end()) != 0:
                raise Failed(f"switchyard ended with {code}\n{self.proxy.text()[-2000:]}")


def main():
    program, yardbench = sys.argv[1:3]
    releases = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    with workplace() as work, NameServer() as names, Endpoint(yardbench, work, "blue") as blue, \
            Endpoint(yardbench, work, "green") as green, Load() as load:
        names.names.update({"blue.test": ["127.0.0.1"], "green.test": ["127.0.0.1"]})
        config = blue_green([f"blue.test:{blue.port}"], [f"green.test:{green.port}"])
        config["process"]["resolver"] = {"servers": [names.address], "timeout": "500ms", "attempts": 1}
        story = Story(program, work, names, load, config)
        lives = [list(range(first, min(first + 5, releases + 1))) for first in range(1, releases + 1, 5)]
        for life, numbers in enumerate(lives):
            story.run(numbers, config if life == 0 else None)
        if load.wrong:
            raise Failed(f"{len(load.wrong)} of {load.served} requests failed or were stale: {load.wrong[:5]}")
        print(f"{releases} releases, {len(lives) - 1} restarts, {story.edits} edits of the file: {load.served} requests, none failed, none stale")


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
