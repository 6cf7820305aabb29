#!/usr/bin/env python3
"""Story: a site on TLS as its visitors and its operator meet it. Each name is shown its certificate; plain clients are
sent on; a certificate is replaced again and again under load, and after each answer no handshake sees the older one
while no request fails; clients are asked for certificates, and one that is revoked is out with the next look at the list;
whatever is wrong with a file is said in words, and nothing changes.

usage: tls.py SWITCHYARD YARDBENCH [EXCHANGES]"""
import copy
import hashlib
import http.client
import json

import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from checks import check, verdict  # noqa: E402
from running import Endpoint, Failed, Switchyard, blue_green, workplace  # noqa: E402


class Certificates:
    """An authority and what it signs, by the openssl command."""

    def __init__(self, work):
        self.folder = pathlib.Path(work) / "tls"
        self.folder.mkdir()
        self.ca = self.folder / "ca.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                     "-subj", "/CN=test authority", "-keyout", self.folder / "ca.key", "-out", self.ca)

    def openssl(self, *words):
        done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, cwd=self.folder)
        if done.returncode != 0:
            raise Failed(f"openssl {words[0]}: {done.stderr}")

    def sign(self, name, hosts, days=30, key=("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")):
        chain, private, request = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text("subjectAltName=" + ",".join("DNS:" + h for h in hosts))
        self.openssl("req", "-new", *key, "-nodes", "-subj", f"/CN={hosts[0]}", "-keyout", private, "-out", request)
        self.openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.folder / "ca.key", "-CAcreateserial",
                     "-days", days, "-extfile", extensions, "-out", chain)
        return {"chain": str(chain), "key": str(private)}


    def revoke(self, *made):
        """A list of them; the same file each time."""
        (self.folder / "ca.conf").write_text("[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\ncrlnumber = number\n"
                                             "default_md = sha256\ndefault_crl_days = 1\n")
        for name, text in (("index.txt", ""), ("number", "01\n")):
            if not (self.folder / name).exists():
                (self.folder / name).write_text(text)
        call = ("ca", "-config", "ca.conf", "-keyfile", "ca.key", "-cert", "ca.pem")
        for one in made:
            self.openssl(*call, "-revoke", one["chain"])
        self.openssl(*call, "-gencrl", "-out", "fresh.crl")
        (self.folder / "fresh.crl").rename(self.folder / "ca.crl")
        return str(self.folder / "ca.crl")


def fingerprint(certificate):
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pathlib.Path(certificate["chain"]).read_text())).hexdigest()


class Visitor:
    def __init__(self, port, ca, own=None):
        self.port = port
        self.context = ssl.create_default_context(cafile=str(ca))
        if own:
            self.context.load_cert_chain(own["chain"], own["key"])

    def connect(self, host):
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=60)
        # The name is asked for and verified, the address is ours.
        connection.sock = self.context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), 60), server_hostname=host)
        return connection

    def shown(self, host):
        connection = self.connect(host)
        der = connection.sock.getpeercert(binary_form=True)
        connection.close()
        return hashlib.sha256(der).hexdigest()

    def get(self, host, connection=None):
        own = connection or self.connect(host)
        own.request("GET", "/", headers={"Host": host})
        answer = own.getresponse()
        body = answer.read()
        if connection is None:
            own.close()
        return answer.status, body


class Crowd:
    """New connections and one kept one, one request after the other, until the block is left."""

    def __init__(self, visitor, host="shop.test"):
        self.host = host
        self.visitor, self.stop, self.requests, self.failed = visitor, threading.Event(), 0, []

    def __enter__(self):
        self.threads = [threading.Thread(target=self.come_and_go), threading.Thread(target=self.stay)]
        for thread in self.threads:
            thread.start()
        return self

    def once(self, ask):
        try:
            status, _ = ask()
            if status != 200:
                self.failed.append(status)
        except (OSError, http.client.HTTPException) as error:
            self.failed.append(repr(error))
        self.requests += 1

    def come_and_go(self):
        while not self.stop.is_set():
            self.once(lambda: self.visitor.get(self.host))

    def stay(self):
        connection = self.visitor.connect(self.host)
        while not self.stop.is_set():
            self.once(lambda: self.visitor.get(self.host, connection))
        connection.close()

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def bound(proxy, number):
    return int(proxy.status()["listeners"][number]["bound"].rsplit(":", 1)[1])


