#!/usr/bin/env python3
"""Story: a route's error page is a file that comes and goes. Its change is made whether it is there or not; what was read last is
shown when it has gone, and nothing that is done without it – a start, a way back, an upgrade – fails for it. A pipe in its place
holds nothing up.

usage: pages_that_go.py SWITCHYARD"""
import http.client
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from checks import check, verdict  # noqa: E402
from running import Switchyard, port_to_keep, until, workplace  # noqa: E402
from upgraded import Lineage  # noqa: E402


def ask(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/")
    answer = connection.getresponse()
    out = answer.status, answer.read().decode()
    connection.close()
    return out


def main():
    with workplace() as work:
        page = pathlib.Path(work) / "50x.html"
        port = port_to_keep()
        config = {
            "listeners": [{"name": "web", "bind": f"127.0.0.1:{port}"}],
            "upstreams": {"app": {"endpoints": [{"address": "127.0.0.1:1"}], "health": {"type": "none"}}},
            "routes": [{"name": "site", "split": {"app": 1}, "retries": {"attempts": 0}, "error_pages": {"5xx": str(page)}}],
        }

        def notices():
            return str(proxy.status().get("notices", ""))

        with Switchyard(sys.argv[1], work, config) as proxy:
            until("that the page is not there is said", lambda: str(page) in notices())
            check("the own answer serves", "detail" in ask(port)[1], ask(port))
            checked = subprocess.run([sys.argv[1], "check", str(pathlib.Path(work) / "switchyard.json")], capture_output=True, text=True)
            check("check warns and finds it right", checked.returncode == 0 and "warning" in checked.stderr and str(page) in checked.stderr, checked.stderr)
            page.write_text("<h1>sorry</h1>")
            status = proxy.call("POST", "/v1/changes", {"changes": [{"verb": "put-endpoint", "upstream": "app", "address": "127.0.0.1:2", "settings": {}}]})[0]
            until("the page is shown", lambda: ask(port)[1] == "<h1>sorry</h1>")
            check("and nothing is said of it any more", str(page) not in notices(), notices())
            page.unlink()
            os.mkfifo(page)
            until("what is there now is told", lambda: "no regular file" in notices())
            check("what was read last is shown", ask(port)[1] == "<h1>sorry</h1>", ask(port))
            status, said = proxy.call("POST", "/v1/undo", {"force": True})[:2]
            check("the way back is open", status == 200, said)
            lineage = Lineage(sys.argv[1], proxy)
            code, out, complaint = lineage.upgrade()
            check("an upgrade is made", code == 0, out + complaint)
            check("and serves", ask(port)[0] in (502, 503), ask(port))
            lineage.end()
        with Switchyard(sys.argv[1], work, None) as proxy:
            check("it starts without the file", ask(port)[0] in (502, 503), ask(port))
            until("and says so", lambda: str(page) in notices())
            proxy.end()
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
