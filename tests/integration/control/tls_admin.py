#!/usr/bin/env python3
"""The admin API under TLS, with a certificate made on the spot: calls, a large configuration, the event stream and the
command line work; plain text and an unknown certificate are refused; a silent client holds nobody up."""
import http.client
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

ENDPOINTS = 20_000  # a document of some 1.5 MiB: many TLS records, several reads


def certificate(work):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=switchyard test", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", "admin.key", "-out", "admin.pem"], cwd=work, check=True, capture_output=True)
    return f"{work}/admin.pem", f"{work}/admin.key"


def where(proxy):
    host, port = proxy.admin.removeprefix("https://").split(":")
    return host, int(port)


def large_configuration(proxy):
    whole = proxy.call("GET", "/v1/config")[1]
    whole["upstreams"]["many"] = {"health": {"type": "none"}, "endpoints": [
        {"address": f"127.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}:9000", "weight": 1 + n % 7} for n in range(1, ENDPOINTS + 1)]}
    status, receipt, _ = proxy.call("PUT", "/v1/config", whole)
    check("a large configuration is taken", status == 200, receipt)
    given = proxy.call("GET", "/v1/config")[1]["upstreams"]["many"]["endpoints"]
    check("and given back whole", [(e["address"], e.get("weight", 1)) for e in given] ==
          [(e["address"], e["weight"]) for e in whole["upstreams"]["many"]["endpoints"]], len(given))
    del whole["upstreams"]["many"]
    check("and taken away", proxy.call("PUT", "/v1/config", whole)[0] == 200)


def event_stream(proxy, trust):
    host, port = where(proxy)
    connection = http.client.HTTPSConnection(host, port, timeout=running.DEADLINE, context=trust)
    connection.request("GET", "/v1/events", headers={"Authorization": "Bearer " + proxy.token})
    stream = connection.getresponse()
    check("the stream begins", stream.status == 200, stream.status)
    proxy.call("POST", "/v1/routes/app/switch", {"to": "green"})
    seen = ""
    while "switch" not in seen:
        line = stream.readline().decode()
        if not line:
            break
        seen += line
    check("the switch is told at once", '"verb":"switch"' in seen.replace(" ", ""), seen)
    connection.close()


def refused(proxy):
    host, port = where(proxy)
    with socket.create_connection((host, port), running.DEADLINE) as plain:
        plain.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + proxy.token.encode() + b"\r\n\r\n")
        answer = b""
        try:
            while piece := plain.recv(4096):
                answer += piece
        except ConnectionResetError:
            pass
        check("plain text gets no HTTP answer", b"HTTP/" not in answer, answer)
    try:
        with socket.create_connection((host, port), running.DEADLINE) as raw:
            ssl.create_default_context(cafile=None, capath="/nonexistent").wrap_socket(raw, server_hostname=host)
        check("an unknown certificate is not trusted", False)
    except ssl.SSLCertVerificationError:
        pass
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.set_ciphers("DEFAULT@SECLEVEL=0")  # this side would agree to it
    warnings.simplefilter("ignore", DeprecationWarning)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    try:
        with socket.create_connection((host, port), running.DEADLINE) as raw:
            old.wrap_socket(raw, server_hostname=host)
        check("TLS 1.1 is refused", False)
    except (ssl.SSLError, ConnectionError):
        pass
    # A client connects and never says hello: others are served meanwhile.
    with socket.create_connection((host, port), running.DEADLINE):
        check("a silent client holds nobody up", proxy.call("GET", "/v1/status")[0] == 200)


def command_line(program, proxy, pem):
    def verb(*words):
        done = subprocess.run([program, *words, "--state-dir", str(proxy.state)], capture_output=True, text=True,
                              timeout=running.DEADLINE, env={"PATH": "/usr/bin:/bin"})
        return done.returncode, done.stdout + done.stderr

    code, said = verb("status", "--ca-file", pem)
    check("the command line works with the certificate", code == 0 and "generation" in said, said)
    code, said = verb("switch", "app", "blue", "--ca-file", pem)
    check("and switches", code == 0 and "in force" in said, said)
    code, said = verb("status")
    check("without it, it refuses and says why", code == 4 and "certificate" in said.lower(), said)