def each_name_its_certificate(proxy, visitor, made):
    for host, name in (("shop.test", "shop"), ("a.wild.test", "wild"), ("b.wild.test", "wild")):
        check(f"{host} is shown the certificate {name}", visitor.shown(host) == fingerprint(made[name]))
        check(f"{host} is served", visitor.get(host)[0] == 200)
    try:
        visitor.shown("else.test")
        check("a name that no certificate covers is not verified", False)
    except ssl.SSLCertVerificationError:
        pass
    curl = subprocess.run(["curl", "-sS", "--cacert", str(made["ca"]), "--resolve", f"shop.test:{visitor.port}:127.0.0.1",
                           f"https://shop.test:{visitor.port}/"], capture_output=True, text=True)
    check("curl is served", curl.returncode == 0, curl.stderr)


def plain_clients_are_sent_on(proxy, visitor):
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    request = urllib.request.Request(f"http://127.0.0.1:{bound(proxy, 1)}/a/b?c=d", headers={"Host": "shop.test"})
    try:
        urllib.request.build_opener(Stay).open(request, timeout=60)
        check("a plain request is redirected", False)
    except urllib.error.HTTPError as answer:
        check("by 308", answer.code == 308, answer.code)
        check("to the same host and target", answer.headers["Location"] == "https://shop.test/a/b?c=d", answer.headers["Location"])
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{visitor.port}/", timeout=60)
        check("plain HTTP on the TLS port is refused", False)
    except urllib.error.HTTPError as answer:
        check("with 400", answer.code == 400, answer.code)
        check("in words", b"use https://" in answer.read())


def a_certificate_is_exchanged(proxy, visitor, config, certificates, exchanges):
    made = [certificates.sign(f"shop{i}", ["shop.test"]) for i in range(2)]
    stale = 0
    with Crowd(visitor) as crowd:
        for i in range(exchanges):
            config["certificates"]["shop"] = made[i % 2]
            status, answer, _ = proxy.call("PUT", "/v1/config", config)
            if status != 200:
                raise Failed(f"exchange {i}: {status} {answer}")
            if visitor.shown("shop.test") != fingerprint(made[i % 2]):
                stale += 1
    check("no handshake after an answer sees the older certificate", stale == 0, stale)
    check("no request failed", not crowd.failed, crowd.failed[:5])
    check("there were requests", crowd.requests > exchanges, crowd.requests)
    print(f"{exchanges} exchanges of a certificate under {crowd.requests} requests: {len(crowd.failed)} failed, {stale} stale")


def clients_are_asked(proxy, visitor, config, certificates):
    ann, eve = certificates.sign("ann", ["ann.staff.test"]), certificates.sign("eve", ["eve.staff.test"])
    document = copy.deepcopy(config)
    crl = certificates.revoke()
    document["listeners"][0]["tls"]["hosts"] = {"a.wild.test": {"client": {"mode": "required", "ca": str(certificates.ca), "crl": crl, "forward": True}}}
    status, answer, _ = proxy.call("PUT", "/v1/config", document)
    check("clients are asked for certificates", status == 200, answer)

    def served(own, host="a.wild.test"):
        try:
            return Visitor(visitor.port, certificates.ca, own).get(host)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    check("who has one is served", served(ann) and served(eve))
    check("who has none is not", not served(None))
    check("other hosts ask nobody", served(None, "shop.test"))
    crossing = visitor.connect("shop.test")
    check("and lead to no other policy", visitor.get("a.wild.test", crossing)[0] == 421)
    standing = {name: Visitor(visitor.port, certificates.ca, own) for name, own in (("ann", ann), ("eve", eve))}
    kept = {name: one.connect("a.wild.test") for name, one in standing.items()}
    check("connections stand", all(standing[name].get("a.wild.test", kept[name])[0] == 200 for name in kept))
    certificates.revoke(eve)
    check("the list is looked at", proxy.call("POST", "/v1/certificates/reload")[0] == 200)
    check("who is revoked is out", not served(eve))
    check("and nobody else", served(ann))
    for name, connection in kept.items():
        own = connection.sock
        status, _ = standing[name].get("a.wild.test", connection)
        check(f"{name}'s standing connection ends with its next answer", status == 200 and connection.sock is None, status)
        own.close()
    pathlib.Path(crl).write_text("rubbish")
    proxy.call("POST", "/v1/certificates/reload")
    check("a bad list changes nothing", served(ann) and not served(eve))
    check("and is said", "clients are checked as before" in proxy.text())
    check("as before", proxy.call("PUT", "/v1/config", config)[0] == 200)


