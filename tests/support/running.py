"""Starts the programs under test as an operator would, on ports that the kernel chooses, and ends exactly those.

Waiting is by event (a line on standard output, a port that answers, a state that the admin API reports), with a
deadline that fails loudly."""
import http.client
import json
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

DEADLINE = 60.0  # for anything that ought to happen at once; sanitizers on a busy machine are slow


class Failed(Exception):
    pass


def until(what, happened, deadline=DEADLINE):
    """Polls `happened` until it returns something true, and returns that."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        result = happened()
        if result:
            return result
        time.sleep(0.01)
    raise Failed(f"{what}: did not happen within {deadline:.0f} s")


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def port_to_keep():
    """For a program that has to come back on the same port: none of those that the kernel gives to any program that asks."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(first // 2, first)
        try:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
            return port
        except OSError:
            continue


class Process:
    """A child process with its output in a file; ended when the `with` block is left."""

    def __init__(self, command, work, name):
        self.log = pathlib.Path(work) / f"{name}.log"
        self.handle = open(self.log, "ab")
        self.child = subprocess.Popen([str(c) for c in command], stdout=self.handle, stderr=subprocess.STDOUT, cwd=work)
        self.name = name

    def text(self):
        return self.log.read_text(errors="replace")

    def alive(self):
        return self.child.poll() is None

    def is_sanitized(self):
        """Whether a sanitizer keeps what was freed, so that its memory says nothing."""
        return "libasan" in pathlib.Path(f"/proc/{self.child.pid}/maps").read_text()

    def kill(self):
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()
        self.handle.close()

    def end(self, deadline=DEADLINE):
        """SIGTERM; returns the exit code."""
        if self.alive():
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f"{self.name} did not end within {deadline:.0f} s after SIGTERM\n{self.text()[-2000:]}")
        finally:
            self.handle.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.alive():
            self.child.kill()
            self.child.wait()


class Endpoint(Process):
    """yardbench's endpoint with known answers."""

    def __init__(self, yardbench, work, colour, *options):
        super().__init__([yardbench, "endpoint", "--colour", colour, *options], work, f"endpoint-{colour}-{os.urandom(3).hex()}")
        line = until("the endpoint's port", lambda: next((l for l in self.text().splitlines(True) if l.startswith("listening") and l.endswith("\n")), None))
        self.port = int(line.split()[1])
        self.address = f"127.0.0.1:{self.port}"


class Switchyard(Process):
    def __init__(self, program, work, config, *options, name="switchyard"):
        self.work = pathlib.Path(work)
        self.state = self.work / "state"
        self.config = self.work / "switchyard.json"
        if config is not None:
            config.setdefault("process", {}).setdefault("state_dir", str(self.state))
            config["process"].setdefault("admin", {"bind": "127.0.0.1:0"})
            self.config.write_text(json.dumps(config, indent=2))
        (self.state / "admin.address").unlink(missing_ok=True)
        super().__init__([program, "run", "--config", self.config, *options], work, name)
        try:
            until("the admin API", self._admin_answers)
        except Failed as failed:
            self.__exit__()
            raise Failed(f"{failed}\n{self.text()[-3000:]}") from None

    def _admin_answers(self):
        if not self.alive():
            raise Failed(f"switchyard ended by itself:\n{self.text()[-3000:]}")
        try:
            self.admin = (self.state / "admin.address").read_text().strip()
            self.token = (self.state / "admin.token").read_text().strip()
            return bool(self.admin) and self.call("GET", "/v1/status")[0] == 200
        except OSError:
            return False

    def call(self, method, path, body=None, **headers):
        """Returns (status, parsed JSON, headers)."""
        request = urllib.request.Request(self.admin + path, method=method, data=None if body is None else json.dumps(body).encode())
        request.add_header("Authorization", "Bearer " + self.token)
        request.add_header("Content-Type", "application/json")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None, dict(answer.headers)
        except http.client.HTTPException as broken:
            raise ConnectionError(f"{method} {path}: the answer ended before its end: {broken!r}") from None
        except urllib.error.HTTPError as error:
            text = error.read()
            try:
                return error.code, json.loads(text), dict(error.headers)
            except ValueError:
                return error.code, text.decode(errors="replace"), dict(error.headers)

    def status(self):
        return self.call("GET", "/v1/status")[1]

    def sums(self):
        """Of /metrics what only ever grows, by its name and labels."""
        request = urllib.request.Request(self.admin + "/metrics", headers={"Authorization": "Bearer " + self.token})
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
                lines = answer.read().decode().splitlines()
        except http.client.HTTPException as broken:
            raise ConnectionError(f"/metrics: the answer ended before its end: {broken!r}") from None
        pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in pairs if name.split("{")[0].endswith(("_total", "_count", "_sum", "_bucket"))}

    def url(self, listener=0):
        return "http://" + self.status()["listeners"][listener]["bound"]

    def healthy(self, *upstreams):
        until(f"health of {', '.join(upstreams)}", lambda: all(self.status()["upstreams"][u]["healthy"] > 0 for u in upstreams))


class Load:
    """Steady requests until the block is left."""

    def __init__(self, yardbench, proxy, rate):
        self.command = [yardbench, "load", proxy.url() + "/", "--rate", str(rate), "--connections", "16", "--duration", "5m", "--quiet"]

    def __enter__(self):
        self.child = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()


def blue_green(blue, green, route="app", **route_keys):
    """The smallest configuration with two colours behind one route; all traffic is blue's."""
    return {
        "process": {"workers": 2},
        "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        "upstreams": {"blue": {"endpoints": [{"address": a} for a in blue]}, "green": {"endpoints": [{"address": a} for a in green]}},
        "routes": [{"name": route, "split": {"blue": 100, "green": 0}, "debug_headers": True, **route_keys}],
    }


def workplace():
    return tempfile.TemporaryDirectory(prefix="switchyard-test-")
