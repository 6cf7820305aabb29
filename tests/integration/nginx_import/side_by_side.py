#!/usr/bin/env python3
"""Each configuration under configs/ runs in nginx, and imported in Switchyard, before the same endpoints. Both get the
same requests; status, endpoint (by upstream), path as the endpoint saw it and Location must be the same.

What to ask for stands in comments of the configuration itself:
    # try-path: /, /api/x            # try-host: a.example, b.example       # try-method: GET, POST
    # try-header: X-Release: canary | stable |      (an empty choice: without the header)
    # compare-shares: cookie uid     many requests, each with another cookie: only the shares are compared, and that the
                                     same cookie leads to the same upstream; "compare-shares: chance" for no cookie
    # compare: host, type            the Host that the endpoint got, the Content-Type of fixed answers
    # compare: cookie, kept          Set-Cookie and Cache-Control. Endpoints answer with the request's X-Lead as Location, its
    #                                X-Cookie as Set-Cookie, its X-Status as status
    # certificate: NAME host, host   made as tls/NAME.pem and tls/NAME.key; where a port speaks TLS each request has a
                                     connection of its own that names its host, and the certificate shown is compared
    # denies: 9009                   this endpoint answers 401 unless the request has the cookie session=ok
    # may-close: N                   something in it is not carried over: what nginx refuses must be refused, what it
                                     serves must be served by the same endpoint or closed (403, 501), at most N times
Every port that the configuration listens at is asked.

usage: side_by_side.py SWITCHYARD [CONFIG or a folder of them…]"""
import collections
import hashlib
import http.client
import http.server
import itertools
import json
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from running import Failed, Process, Switchyard, accepts, until, workplace  # noqa: E402

CONFIGS = pathlib.Path(__file__).resolve().parent / "configs"
SHARES_ASKED = 800
SHARES_TOLERANCE = 0.08  # more than four standard deviations of nginx's own chance at 800 requests
MOST_REQUESTS = 400
STATUS_FOR_CLOSED = 403  # nginx's 444 closes the connection without a word; its import answers this


