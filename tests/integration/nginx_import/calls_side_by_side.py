#!/usr/bin/env python3
"""Calls of gRPC through nginx, and through Switchyard with what was imported, before the same endpoints: what becomes of each
(HTTP's status, grpc-status, who answered it) and the certificate that is shown must be the same.

usage: calls_side_by_side.py SWITCHYARD YARDBENCH"""
import asyncio
import hashlib
import pathlib
import re
import ssl
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "support"), str(HERE.parents[1] / "http2")]
import frames  # noqa: E402
from running import DEADLINE, Endpoint, Failed, Process, Switchyard, accepts, until, workplace  # noqa: E402
from side_by_side import free_port, import_config  # noqa: E402

CONFIG = HERE / "configs" / "calls" / "shop.conf"
# Each endpoint has a status of its own; none stands at 9004.
ENDPOINTS = {"9001": "0", "9002": "13", "9003": "5"}
CLEAR, SECURE = "8080", "8443"
# Port, host, path, metadata.
CALLS = [(CLEAR, "shop.inside", path, fields)
         for path in ("/shop.Cart/Add", "/shop.Cart/", "/shop.Catalog/List", "/shop.Catalog/Import", "/shop.Catalog", "/shop.Search/Find",
                      "/other.Service/Do", "/unavailable")
         for fields in ((), (("x-release", "canary"),), (("x-release", "stable"),))]
CALLS += [(SECURE, host, path, ()) for host in ("cart.example", "catalog.example") for path in ("/shop.Cart/Add", "/shop.Catalog/List")]


class Caller(frames.Client):
    """One call on a connection of its own, in the clear or by TLS."""

    def __init__(self, port, secure, host):
        super().__init__(port)
        self.secure, self.host, self.shown = secure, host, None

    async def __aenter__(self):
        if self.secure:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(["h2"])
            opened = await asyncio.open_connection("127.0.0.1", self.port, ssl=context, server_hostname=self.host)
            secured = opened[1].get_extra_info("ssl_object")
            self.shown = hashlib.sha256(secured.getpeercert(binary_form=True)).hexdigest()
            if secured.selected_alpn_protocol() != "h2":
                raise Failed(f"port {self.port} does not offer HTTP/2")
            self.begin(opened)
            return self
        self.begin(await asyncio.open_connection("127.0.0.1", self.port))
        return self

    async def call(self, path, metadata):
        self.send(frames.headers(1, [(":method", "POST"), (":scheme", "https" if self.secure else "http"), (":authority", self.host),
                                     (":path", path), ("content-type", "application/grpc"), ("te", "trailers"), *metadata], end=False) +
                  frames.data(1, b"\0\0\0\0\0", end=True))
        stream = self.stream(1)
        if not await self.until(stream.over, DEADLINE):
            raise Failed(f"{path} on port {self.port} was not answered: {stream.heads}")
        fields = dict(field for head in stream.heads for field in head)
        status = fields.get(b"grpc-status")
        # Without a status of gRPC's own a client goes by HTTP's.
        return {"grpc": status, "http": None if status else stream.status(), "by": fields.get(b"x-forum-colour"), "whole": stream.ended,
                "shown": self.shown}


async def ask(ports, listen, host, path, metadata):
    async with Caller(ports[listen], listen == SECURE, host) as caller:
        return await caller.call(path, metadata)


async def compare(nginx, ours):
    differences = []
    answers = set()
    for call in CALLS:
        theirs, mine = await ask(nginx, *call), await ask(ours, *call)
        answers.add((theirs["grpc"], theirs["by"]))
        if theirs != mine:
            differences.append(f"  {call}\n    nginx:      {theirs}\n    switchyard: {mine}")
    if differences:
        raise Failed(f"{len(differences)} of {len(CALLS)} calls differ:\n" + "\n".join(differences))
    seen = {by.decode() for _, by in answers if by}
    if seen != set(ENDPOINTS):
        raise Failed(f"only {seen} were asked at all")


def certificate(folder, name):
    folder.mkdir(exist_ok=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName=DNS:{name}.example", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"],
                   check=True, capture_output=True)


def start_nginx(text, work):
    ports = {listen: free_port() for listen in (CLEAR, SECURE)}
    for listen, port in ports.items():
        text = text.replace(f"listen {listen} ", f"listen 127.0.0.1:{port} ")
    scratch = "".join(f"{part}_temp_path {work}/{part};" for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    running = work / "nginx.conf"
    running.write_text(text.replace("http {", f"http {{ access_log off; {scratch}", 1))
    process = Process(["nginx", "-c", running, "-g", f"daemon off; master_process off; pid {work}/nginx.pid; error_log {work}/nginx-error.log;"], work, "nginx")
    until("nginx", lambda: all(accepts(port) for port in ports.values()) or not process.alive())
    if not process.alive():
        raise Failed(f"nginx does not run:\n{process.text()}")
    return process, ports


def main():
    switchyard, yardbench = sys.argv[1:3]
    with workplace() as folder:
        work = pathlib.Path(folder)
        endpoints = {label: Endpoint(yardbench, work, label, "--h2", "--grpc", status) for label, status in ENDPOINTS.items()}
        try:
            for name in ("cart", "catalog"):
                certificate(work / "tls", name)
            dead = free_port()
            text = re.sub(r"127\.0\.0\.1:(90\d\d)", lambda m: f"127.0.0.1:{endpoints[m[1]].port if m[1] in endpoints else dead}", CONFIG.read_text())
            file = work / "shop.conf"
            file.write_text(text)
            imported = import_config(switchyard, file)
            nginx, nginx_ports = start_nginx(text, work)
            with nginx, Switchyard(switchyard, work, imported["config"]) as proxy:
                proxy.healthy(*(name for name in imported["config"]["upstreams"] if name != "search"))
                bound = {listener["name"]: int(listener["bound"].rsplit(":", 1)[1]) for listener in proxy.status()["listeners"]}
                asyncio.run(compare(nginx_ports, {listen: bound[imported["names"][listen]] for listen in (CLEAR, SECURE)}))
                print(f"{len(CALLS)} calls agree; {len(imported['notes'])} notes")
        finally:
            for endpoint in endpoints.values():
                endpoint.end()


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
