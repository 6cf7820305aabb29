#!/usr/bin/env python3
"""Health by gRPC, of a real server of it (etcd, as Debian ships it), in clear and by TLS: it is up while it serves, a service that it
does not know is not, and whoever does not speak gRPC at all is told so in words. Calls go through, in HTTP/2 on both sides. An
endpoint that says NOT_SERVING is taken out of service while it says so.

usage: grpc_health.py SWITCHYARD YARDBENCH"""
import pathlib
import re
import shutil
import socketserver
import subprocess
import sys
import threading

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[2] / part) for part in ("support", "http2")]
import frames  # noqa: E402
from checks import check, verdict  # noqa: E402
from running import Endpoint, Process, Switchyard, accepts, port_to_keep, until, workplace  # noqa: E402


class Etcd(Process):
    def __init__(self, work, name, *secure):
        self.port, peer = port_to_keep(), f"http://127.0.0.1:{port_to_keep()}"
        url = f"http{'s' if secure else ''}://127.0.0.1:{self.port}"
        super().__init__([shutil.which("etcd"), "--data-dir", f"{work}/{name}", "--listen-client-urls", url, "--advertise-client-urls", url,
                          "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}", *secure],
                         work, name)
        until("etcd", lambda: accepts(self.port))


class Saying(socketserver.ThreadingTCPServer):
    """Answers every call with a HealthCheckResponse of this status."""
    daemon_threads = True
    status = 1

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            unread = b""
            self.request.sendall(frames.frame(frames.SETTINGS, 0, 0))
            while octets := self.request.recv(65536):
                unread += octets
                unread = unread.removeprefix(frames.PREFACE)
                while len(unread) >= 9 and len(unread) >= (size := 9 + int.from_bytes(unread[:3], "big")):
                    kind, flags, stream = unread[3], unread[4], int.from_bytes(unread[5:9], "big")
                    unread = unread[size:]
                    if kind == frames.SETTINGS and not flags & frames.ACK:
                        self.request.sendall(frames.frame(frames.SETTINGS, frames.ACK, 0))
                    if kind == frames.DATA and flags & frames.END_STREAM:
                        self.request.sendall(
                            frames.headers(stream, [(":status", "200"), ("content-type", "application/grpc")], end=False) +
                            frames.data(stream, b"\0\0\0\0\2\x08" + bytes([self.server.status])) +
                            frames.headers(stream, [("grpc-status", "0")]))

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


def certificate(work):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=etcd",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{work}/etcd.key", "-out", f"{work}/etcd.pem"], check=True, capture_output=True)


def upstream(port, secure=None, **health):
    return {"endpoints": [{"address": f"127.0.0.1:{port}"}], "protocol": "h2", **({} if secure is None else {"tls": secure}),
            "health": {"type": "grpc", "interval": "100ms", "timeout": "5s", "rise": 1, "fall": 1, **health}}


def calls(yardbench, proxy, listener):
    port = proxy.url(listener).rsplit(":", 1)[1]
    got = subprocess.run([yardbench, "load", f"http://127.0.0.1:{port}/grpc.health.v1.Health/Check", "--grpc", "--requests", "200",
                          "--connections", "2", "--streams", "10"], capture_output=True, text=True)
    return got.returncode == 0 and "200 sent, 200 answered" in got.stdout and re.search(r"^failed +0$", got.stdout, re.M), got.stdout + got.stderr


def main():
    switchyard, yardbench = sys.argv[1:3]
    if shutil.which("etcd") is None:
        return print("etcd is not installed: left out")
    with workplace() as work:
        certificate(work)
        secure = {"ca": f"{work}/etcd.pem"}
        with Etcd(work, "etcd") as etcd, Etcd(work, "secured", "--cert-file", f"{work}/etcd.pem", "--key-file", f"{work}/etcd.key") as secured, \
                Endpoint(yardbench, work, "old") as old, Endpoint(yardbench, work, "odd", "--h2", "--grpc", "12") as odd, Saying() as saying:
            upstreams = {"etcd": upstream(etcd.port), "secured": upstream(secured.port, secure),
                         "unknown": upstream(etcd.port, service="shop.Cart"), "old": upstream(old.port), "odd": upstream(odd.port),
                         "untrusted": upstream(secured.port, {}), "saying": upstream(saying.server_address[1])}
            listeners = [{"name": name, "bind": "127.0.0.1:0", "protocols": ["h2"]} for name in ("etcd", "secured", "others")]
            config = {"process": {"workers": 1}, "listeners": listeners, "upstreams": upstreams,
                      "routes": [{"name": "etcd", "match": {"listeners": ["etcd"]}, "split": {"etcd": 1}},
                                 {"name": "secured", "match": {"listeners": ["secured"]}, "split": {"secured": 1}},
                                 {"name": "others", "split": {name: 1 for name in upstreams if name not in ("etcd", "secured")}}]}
            with Switchyard(switchyard, work, config) as proxy:
                story(yardbench, proxy, etcd, saying)
    return None


def story(yardbench, proxy, etcd, saying):
    def endpoint(name):
        return proxy.status()["upstreams"][name]["endpoints"][0]

    proxy.healthy("etcd", "secured", "saying")
    for name, word in (("unknown", 'it knows no service "shop.Cart"'), ("old", "it does not speak HTTP/2"),
                       ("odd", "it has no grpc.health.v1.Health"), ("untrusted", "certificate")):
        said = until(f"what is wrong with {name}", lambda name=name: endpoint(name).get("detail"))
        check(f"{name}: it is down, and why is said", word in said and endpoint(name)["health"] == "down", said)
    saying.status = 2
    said = until("the endpoint to be taken out", lambda: endpoint("saying")["health"] == "down" and endpoint("saying").get("detail"))
    check("NOT_SERVING is down, in words", said == "answered NOT_SERVING, expected SERVING", said)
    saying.status = 1
    until("the endpoint to be back", lambda: endpoint("saying")["health"] == "up")
    for number, name in enumerate(("etcd", "secured")):
        check(f"calls go through to a real server ({name})", *calls(yardbench, proxy, number))
    etcd.kill()
    until("etcd to be seen down", lambda: endpoint("etcd")["health"] == "down")


if __name__ == "__main__":
    main()
    sys.exit(verdict())