class EndpointHandler(http.server.BaseHTTPRequestHandler):
    """Says who answered, and what arrived."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body in two writes would wait 40 ms for each other
    wbufsize = 65536

    def answer(self):
        if self.server.denies and "session=ok" not in (self.headers.get("Cookie") or ""):
            self.send_error(401)
            return

        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps({"endpoint": self.server.label, "path": self.path, "host": self.headers.get("Host"), "env": self.headers.get("X-Env")}).encode()
        lead, cookie = self.headers.get("X-Lead"), self.headers.get("X-Cookie")
        self.send_response(302 if lead else int(self.headers.get("X-Status") or 200))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Powered-By", "endpoint")
        if lead:
            self.send_header("Location", lead)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


class Endpoints:
    """One server for each 127.0.0.1:90NN that a configuration names; labelled by that port, on one the kernel chose."""

    def __init__(self, labels, denying=()):
        self.servers = {}
        for label in labels:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EndpointHandler)
            server.daemon_threads = True
            server.label, server.denies = label, label in denying
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            self.servers[label] = server

    def port(self, label):
        return self.servers[label].server_address[1]

    def close(self):
        for server in self.servers.values():
            server.shutdown()
            server.server_close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def directives(text, name):
    return [match.strip() for match in re.findall(rf"^# {name}:(.*)$", text, re.M)]


def requests_of(text):
    def choices(name, default):
        found = [choice.strip() for line in directives(text, name) for choice in line.split(",")]
        return found or default

    headers = []
    for line in directives(text, "try-header"):
        name, values = line.split(":", 1)
        headers.append([{name.strip(): v.strip()} if v.strip() else {} for v in values.split("|")])
    every = itertools.product(choices("try-method", ["GET"]), choices("try-host", ["app.example"]), choices("try-path", ["/"]), *headers)
    all_requests = [(method, path, {"Host": host, **{k: v for part in parts for k, v in part.items()}}) for method, host, path, *parts in every]
    step = max(1, len(all_requests) // MOST_REQUESTS)
    return all_requests[::step]


def location(answer, host, scheme):
    """Where a redirect leads, without the host when that is the one asked; nginx writes it out, Switchyard need not."""
    to = answer.getheader("Location")
    if to is None:
        return None
    to = re.sub(rf"^{scheme}://{re.escape(host)}(:\d+)?(?=/|$)", "", to, flags=re.I)
    return to[:-1] if to.endswith("?") else to


class TlsAsker:
    def __init__(self, port, compared=()):
        self.port, self.compared = port, compared
        self.context = ssl.create_default_context()
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.connection = None

    def ask(self, method, path, headers):
        asker = Asker(self.port, self.compared, "https")
        asker.connection.sock = self.context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), 30), server_hostname=headers["Host"])
        self.connection = asker.connection
        shown = hashlib.sha256(asker.connection.sock.getpeercert(binary_form=True)).hexdigest()
        answer = asker.ask(method, path, {**headers, "Connection": "close"})
        asker.connection.close()
        return {**answer, "shown": shown}


class Asker:
    def __init__(self, port, compared=(), scheme="http"):
        self.compared, self.scheme = compared, scheme
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, method, path, headers):
        try:
            self.connection.request(method, path, headers=headers)
            answer = self.connection.getresponse()
        except (http.client.HTTPException, OSError):
            self.connection.close()
            try:
                self.connection.request(method, path, headers=headers)
                answer = self.connection.getresponse()
            except http.client.RemoteDisconnected:
                self.connection.close()
                return {**dict.fromkeys(("endpoint", "path", "env", "powered", "location", *self.compared)), "status": STATUS_FOR_CLOSED}
        body = answer.read()
        seen = json.loads(body) if answer.status == 200 and body.startswith(b'{"endpoint"') else {}
        more = {"host": seen.get("host"), "cookie": answer.getheader("Set-Cookie"), "kept": answer.getheader("Cache-Control"), "type": None if seen or answer.status >= 300 else answer.getheader("Content-Type")}
        return {"status": answer.status, "endpoint": seen.get("endpoint"), "path": seen.get("path"), "env": seen.get("env"),
                "powered": answer.getheader("X-Powered-By"), "location": location(answer, headers["Host"], self.scheme),
                **{key: more[key] for key in self.compared}}


def groups(text):
    """Endpoints of one upstream count as one: which of them answers is the balancer's."""
    group = {}
    for block in re.findall(r"upstream\s+\S+\s*\{[^}]*\}", text):
        labels = re.findall(r"127\.0\.0\.1:(90\d\d)", block)
        for label in labels:
            group[label] = min(labels)
    return group


def included(config):
    """The files beside it that it includes, those that they include, and so on."""
    found, left = [], [config]
    while left:
        for pattern in re.findall(r"^[^#\n]*\binclude\s+([^\s;/][^\s;]*);", left.pop().read_text(), re.M):
            parts = [part for part in sorted(config.parent.glob(pattern)) if part not in found]
            found += parts
            left += parts
    return found


def prepare(config, work, endpoints):
    """Copies the configuration with the real ports in it; returns its text."""
    shutil.copytree(config.parent, work / "nginx", dirs_exist_ok=True)
    for file in (work / "nginx").rglob("*.conf"):
        text = file.read_text()
        file.write_text(re.sub(r"127\.0\.0\.1:(90\d\d)", lambda m: f"127.0.0.1:{endpoints.port(m.group(1))}" if m.group(1) in endpoints.servers else m.group(0), text))
    for line in directives(config.read_text(), "certificate"):
        name, hosts = line.split(None, 1)
        (work / "nginx" / "tls").mkdir(exist_ok=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={name}",
                        "-addext", "subjectAltName=" + ",".join("DNS:" + host.strip() for host in hosts.split(",")),
                        "-keyout", str(work / "nginx" / "tls" / f"{name}.key"), "-out", str(work / "nginx" / "tls" / f"{name}.pem")],
                       check=True, capture_output=True)
    return work / "nginx" / config.name