def unusable(program, work, config):
    """A certificate that is missing, or does not fit its key, stops the start with the place."""
    (pathlib.Path(work) / "other").mkdir()
    _, key = certificate(f"{work}/other")
    for settings, place in (({"tls_certificate": f"{work}/none.pem", "tls_key": f"{work}/admin.key"}, "tls_certificate"),
                            ({"tls_certificate": f"{work}/admin.pem", "tls_key": key}, "tls_key")):
        broken = json.loads(json.dumps(config))
        broken["process"]["state_dir"] = f"{work}/unused"
        broken["process"]["admin"] = {"bind": "127.0.0.1:0", **settings}
        path = pathlib.Path(work) / "broken.json"
        path.write_text(json.dumps(broken))
        done = subprocess.run([program, "run", "--config", path], capture_output=True, text=True, timeout=running.DEADLINE)
        check(f"a wrong {place} stops the start", done.returncode == 1 and place in done.stderr, done.stderr[-500:])


def client_certificates(program, proxy, config, work, pem, clients):
    """Who shows one calls without a token, as far as it says; and the file it is shown by may be exchanged."""
    host, port = where(proxy)

    def call(name, method="GET", path="/v1/status", body=None, **headers):
        context = ssl.create_default_context(cafile=pem)
        if name:
            context.load_cert_chain(f"{clients}/{name}.pem", f"{clients}/{name}.key")
        connection = http.client.HTTPSConnection(host, port, timeout=running.DEADLINE, context=context)
        connection.request(method, path, body=None if body is None else json.dumps(body),
                           headers={"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    check("a viewer by her host name looks", call("monitor")[0] == 200)
    status, text = call("monitor", "POST", "/v1/routes/app/switch", {"to": "green"})
    check("and moves nothing", status == 403, text)
    status, text = call("deploy", "POST", "/v1/routes/app/switch", {"to": "green"})
    check("an operator by a URI does", status == 200, text)
    audit = proxy.call("GET", "/v1/audit")[1]
    check("the audit knows who it was", "spiffe://test/deploy" in json.dumps(audit), json.dumps(audit)[-600:])
    check("one by the SHA-256 is known", call("other")[0] == 200)
    for name, words in (("unknown", "none of process.admin.clients"), (None, "there is no token")):
        status, text = call(name)
        check(f"{name or 'nobody'}: 401 in words", status == 401 and words in text, (status, text))
    status, text = call("unknown", Authorization="Bearer " + proxy.token)
    check("a token goes before a certificate", status == 200, text)
    status, text = call("deploy", "POST", "/v1/routes/app/switch", {"to": "blue"}, Origin="https://evil.example")
    check("another site's page gets nothing by a browser's certificate", status == 403, text)

    done = subprocess.run([program, "switch", "app", "blue", "--admin", proxy.admin, "--ca-file", pem, "--cert", f"{clients}/deploy.pem",
                           "--cert-key", f"{clients}/deploy.key"], capture_output=True, text=True, timeout=running.DEADLINE,
                          env={"PATH": "/usr/bin:/bin"})
    check("the command line shows one", done.returncode == 0 and "in force" in done.stdout, done.stdout + done.stderr)

    # One that is revoked while its connection stands: each call goes by what is in force then.
    context = ssl.create_default_context(cafile=pem)
    context.load_cert_chain(f"{clients}/deploy.pem", f"{clients}/deploy.key")
    kept = http.client.HTTPSConnection(host, port, timeout=running.DEADLINE, context=context)
    switch = ("POST", "/v1/routes/app/switch", json.dumps({"to": "green"}), {"Content-Type": "application/json"})

    def on_kept(*call):
        kept.request(*call)
        answer = kept.getresponse()
        return answer.status, answer.read().decode(), answer.getheader("Connection")

    status, text, _ = on_kept(*switch)
    check("an operator's connection stands", status == 200, text)
    revoke(clients, "deploy")
    check("the list is looked at", proxy.call("POST", "/v1/certificates/reload")[0] == 200)
    status, text, connection = on_kept(*switch)
    check("a revoked one has no role any more, also where its connection stands", status == 401 and "has changed" in text,
          (status, text))
    check("and it ends with that answer", connection == "close", connection)
    kept.close()
    status, text = call("deploy")
    check("a new connection says why", status == 401 and "revoked" in text, (status, text))
    check("and the others are still let in", call("monitor")[0] == 200)

    before = shown(host, port)
    (pathlib.Path(work) / "fresh").mkdir()
    fresh, key = certificate(f"{work}/fresh")
    shutil.copy(key, f"{work}/admin.key")
    shutil.copy(fresh, f"{work}/admin.pem")
    running.until("the exchanged certificate", lambda: shown(host, port) != before)


def shown(host, port):
    return ssl.get_server_certificate((host, port))


def revoke(folder, *names):
    """The list of them in the file that the configuration names, exchanged in one step."""
    (folder / "ca.conf").write_text("[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\ncrlnumber = number\n"
                                    "default_md = sha256\ndefault_crl_days = 1\n")
    for name, text in (("index.txt", ""), ("number", "01\n")):
        if not (folder / name).exists():
            (folder / name).write_text(text)
    ca = ("openssl", "ca", "-config", "ca.conf", "-keyfile", "ca.key", "-cert", "ca.pem")
    for name in names:
        subprocess.run([*ca, "-revoke", f"{name}.pem"], cwd=folder, check=True, capture_output=True)
    subprocess.run([*ca, "-gencrl", "-out", "fresh.crl"], cwd=folder, check=True, capture_output=True)
    (folder / "fresh.crl").rename(folder / "ca.crl")


def make_clients(work):
    """An authority of clients, and what it signs; the SHA-256 of the last."""
    folder = pathlib.Path(work) / "clients"
    folder.mkdir()

    def openssl(*words):
        return subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, text=True).stdout

    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *ec, "-days", "2", "-subj", "/CN=clients", "-keyout", "ca.key", "-out", "ca.pem")
    for name, also in (("monitor", "DNS:monitor.test"), ("deploy", "URI:spiffe://test/deploy"), ("other", "DNS:other.test"),
                       ("unknown", "DNS:unknown.test")):
        (folder / "ext").write_text("subjectAltName=" + also)
        openssl("req", "-new", *ec, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", "csr")
        openssl("x509", "-req", "-in", "csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "ext",
                "-out", f"{name}.pem")
    revoke(folder)
    said = openssl("x509", "-in", "other.pem", "-noout", "-fingerprint", "-sha256")
    return folder, said.split("=")[1].strip().replace(":", "").lower()


def main(program, yardbench):
    if not shutil.which("openssl"):
        raise running.Failed("openssl is needed to make a certificate")
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue, \
            running.Endpoint(yardbench, work, "green") as green:
        pem, key = certificate(work)
        os.environ["SSL_CERT_FILE"] = pem  # what urllib trusts
        trust = ssl.create_default_context(cafile=pem)
        config = running.blue_green([blue.address], [green.address])
        clients, sha256 = make_clients(work)
        by_files = {"bind": "127.0.0.1:0", "tls_certificate": pem, "tls_key": key}
        by_book = {"bind": "127.0.0.1:0",
                   "tls": {"certificates": ["admin"], "client": {"mode": "optional", "ca": f"{clients}/ca.pem", "crl": f"{clients}/ca.crl"}},
                   "clients": [{"dns": "monitor.test", "role": "viewer"}, {"uri": "spiffe://test/deploy", "role": "operator"},
                               {"fingerprint": sha256, "role": "admin"}]}
        for name, admin in (("files", by_files), ("book", by_book)):
            own = json.loads(json.dumps(config))
            own["process"]["admin"] = admin
            own["process"]["state_dir"] = f"{work}/state"
            if name == "book":
                own["certificates"] = {"admin": {"chain": pem, "key": key}}
                shutil.rmtree(f"{work}/state")
            with running.Switchyard(program, work, own) as proxy:
                check("its address says https", proxy.admin.startswith("https://"), proxy.admin)
                proxy.healthy("blue", "green")
                large_configuration(proxy)
                event_stream(proxy, trust)
                refused(proxy)
                command_line(program, proxy, pem)
                if name == "book":
                    client_certificates(program, proxy, own, work, pem, clients)
                check("it ends in order", proxy.end() == 0)
        unusable(program, work, config)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
