#!/usr/bin/env python3
"""docs/terminator.md is true: each of its examples – Caddy, nginx, HAProxy – is run as it stands there, but for ports and
paths, with the real program in front of Switchyard. Over TLS the application sees the client's address, the scheme and the
host; a WebSocket passes; an X-Forwarded-For that the client made up is not believed.

usage: terminators.py SWITCHYARD"""
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

PAGE = (pathlib.Path(__file__).resolve().parents[3] / "docs" / "terminator.md").read_text()
CLIENT = "127.0.0.2"  # another address of this machine than the one the terminators connect from


def example(heading, language="text"):
    part = PAGE.split(heading, 1)[1]
    return part.split(f"```{language}\n", 1)[1].split("```", 1)[0]


def free_port():
    """A port for a program that cannot be told to choose one; it is asked for at once."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Application(http.server.BaseHTTPRequestHandler):
    """Tells what it was asked; of an upgrade it sends back every octet."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.headers.get("Upgrade"):
            self.send_response(101)
            self.send_header("Connection", "Upgrade")
            self.send_header("Upgrade", self.headers["Upgrade"])
            self.send_header("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")  # of the key that is always sent here
            self.end_headers()
            self.wfile.flush()
            while data := self.connection.recv(1000):
                self.connection.sendall(data)
            return
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def certificate(work):
    key, cert = pathlib.Path(work) / "forum.key", pathlib.Path(work) / "forum.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
                    "/CN=forum.example", "-addext", "subjectAltName=DNS:forum.example", "-keyout", key, "-out", cert], check=True, capture_output=True)
    return key, cert


def caddy(work, text, port, web, _key, _cert):
    # No certificates from elsewhere: one of its own making. Nothing is written outside the workplace.
    options = f"{{\n admin off\n http_port {free_port()}\n https_port {port}\n local_certs\n skip_install_trust\n storage file_system {work}/caddy\n}}\n"
    file = pathlib.Path(work) / "Caddyfile"
    file.write_text(options + text.replace("127.0.0.1:8080", web))
    return ["env", f"HOME={work}", f"XDG_CONFIG_HOME={work}", "caddy", "run", "--config", file, "--adapter", "caddyfile"]


def nginx(work, text, port, web, key, cert):
    text = text.replace("listen 443", f"listen 127.0.0.1:{port}").replace("127.0.0.1:8080", web)
    text = text.replace("/etc/ssl/forum.pem", str(cert)).replace("/etc/ssl/forum.key", str(key))
    places = "".join(f"{kind}_temp_path {work}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    file = pathlib.Path(work) / "nginx.conf"
    file.write_text(f"daemon off;\npid {work}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{places}{text}}}\n")
    return ["nginx", "-e", "stderr", "-p", work, "-c", file]


def haproxy(work, text, port, web, key, cert):
    both = pathlib.Path(work) / "both.pem"
    both.write_text(cert.read_text() + key.read_text())
    file = pathlib.Path(work) / "haproxy.cfg"
    file.write_text(text.replace("bind :443", f"bind 127.0.0.1:{port}").replace("/etc/haproxy/forum.pem", str(both)).replace("127.0.0.1:8080", web))
    return ["haproxy", "-db", "-f", file]


def connect(port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    plain = socket.create_connection(("127.0.0.1", port), running.DEADLINE, source_address=(CLIENT, 0))
    return context.wrap_socket(plain, server_hostname="forum.example")


def ask(port, *headers):
    """The head and the body of the answer."""
    with connect(port) as tls:
        tls.sendall("\r\n".join(["GET /t/1 HTTP/1.1", "Host: forum.example", *headers, "Connection: close", "", ""]).encode())
        data = b""
        while more := tls.recv(65536):
            data += more
    head, body = data.split(b"\r\n\r\n", 1)
    return head.decode(), body


def serves(port):
    try:
        return b"200" in ask(port)[0].encode().split(b"\r\n")[0]
    except OSError:
        return False


def echoes(port):
    with connect(port) as tls:
        tls.sendall(b"GET /ws HTTP/1.1\r\nHost: forum.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        head = b""
        while b"\r\n\r\n" not in head:
            more = tls.recv(1)
            if not more:
                return head
            head += more
        if b" 101 " not in head.split(b"\r\n")[0]:
            return head
        tls.sendall(b"there and back")
        back = b""
        while len(back) < 14 and (more := tls.recv(100)):
            back += more
        return back


def story(name, command, port, work):
    with running.Process(command, work, name) as terminator:
        try:
            running.until(f"{name} serves", lambda: not terminator.alive() or serves(port))
        except running.Failed as failed:
            check(name, False, f"{failed}: {terminator.text()[-1500:]}")
            return
        check(f"{name} takes its example", terminator.alive(), terminator.text()[-1500:])
        if not terminator.alive():
            return
        for headers in ((), ("X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: http")):
            head, body = ask(port, *headers)
            seen = json.loads(body) if " 200 " in head.splitlines()[0] else {}
            check(f"{name} {headers}: the client is known", re.search(r"(?im)^x-client: " + re.escape(CLIENT) + r"\r?$", head), head)
            check(f"{name} {headers}: the last address is the client's", seen.get("x-forwarded-for", "").split(", ")[-1] in (CLIENT, "127.0.0.1") and
                  CLIENT in seen.get("x-forwarded-for", ""), seen)
            check(f"{name} {headers}: the scheme is https", seen.get("x-forwarded-proto") == "https", seen)
            check(f"{name} {headers}: the host is the client's", seen.get("host") == "forum.example", seen)
        check(f"{name}: a WebSocket passes", (back := echoes(port)) == b"there and back", back)


def main(program):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Application)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    with running.workplace() as work:
        os.chmod(work, 0o755)  # nginx's workers are another user when root starts it
        text = re.sub(r"//.*", "", example("have to fit", "json"))
        config = json.loads(text)
        listener = config["listeners"][0]
        check("the example trusts loopback alone", listener["trusted_proxies"] == ["127.0.0.1/32"], listener)
        listener["bind"] = "127.0.0.1:0"
        config["upstreams"]["app"]["endpoints"][0]["address"] = f"127.0.0.1:{server.server_address[1]}"
        config["routes"][0]["response_headers"] = {"set": {"X-Client": "{client}"}}
        with running.Switchyard(program, work, config) as proxy:
            proxy.healthy("app")
            key, cert = certificate(work)
            for name, make in (("nginx", nginx), ("haproxy", haproxy), ("caddy", caddy)):
                if shutil.which(name) is None:
                    print(f"({name} is not installed here: its example is not run; scripts/setup installs it)")
                    continue
                port = free_port()
                web = proxy.url().removeprefix("http://")
                heading = {"nginx": "## nginx", "haproxy": "## HAProxy", "caddy": "## Caddy"}[name]
                story(name, make(work, example(heading), port, web, key, cert), port, work)
    server.shutdown()
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