def start_nginx(file, work, listens):
    """The same file with its listens on free ports and its scratch files in our folder."""
    ports = {listen: free_port() for listen in listens}

    def moved(text):
        text = re.sub(r"listen\s+\[::\]:[^;]*;", "", text)  # the same port of IPv6 would become the one of IPv4 a second time
        for listen, port in ports.items():
            text = re.sub(rf"(listen\s+)(\S*:)?{listen}\b", rf"\g<1>127.0.0.1:{port}", text)
        return text

    for part in included(file):
        part.write_text(moved(part.read_text()))
    text = moved(file.read_text())
    scratch = "".join(f"{part}_temp_path {work}/{part};" for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    text = re.sub(r"\bhttp\s*\{", f"http {{ access_log off; {scratch}", text, count=1)
    running = file.with_suffix(".running")
    running.write_text(text)
    options = f"daemon off; master_process off; pid {work}/nginx.pid; error_log {work}/nginx-error.log;"
    check = subprocess.run(["nginx", "-t", "-q", "-c", str(running), "-g", options], capture_output=True, text=True)
    if check.returncode != 0:
        raise Failed(f"nginx does not take {file.name}:\n{check.stderr}")
    process = Process(["nginx", "-c", running, "-g", options], work, "nginx")
    until("nginx", lambda: accepts(ports[listens[0]]) or not process.alive())
    return process, ports


def import_config(switchyard, file):
    run = subprocess.run([switchyard, "import-nginx", "--json", str(file)], capture_output=True, text=True)
    if run.returncode != 0:
        raise Failed(f"import-nginx {file.name}: exit {run.returncode}\n{run.stderr}")
    imported = json.loads(run.stdout)
    imported["names"] = {}  # the port that the file says → the listener's name
    for listener in imported["config"]["listeners"]:
        imported["names"][listener["bind"].rsplit(":", 1)[1]] = listener["name"]
        listener["bind"] = "127.0.0.1:0"
    # Quick checks: a test need not wait a second for each upstream.
    for upstream in imported["config"].get("upstreams", {}).values():
        upstream.setdefault("health", {})["interval"] = "50ms"
    imported["config"]["process"] = {"workers": 2}
    return imported


def compare_guarded(name, may_close, requests, ask_nginx, ask_switchyard, group):
    """Nothing that nginx keeps to itself is served, nothing is served by another endpoint."""
    differences, closed = [], 0
    for request in requests:
        theirs, ours = ask_nginx.ask(*request), ask_switchyard.ask(*request)
        for answer in (theirs, ours):
            answer["endpoint"] = group.get(answer["endpoint"], answer["endpoint"])
        shut = ours["endpoint"] is None and ours["status"] in (403, 501)
        same = theirs["endpoint"] is not None and theirs["endpoint"] == ours["endpoint"]
        refused = theirs["endpoint"] is None and ours["endpoint"] is None and (theirs["status"] < 400) <= (ours["status"] < 400)
        closed += shut and theirs["endpoint"] is not None
        if not (shut or same or refused):
            differences.append(f"  {request}\n    nginx:      {theirs}\n    switchyard: {ours}")
    if differences:
        raise Failed(f"{name}: {len(differences)} of {len(requests)} requests open or go elsewhere:\n" + "\n".join(differences[:5]))
    if closed > may_close:
        raise Failed(f"{name}: {closed} of {len(requests)} requests that nginx serves are closed, more than {may_close}")
    return len(requests)


def compare_each(name, requests, ask_nginx, ask_switchyard, group):
    differences = []
    for request in requests:
        theirs, ours = ask_nginx.ask(*request), ask_switchyard.ask(*request)
        for answer in (theirs, ours):
            answer["endpoint"] = group.get(answer["endpoint"], answer["endpoint"])
        if theirs != ours:
            differences.append(f"  {request}\n    nginx:      {theirs}\n    switchyard: {ours}")
    if differences:
        raise Failed(f"{name}: {len(differences)} of {len(requests)} requests differ:\n" + "\n".join(differences[:5]))
    return len(requests)


def compare_shares(name, how, request, askers, group):
    shares = []
    for asker in askers:
        counts = collections.Counter()
        for i in range(SHARES_ASKED):
            method, path, headers = request
            if how.startswith("cookie "):
                headers = {**headers, "Cookie": f"{how.split()[1]}=user-{i}"}
            endpoint = asker.ask(method, path, headers)["endpoint"]
            counts[group.get(endpoint, endpoint)] += 1
            if how != "chance" and i % 10 == 0:
                again = asker.ask(method, path, headers)["endpoint"]
                if group.get(again, again) != group.get(endpoint, endpoint):
                    raise Failed(f"{name}: {headers} went to {endpoint} and then to {again}")
        shares.append({who: count / SHARES_ASKED for who, count in counts.items()})
    theirs, ours = shares
    for who in set(theirs) | set(ours):
        if abs(theirs.get(who, 0) - ours.get(who, 0)) > SHARES_TOLERANCE:
            raise Failed(f"{name}: shares differ: nginx {theirs}, switchyard {ours}")
    return 2 * SHARES_ASKED


def run_config(switchyard, config):
    text = config.read_text()
    whole = text + "".join(part.read_text() for part in included(config))
    endpoints = Endpoints(sorted(set(re.findall(r"127\.0\.0\.1:(90\d\d)", whole)) - set(directives(text, "dead-endpoint"))), directives(text, "denies"))
    listens = list(dict.fromkeys(re.findall(r"listen\s+(?:\S*:)?(8\d\d\d)\b", whole)))
    try:
        with workplace() as folder:
            work = pathlib.Path(folder)
            file = prepare(config, work, endpoints)
            imported = import_config(switchyard, file)
            nginx, nginx_ports = start_nginx(file, work, listens)
            with nginx, Switchyard(switchyard, work, imported["config"]) as proxy:
                if imported["config"].get("upstreams"):
                    proxy.healthy(*imported["config"]["upstreams"])
                compared = [key.strip() for line in directives(text, "compare") for key in line.split(",")]
                bound = {listener["name"]: int(listener["bound"].rsplit(":", 1)[1]) for listener in proxy.status()["listeners"]}
                group = groups(text)
                how, may_close = directives(text, "compare-shares"), directives(text, "may-close")
                asked = 0
                for listen in reversed(listens):
                    kind = TlsAsker if re.search(rf"listen\s+(?:\S*:)?{listen}\b[^;]*\bssl\b", text) else Asker
                    ask_nginx, ask_ours = kind(nginx_ports[listen], compared), kind(bound[imported["names"][listen]], compared)
                    if may_close:
                        asked += compare_guarded(config.name, int(may_close[0]), requests_of(text), ask_nginx, ask_ours, group)
                    elif not how or directives(text, "try-path"):
                        asked += compare_each(config.name, requests_of(text), ask_nginx, ask_ours, group)
                    if listen != listens[0]:
                        ask_nginx.connection.close()
                        ask_ours.connection.close()
                if how:
                    asked += compare_shares(config.name, how[0], ("GET", "/", {"Host": "app.example"}), (ask_nginx, ask_ours), group)
                print(f"{config.name}: {asked} requests agree; {len(imported['config'].get('routes', []))} routes, "
                      f"{len(imported['notes'])} notes", flush=True)
                for asker in (ask_nginx, ask_ours):
                    asker.connection.close()
                proxy.end()
    finally:
        endpoints.close()


def main():
    switchyard = sys.argv[1]
    named = [pathlib.Path(name) for name in sys.argv[2:]]
    configs = [config for name in named for config in (sorted(name.glob("*.conf")) if name.is_dir() else [name])] or sorted(CONFIGS.glob("*.conf"))
    if len(sys.argv) == 2 and len(configs) < 12:
        raise Failed(f"only {len(configs)} configurations under {CONFIGS}")
    for config in configs:
        run_config(switchyard, config)


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
