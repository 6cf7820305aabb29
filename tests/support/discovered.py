"""A Switchyard with one upstream, green, whose endpoints are discovered; and what may be asked of it."""
import http.client
import subprocess
import urllib.request

import running


def discovering(discover, process=None, **discovery):
    return {
        "process": {"workers": 2, **(process or {})},
        "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        "upstreams": {"green": {
            "endpoints": [], "discover": discover,
            "discovery": {"hold": "200ms", "confirm_after": "400ms", "allow": ["127.0.0.0/8"], **discovery},
            "health": {"interval": "50ms", "timeout": "2s", "rise": 1, "fall": 2}}},
        "routes": [{"name": "app", "split": {"green": 100}, "debug_headers": True}]}


class Discovered:
    def __init__(self, program, work, config):
        self.program, self.work, self.config = program, work, config
        self.proxy = running.Switchyard(program, work, config)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proxy.__exit__()

    def again(self):
        self.proxy = running.Switchyard(self.program, self.work, self.config)

    def discovery(self):
        return self.proxy.call("GET", "/v1/upstreams/green/discovery")[1]

    def members(self):
        return {e["address"]: e for e in self.discovery()["endpoints"]}

    def until(self, what, happened):
        try:
            return running.until(what, happened)
        except running.Failed as failed:
            raise running.Failed(f"{failed}\n{self.discovery()}") from None

    def until_members(self, *addresses):
        self.until(f"the members {addresses}", lambda: set(self.members()) == set(addresses))

    def until_up(self, *addresses):
        self.until(f"{addresses} up", lambda: {a for a, e in self.members().items() if e["health"] == "up"} == set(addresses))

    def until_state(self, state, why=""):
        self.until(f"the source is {state} {why}", lambda: self.discovery()["state"] == state and why in self.discovery().get("why", ""))

    def ask(self):
        host, port = self.proxy.url().removeprefix("http://").split(":")
        client = http.client.HTTPConnection(host, int(port), timeout=running.DEADLINE)
        client.request("GET", "/")
        answer = client.getresponse()
        body = answer.read().decode()
        client.close()
        return answer.status, body

    def cli(self, *words):
        done = subprocess.run([self.program, *words, "--state-dir", self.proxy.state], capture_output=True, text=True,
                              timeout=running.DEADLINE)
        return done.returncode, done.stdout + done.stderr

    def open(self, path):
        request = urllib.request.Request(self.proxy.admin + path, headers={"Authorization": "Bearer " + self.proxy.token})
        with urllib.request.urlopen(request, timeout=running.DEADLINE) as answer:
            return answer.read().decode()

    def generation(self):
        return self.proxy.status()["generation"]