def what_is_wrong_is_said(switchyard, proxy, visitor, config, certificates):
    good = certificates.sign("good", ["shop.test"])
    other = certificates.sign("other", ["shop.test"])
    folder = certificates.folder
    locked = folder / "locked.key"
    certificates.openssl("pkey", "-in", good["key"], "-aes256", "-passout", "pass:secret", "-out", locked)
    cut = folder / "cut.pem"
    cut.write_text(pathlib.Path(good["chain"]).read_text()[:300])
    weak = certificates.sign("weak", ["shop.test"], key=("-newkey", "rsa:1024"))
    before = proxy.status()["generation"]
    shown = visitor.shown("shop.test")
    for what, wrong, words in (
        ("a file that is not there", {"chain": str(folder / "none.pem"), "key": good["key"]}, "none.pem cannot be read: No such file"),
        ("a key of another certificate", {"chain": good["chain"], "key": other["key"]}, "is not that of the certificate in"),
        ("a key under a password", {"chain": good["chain"], "key": str(locked)}, "is protected by a password"),
        ("half a file", {"chain": str(cut), "key": good["key"]}, "the file may be cut short"),
        ("the two files exchanged", {"chain": good["key"], "key": good["chain"]}, "holds no certificate"),
        ("a weak key", weak, "RSA 1024) is too weak"),
    ):
        document = copy.deepcopy(config)
        document["certificates"]["shop"] = wrong
        status, answer, _ = proxy.call("PUT", "/v1/config", document)
        text = str(answer)
        check(f"{what} is refused", status == 422, f"{status} {text}")
        check(f"{what} has its place", "/certificates/shop" in text, text)
        check(f"{what} is said in words", words in text, text)
        path = folder / "checked.json"
        path.write_text(json.dumps(document))
        said = subprocess.run([switchyard, "check", str(path)], capture_output=True, text=True)
        check(f"check says it of {what}", words in said.stderr, said.stderr)
    check("nothing has changed", proxy.status()["generation"] == before)
    check("and the certificate is still shown", visitor.shown("shop.test") == shown)


def main():
    switchyard, yardbench = sys.argv[1:3]
    exchanges = int(sys.argv[3]) if len(sys.argv) > 3 else 20
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue:
        certificates = Certificates(work)
        made = {"shop": certificates.sign("shop", ["shop.test"]), "wild": certificates.sign("wild", ["*.wild.test"])}
        config = blue_green([blue.address], [blue.address])
        config["certificates"] = copy.deepcopy(made)
        config["listeners"] = [
            {"name": "https", "bind": "127.0.0.1:0", "tls": {"certificates": ["shop", "wild"]}},
            {"name": "http", "bind": "127.0.0.1:0", "redirect_https": True},
        ]
        made["ca"] = certificates.ca
        with Switchyard(switchyard, work, config) as proxy:
            proxy.healthy("blue")
            visitor = Visitor(bound(proxy, 0), certificates.ca)
            each_name_its_certificate(proxy, visitor, made)
            plain_clients_are_sent_on(proxy, visitor)
            a_certificate_is_exchanged(proxy, visitor, config, certificates, exchanges)
            clients_are_asked(proxy, visitor, config, certificates)
            what_is_wrong_is_said(switchyard, proxy, visitor, config, certificates)
            request = urllib.request.Request(proxy.admin + "/metrics", headers={"Authorization": "Bearer " + proxy.token})
            metrics = urllib.request.urlopen(request, timeout=60).read().decode()
            check("handshakes are counted", 'switchyard_tls_handshakes_total{result="full"}' in metrics)
            check("OpenSSL has its memory by the record", "OpenSSL has its memory from the heap" not in proxy.text())
    return verdict()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
