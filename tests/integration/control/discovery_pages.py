#!/usr/bin/env python3
"""What the pages of discovery promise is so: the two configurations of "from nginx and Consul Template" are valid, and ours
does what the page says, against a Consul that goes through an afternoon; the example program for Docker writes what the file
source reads, and leaves the file alone when Docker cannot be asked."""
import http.server
import json
import os
import pathlib
import re
import shutil
import socketserver
import subprocess
import sys
import threading
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/support"))
import running  # noqa: E402
from addresses import Server, Traffic  # noqa: E402
from checks import check, verdict  # noqa: E402
from consul_stub import Consul  # noqa: E402
from discovered import Discovered, discovering  # noqa: E402

PAGE = (ROOT / "docs/from-consul-template.md").read_text()


def block(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.S).group(1)


def the_other_side(work, a, b):
    """The template as Consul Template would render it is what nginx takes."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    if nginx is None:
        return print("nginx is not installed: its part is left out")
    text, each = block("nginx"), re.search(r"{{ range service \"green\" }}\n(.*?){{ end }}\n", block("nginx"), re.S)
    lines = "".join(each.group(1).replace("{{ .Address }}", s.host).replace("{{ .Port }}", str(s.port)).replace("{{ .Weights.Passing }}", "1") for s in (a, b))
    text = text.replace(each.group(0), lines).replace("listen 8080", "listen 127.0.0.1:8080")
    file = pathlib.Path(work) / "nginx.conf"
    file.write_text(f"pid {work}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{text}\n}}\n")
    done = subprocess.run([nginx, "-t", "-p", work, "-c", str(file)], capture_output=True, text=True, timeout=running.DEADLINE)
    check("nginx takes its configuration", done.returncode == 0, done.stderr)
    check("the template has nothing else to render", "{{" not in text, text)


def this_side(program, work, a, b):
    with Consul() as stub:
        one, two = ("one", a.host, a.port, "passing", 1), ("two", b.host, b.port, "passing", 1)
        stub.set([one], token="sesame")
        os.environ["CONSUL_TOKEN"] = "sesame"
        config = json.loads(block("json"))
        config["process"]["sources"]["consul"]["url"] = stub.url
        config["listeners"][0]["bind"] = "127.0.0.1:0"
        config["upstreams"]["green"]["health"].update(interval="50ms", rise=1)
        config["upstreams"]["green"]["discovery"] = {"allow": ["127.0.0.0/8"], "hold": "200ms"}
        with Discovered(program, work, config) as s:
            s.until_up(a.address)
            pid = s.proxy.child.pid
            with Traffic(s.proxy.url()) as traffic:
                for _ in range(3):  # an afternoon of deploys
                    stub.set([one, two])
                    s.until_up(a.address, b.address)
                    traffic.only(a.host, b.host)
                    stub.set([two])
                    s.until_members(b.address)
                    stub.set([one, two])
                    s.until_up(a.address, b.address)
                    stub.set([one])
                    s.until_members(a.address)
                stub.set([one[:3] + ("critical", 1)])  # nginx would get no server at all
                traffic.only(a.host)
                stub.set([one, two], token="expired for us")
                s.until_state("stale")
                traffic.only(a.host)
            check("no request failed", not traffic.wrong, traffic.wrong[:3])
            check("no reload, no generation", s.generation() == 1 and s.proxy.child.pid == pid)


class DockerStub(socketserver.ThreadingUnixStreamServer):
    """Docker's API as far as the program uses it: GET /containers/json with filters."""
    daemon_threads = True

    def __init__(self, path):
        self.containers, self.status, stub = [], 200, self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def address_string(self):
                return "docker"

            def do_GET(self):
                filters = json.loads(urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)["filters"][0])
                found = [c for c in stub.containers if "switchyard.upstream=" + c["Labels"]["switchyard.upstream"] in filters["label"]]
                body = json.dumps(found).encode()
                self.send_response(stub.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        super().__init__(path, Handler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def run(self, upstream, host, port, **labels):
        self.containers.append({"Labels": {"switchyard.upstream": upstream, "switchyard.port": str(port), **labels},
                                "NetworkSettings": {"Networks": {"app": {"IPAddress": host}}}})


def docker(program, work, a, b):
    stub = DockerStub(f"{work}/docker.sock")
    file = f"{work}/green.json"
    look = [str(ROOT / "config/examples/switchyard-docker-source"), "green", file, "--socket", f"{work}/docker.sock", "--once"]

    def looks():
        return subprocess.run([sys.executable, *look], capture_output=True, text=True, timeout=running.DEADLINE)
    stub.run("green", a.host, a.port)
    stub.run("blue", "127.0.0.9", 1)
    stub.run("green", "", 1)  # just starting
    check("docker: it looks", looks().returncode == 0, looks().stderr)
    with Discovered(program, work, discovering({"file": {"path": file}})) as s:
        s.until_up(a.address)
        stub.run("green", b.host, b.port, **{"switchyard.weight": "4"})
        looks()
        s.until_up(a.address, b.address)
        check("docker: a label is its weight", s.members()[b.address]["weight"] == 4)
        stub.status = 500
        done = looks()
        check("docker: whoever cannot be asked changes nothing", done.returncode == 1 and len(json.loads(pathlib.Path(file).read_text())) == 2, done.stderr)
        stub.status = 200
        del stub.containers[0]
        looks()
        s.until_members(b.address)
    stub.shutdown()
    stub.server_close()


def main(program, _yardbench):
    with Server("127.0.0.2") as a, Server("127.0.0.3", a.port) as b:
        for part in (lambda w: the_other_side(w, a, b), lambda w: this_side(program, w, a, b), lambda w: docker(program, w, a, b)):
            with running.workplace() as work:
                part(work)
    return verdict()


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:3]))
    except running.Failed as failed:
        verdict()
        sys.exit(f"FAILED: {failed}")
