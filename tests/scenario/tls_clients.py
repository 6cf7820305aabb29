#!/usr/bin/env python3
"""Story: a site on TLS as other people's programs find it. openssl s_client and s_time shake hands in both versions, come
back by their tickets and are given no older version and no renegotiation; curl speaks both protocols, and shows a
certificate where one is asked for; Chromium opens the page by HTTP/2 and finds nothing to warn of.

usage: tls_clients.py SWITCHYARD YARDBENCH"""
import base64
import hashlib
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from browser import Browser, there_is_one  # noqa: E402
from checks import check, verdict  # noqa: E402
from running import DEADLINE, Failed, Switchyard, workplace  # noqa: E402
from tls import Certificates, bound  # noqa: E402

VERSIONS = {"-tls1_2": "TLSv1.2", "-tls1_3": "TLSv1.3"}


class Openssl:
    def __init__(self, port, ca):
        self.port, self.ca = port, ca

    def run(self, verb, *words, say=""):
        done = subprocess.run(["openssl", verb, "-connect", f"127.0.0.1:{self.port}", "-CAfile", self.ca, *map(str, words)],
                              input=say, capture_output=True, text=True, timeout=DEADLINE)
        return done.returncode, done.stdout + done.stderr

    def ask(self, *words, host="shop.test"):
        """One request, and the connection to its end: tickets of TLS 1.3 come behind the handshake."""
        return self.run("s_client", "-servername", host, "-ign_eof", *words,
                        say=f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")


def s_client(openssl, work):
    for option, version in VERSIONS.items():
        session = pathlib.Path(work) / f"session{option}"
        code, said = openssl.ask(option, "-verify_return_error", "-sess_out", session)
        check(f"s_client {option} is served and verifies what it is shown",
              code == 0 and "Verify return code: 0 (ok)" in said and "shop is here" in said and f"New, {version}" in said, said)
        check(f"s_client {option}: no compression, and a key of its own for the connection",
              "Compression: NONE" in said and "X25519" in said, said)
        code, said = openssl.ask(option, "-sess_in", session)
        check(f"s_client {option} comes back by its ticket", code == 0 and f"Reused, {version}" in said, said)
        code, said = openssl.ask(option, "-no_ticket")
        check(f"s_client {option} without tickets is served", code == 0 and f"New, {version}" in said, said)
        for offered, chosen in (("h2,http/1.1", "h2"), ("http/1.1", "http/1.1")):
            _, said = openssl.run("s_client", option, "-servername", "shop.test", "-alpn", offered)
            check(f"s_client {option} offers {offered}", f"ALPN protocol: {chosen}" in said, said)
    for old in ("-tls1", "-tls1_1"):
        code, said = openssl.run("s_client", old, "-cipher", "DEFAULT@SECLEVEL=0")
        check(f"s_client {old} is refused", code != 0 and "protocol version" in said, said)
    code, said = openssl.run("s_client", "-tls1_2", "-servername", "shop.test", "-cipher", "AES128-SHA")
    check("a cipher without forward secrecy is refused", code != 0 and "handshake failure" in said, said)
    # An R on a line of its own asks for new keys by a new handshake.
    code, said = openssl.run("s_client", "-tls1_2", "-servername", "shop.test", say="R\n")
    check("there is no renegotiation", "no renegotiation" in said, said)


def s_time(openssl):
    for option in VERSIONS:
        for how in ("-new", "-reuse"):
            code, said = openssl.run("s_time", option, how, "-www", "/", "-time", "1")
            check(f"s_time {option} {how} connects again and again", code == 0 and re.search(r"\b[1-9]\d* connections in", said), said)


def curl(port, certificates, own):
    def get(host, *words):
        done = subprocess.run(["curl", "-sS", "-w", "\n%{http_version} %{http_code}", "--cacert", certificates.ca, "--resolve",
                               f"{host}:{port}:127.0.0.1", *words, f"https://{host}:{port}/"],
                              capture_output=True, text=True, timeout=DEADLINE)
        return done.stdout.splitlines()[-1:], done.stderr

    check("curl speaks HTTP/1.1", get("shop.test", "--http1.1")[0] == ["1.1 200"], get("shop.test", "--http1.1"))
    check("curl speaks HTTP/2", get("shop.test", "--http2")[0] == ["2 200"], get("shop.test", "--http2"))
    shows = ("--cert", own["chain"], "--key", own["key"])
    for protocol in ("--http1.1", "--http2"):
        check(f"curl {protocol} shows its certificate", get("staff.test", protocol, *shows)[0][0].endswith(" 200"))
        check(f"curl {protocol} without one is let in nowhere there", get("staff.test", protocol)[0] != ["1.1 200"]
              and "certificate required" in get("staff.test", protocol)[1], get("staff.test", protocol))


def chromium(work, port, chain):
    """It believes this one key: the profile of a machine has no other way to trust a test's authority."""
    key = subprocess.run(["openssl", "x509", "-in", chain, "-pubkey", "-noout"], check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=key, check=True, capture_output=True).stdout
    digest = base64.b64encode(hashlib.sha256(der).digest()).decode()
    page = Browser(pathlib.Path(work) / "profile",
                   flags=["--host-resolver-rules=MAP shop.test 127.0.0.1", f"--ignore-certificate-errors-spki-list={digest}"])
    try:
        page.open(f"https://shop.test:{port}/")
        check("Chromium opens the page", "shop is here" in page.page_text(), page.page_text())
        protocol = page.run("return performance.getEntriesByType('navigation')[0].nextHopProtocol")
        check("by HTTP/2", protocol == "h2", protocol)
        check("as a secure place", page.run("return window.isSecureContext") is True)
    finally:
        page.close()


def main():
    switchyard = sys.argv[1]
    with workplace() as work:
        certificates = Certificates(work)
        shop, staff, own = (certificates.sign(name, [f"{name}.test"]) for name in ("shop", "staff", "ann"))
        asks = {"client": {"mode": "required", "ca": str(certificates.ca)}}
        config = {"process": {"workers": 2}, "certificates": {"shop": shop, "staff": staff},
                  "listeners": [{"name": "https", "bind": "127.0.0.1:0",
                                 "tls": {"certificates": ["shop", "staff"], "hosts": {"staff.test": asks}}}],
                  "routes": [{"name": "all", "respond": {"status": 200, "body": "shop is here\n"}}]}
        with Switchyard(switchyard, work, config) as proxy:
            port = bound(proxy, 0)
            openssl = Openssl(port, certificates.ca)
            s_client(openssl, work)
            s_time(openssl)
            curl(port, certificates, own)
            if there_is_one():
                chromium(work, port, shop["chain"])
            else:
                print("Chromium is left out: it is not here")
    return verdict()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
