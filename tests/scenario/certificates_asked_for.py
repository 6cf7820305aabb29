#!/usr/bin/env python3
"""Story: a site that gets its certificates by itself, from an authority that refuses half of all nonces. It starts while
the authority is away, and shows a placeholder; it is proven by http-01 and by tls-alpn-01; it is renewed under load and
no request fails; an authority that is away, or says no, changes nothing and is quoted; an account that the authority has
given out is used; it is killed at each piece that it says to the authority, and the next start gets there.
And the plain way: certbot and lego put their challenges into a folder.

usage: certificates_asked_for.py SWITCHYARD YARDBENCH"""
import http.client
import json
import os
import pathlib
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import pebble  # noqa: E402
from checks import check, verdict  # noqa: E402
from name_server import NameServer  # noqa: E402
from pebble import Pebble, Wire  # noqa: E402
from renewal_info import RenewalInfo  # noqa: E402
from running import Endpoint, Process, Switchyard, accepts, blue_green, port_to_keep, until, workplace  # noqa: E402
from tls import Certificates, Crowd, Visitor, bound  # noqa: E402


def shown(proxy, name):
    return next(one for one in proxy.call("GET", "/v1/certificates")[1]["certificates"] if one["name"] == name)


def asked(proxy, name):
    return shown(proxy, name)["acme"]


def renew(proxy, name):
    return proxy.call("POST", f"/v1/certificates/{name}/renew", {})


def issued(proxy, name, before=None):
    """Until another certificate than `before` is in force; its SHA-256."""
    def there():
        one = shown(proxy, name)
        return one.get("sha256") not in (None, before) and one["acme"]["state"] == "waiting" and one["sha256"]
    return until(f"a certificate for {name}", there)


def failed(proxy, name, failures):
    """Until it has failed so often in a row."""
    until(f"failure {failures} of {name}", lambda: asked(proxy, name)["state"] == "failed" and asked(proxy, name)["failures"] >= failures)
    return asked(proxy, name)


def untrusting(port, host):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port), 60), server_hostname=host) as connection:
        return connection.getpeercert(binary_form=True)


def configured(endpoint, work, ca, directory, more=None):
    config = blue_green([endpoint.address], [endpoint.address])
    acme = {"email": "admin@shop.example", "directory": directory, "ca": str(ca)}
    config["certificates"] = {
        "shop": {"acme": {"names": ["shop.example", "www.shop.example"], **acme}},
        "api": {"acme": {"names": ["api.example"], "challenge": "tls-alpn-01", **acme}}, **(more or {})}
    config["listeners"] = [
        {"name": "web", "bind": "127.0.0.1:0", "redirect_https": True, "acme_challenges": str(work / "webroot")},
        {"name": "https", "bind": "127.0.0.1:0", "tls": {"certificates": list(config["certificates"])}}]
    return config


def away_at_the_start(proxy, port):
    one = failed(proxy, "shop", 1)
    check("an authority that is away is said", one["kind"] == "unreachable" and "Connection refused" in one["said"], one)
    check("the site is up with a placeholder", bytes("no certificate can be read here", "ascii") in untrusting(port, "shop.example"))
    check("its state is missing, and no trouble", shown(proxy, "shop")["state"] == "missing" and "trouble" not in shown(proxy, "shop"))


def first_ones(switchyard, proxy, authority, work, port):
    for name in ("shop", "api"):
        renew(proxy, name)
        issued(proxy, name)
    visitor = Visitor(port, authority.root(work / "root.pem"))
    for host in ("shop.example", "www.shop.example", "api.example"):
        check(f"{host} is trusted", visitor.get(host)[0] == 200)
    folder = proxy.state / "certificates" / "shop"
    check("the key is its owner's alone", stat.S_IMODE((folder / "current.pem").stat().st_mode) == 0o600 and
          stat.S_IMODE(folder.stat().st_mode) == 0o700)
    check("one account for one authority", len(list((proxy.state / "acme").iterdir())) == 1)
    check("what is no open challenge is a request like any other", web(proxy, "/.well-known/acme-challenge/none") == 308)
    one = asked(proxy, "shop")
    check("it says when it is renewed", one["state"] == "waiting" and one["next"] > "2026" and "said" not in one, one)
    told = subprocess.run([switchyard, "certificates", "--admin", proxy.admin, "--token-file", str(proxy.state / "admin.token")],
                          capture_output=True, text=True)
    check("so does the command line", "; renewed 20" in told.stdout and authority.directory in told.stdout, told.stdout + told.stderr)
    check("events tell of it", any('"issued"' in line for line in proxy_events(proxy)))
    return visitor


def web(proxy, path):
    """The status of the listener in clear."""
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None
    try:
        return urllib.request.build_opener(Stay).open(proxy.url(0) + path, timeout=60).status
    except urllib.error.HTTPError as error:
        return error.code


def proxy_events(proxy):
    request = urllib.request.Request(proxy.admin + "/v1/events?after=0", headers={"Authorization": "Bearer " + proxy.token})
    lines = []
    with urllib.request.urlopen(request, timeout=60) as stream:
        for line in stream:
            text = line.decode()
            if '"what":' in text:
                lines.append(text.replace('": "', '":"'))
            if '"issued"' in text.replace(" ", ""):
                return lines
    return lines


def metric(proxy, line):
    request = urllib.request.Request(proxy.admin + "/metrics", headers={"Authorization": "Bearer " + proxy.token})
    return line in urllib.request.urlopen(request, timeout=60).read().decode()


def renewed_under_load(proxy, visitor):
    before = proxy.status()["generation"]
    with Crowd(visitor, "shop.example") as crowd:
        for name in ("shop", "api", "shop"):
            was = shown(proxy, name)["sha256"]
            renew(proxy, name)
            now = issued(proxy, name, was)
            host = asked(proxy, name)["names"][0]
            check(f"{host} shows the new one", visitor.shown(host) == now)
    check(f"no request of {crowd.requests} failed while they were renewed", not crowd.failed, crowd.failed[:5])
    check("it needs no generation", proxy.status()["generation"] == before)


def refused(switchyard, proxy, names):
    was = shown(proxy, "shop")["sha256"]
    names["www.shop.example"] = ["127.0.0.99"]  # no listener there
    renew(proxy, "shop")
    one = failed(proxy, "shop", 1)
    check("what the authority said is said", one["kind"] == "refused" and one["said"].startswith("www.shop.example could not be proven by http-01: "), one)
    check("the one in force stays", shown(proxy, "shop")["sha256"] == was)
    check("status says it", "could not be proven" in json.dumps(proxy.status().get("certificates")))
    check("a metric says it", metric(proxy, 'switchyard_acme_failures{certificate="shop"} 1'))
    told = subprocess.run([switchyard, "certificates", "--admin", proxy.admin, "--token-file", str(proxy.state / "admin.token")],
                          capture_output=True, text=True)
    check("and the command line", "could not be proven by http-01" in told.stdout, told.stdout)
    names["www.shop.example"] = ["127.0.0.1"]
    told = subprocess.run([switchyard, "certificates", "--renew", "shop", "--admin", proxy.admin, "--token-file", str(proxy.state / "admin.token")],
                          capture_output=True, text=True)
    check("it is asked for again by hand", told.returncode == 0, told.stderr)
    issued(proxy, "shop", was)
    check("and that is the end of it", asked(proxy, "shop")["failures"] == 0 and "certificates" not in proxy.status())
    check("one that is not asked for is not found", renew(proxy, "nobody")[0] == 404)


def away_later(proxy, authority, visitor):
    authority.kill()
    was = shown(proxy, "api")["sha256"]
    renew(proxy, "api")
    one = failed(proxy, "api", 1)
    check("an authority that goes away is said", one["kind"] == "unreachable", one)
    check("and nothing else happens", visitor.shown("api.example") == was)


def killed(switchyard, endpoint, work, certificates, dns):
    """SIGKILL before, or right after, the n-th piece that it says to the authority, for every n."""
    place = work / "killed"
    place.mkdir()
    made = certificates.sign("killed-ca", ["localhost"])
    keep = {"web": port_to_keep(), "https": port_to_keep()}
    with Pebble(place, made, certificates.ca, dns, keep["web"], keep["https"]) as authority, Wire(authority.port) as wire:
        config = configured(endpoint, place, certificates.ca, f"https://localhost:{wire.port}/dir")
        del config["certificates"]["api"]
        config["certificates"]["shop"]["acme"]["names"] = ["shop.example"]
        config["listeners"][1]["tls"]["certificates"] = ["shop"]
        for listener in config["listeners"]:
            listener["bind"] = f"127.0.0.1:{keep[listener['name']]}"
        current = place / "state" / "certificates" / "shop" / "current.pem"
        at, ended = 0, False
        while not ended and at < 80:
            at += 1
            running = []

            def heard(n, limit=at):
                if n == limit:
                    until("the program", lambda: running)
                    running[0].child.kill()
            wire.pieces, wire.heard = 0, heard
            running.append(Started(switchyard, place, config))
            ended = until("a death or a certificate", lambda: running[0].child.poll() is not None or current.exists()) and current.exists()
            running[0].__exit__()
            # A process that is killed in a loop waits for ever longer; here that is put right by hand.
            noted = place / "state" / "certificates" / "shop" / "state.json"
            if not ended:
                check("it was noted before anything was said", json.loads(noted.read_text())["failures"] == 1)
            noted.unlink()
            if current.exists():
                check("what is kept is whole", "END CERTIFICATE" in current.read_text() and current.read_text().endswith("END PRIVATE KEY-----\n"))
        check(f"killed at each of {at - 1} pieces, it gets there", ended and at > 10, at)
        with Switchyard(switchyard, place, config, name="after") as proxy:
            proxy.healthy("blue")
            sha256 = issued(proxy, "shop")
            visitor = Visitor(bound(proxy, 1), authority.root(place / "root.pem"))
            check("and the site is trusted", visitor.shown("shop.example") == sha256 and visitor.get("shop.example")[0] == 200)
            check("with one account", len(list((place / "state" / "acme").iterdir())) == 1)


class Started(Switchyard):
    """One that is not waited for."""

    def _admin_answers(self):
        return True


def bound_account(switchyard, endpoint, work, certificates, dns):
    place = work / "bound"
    place.mkdir()
    (place / "eab.key").write_text("zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W\n")
    made = certificates.sign("bound-ca", ["localhost"])
    keep = {"web": port_to_keep(), "https": port_to_keep()}
    with Pebble(place, made, certificates.ca, dns, keep["web"], keep["https"],
                bindings={"kid-1": "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"}) as authority:
        config = configured(endpoint, place, certificates.ca, authority.directory)
        for listener in config["listeners"]:
            listener["bind"] = f"127.0.0.1:{keep[listener['name']]}"
        with Switchyard(switchyard, place, config) as proxy:
            one = failed(proxy, "shop", 1)
            check("an authority that wants an account of its own is said, with the cure", "acme.account" in one["said"], one)
            for name in ("shop", "api"):
                config["certificates"][name]["acme"]["account"] = {"key_id": "kid-1", "key_file": str(place / "eab.key")}
            changed = proxy.call("GET", "/v1/config")[1]
            changed["certificates"] = config["certificates"]
            status, answer, _ = proxy.call("PUT", "/v1/config", changed)
            check("the account is put in", status == 200, answer)
            issued(proxy, "shop")
            check("and used", asked(proxy, "shop")["failures"] == 0)


def by_others(switchyard, endpoint, work, certificates, dns):
    """The plain way: another program asks, its challenges lie in a folder, its files are watched."""
    place = work / "others"
    (place / "webroot").mkdir(parents=True)
    made = certificates.sign("others-ca", ["localhost"])
    first = certificates.sign("first", ["shop.example"])
    keep = {"web": port_to_keep(), "https": port_to_keep()}
    with Pebble(place, made, certificates.ca, dns, keep["web"], keep["https"], refused_nonces=0) as authority:
        live = place / "live"
        live.mkdir()
        for end in ("chain", "key"):
            shutil.copy(first[end], live / end)
        config = configured(endpoint, place, certificates.ca, authority.directory)
        config["certificates"] = {"shop": {"chain": str(live / "chain"), "key": str(live / "key")}}
        config["listeners"][1]["tls"]["certificates"] = ["shop"]
        for listener in config["listeners"]:
            listener["bind"] = f"127.0.0.1:{keep[listener['name']]}"
        environment = dict(os.environ, REQUESTS_CA_BUNDLE=str(certificates.ca), LEGO_CA_CERTIFICATES=str(certificates.ca))
        with Switchyard(switchyard, place, config) as proxy:
            proxy.healthy("blue")
            visitor = Visitor(bound(proxy, 1), authority.root(place / "root.pem"))
            for program, command, chain, key in (
                    ("certbot", ["certbot", "certonly", "--non-interactive", "--agree-tos", "--register-unsafely-without-email",
                                 "--webroot", "-w", place / "webroot", "-d", "shop.example", "--server", authority.directory,
                                 "--config-dir", place / "c", "--work-dir", place / "w", "--logs-dir", place / "l"],
                     "c/live/shop.example/fullchain.pem", "c/live/shop.example/privkey.pem"),
                    ("lego", ["lego", "--accept-tos", "--email", "a@shop.example", "--server", authority.directory, "--path", place / "lego",
                              "--domains", "shop.example", "--http", "--http.webroot", place / "webroot", "run"],
                     "lego/certificates/shop.example.crt", "lego/certificates/shop.example.key")):
                if not shutil.which(program):
                    print(f"{program} is not installed: left out")
                    continue
                done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True, cwd=place)
                check(f"{program} gets its certificate", done.returncode == 0, (done.stdout + done.stderr)[-2000:])
                if done.returncode != 0:
                    continue
                for source, target in ((key, "key"), (chain, "chain")):
                    shutil.copy(place / source, live / (target + ".new"))
                    (live / (target + ".new")).rename(live / target)
                proxy.call("POST", "/v1/certificates/reload")
                check(f"what {program} has fetched is shown", visitor.get("shop.example")[0] == 200)


def key_file_that_hangs(switchyard, endpoint, work, certificates):
    """The key of the account lies on a disk that does not answer: no other certificate waits, and the process ends."""
    place = work / "hangs"
    place.mkdir()
    os.mkfifo(place / "eab.key")
    config = configured(endpoint, place, certificates.ca, f"https://localhost:{port_to_keep()}/dir")
    config["certificates"]["shop"]["acme"]["account"] = {"key_id": "kid-1", "key_file": str(place / "eab.key")}
    with Switchyard(switchyard, place, config) as proxy:
        proxy.healthy("blue")
        check("another certificate goes its way", failed(proxy, "api", 1)["kind"] == "unreachable")
        check("this one is asked for", asked(proxy, "shop")["state"] == "asking")
        check("a key file that hangs keeps no end waiting", proxy.end() == 0)


def by_its_wish(switchyard, endpoint, work, certificates, dns):
    """The authority would have the first one renewed at once, and the second in good time."""
    place = work / "wish"
    place.mkdir()
    made = certificates.sign("wish-ca", ["localhost"])
    keep = {"web": port_to_keep(), "https": port_to_keep()}
    first = []

    def window(one):
        first.append(one)
        return ("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z") if one == first[0] else ("2031-01-01T00:00:00Z", "2031-01-02T00:00:00Z")
    with Pebble(place, made, certificates.ca, dns, keep["web"], keep["https"]) as authority, \
            RenewalInfo(authority.port, made, certificates.ca, window) as wishes:
        config = configured(endpoint, place, certificates.ca, wishes.directory)
        del config["certificates"]["api"]
        config["listeners"][1]["tls"]["certificates"] = ["shop"]
        for listener in config["listeners"]:
            listener["bind"] = f"127.0.0.1:{keep[listener['name']]}"
        with Switchyard(switchyard, place, config) as proxy:
            until("its wish", lambda: "window" in asked(proxy, "shop"))
            one = asked(proxy, "shop")
            check("a window that has always passed brings no order after the other", one["state"] == "waiting" and one["next"] > "2026" and not wishes.replaced, one)
            renew(proxy, "shop")
            until("the second one", lambda: len(set(first)) == 2 and "window" in asked(proxy, "shop"))
            check("the order says which one it follows", set(wishes.replaced) == {first[0]}, (wishes.replaced, first))
            one = asked(proxy, "shop")
            check("the next one waits for its window", one["state"] == "waiting" and one["window"]["start"].startswith("2031-01-01"), one)


def one_command(switchyard, endpoint, work, certificates, dns):
    """A secure site without a file."""
    place = work / "one"
    place.mkdir()
    environment = {key: value for key, value in os.environ.items() if key not in ("STATE_DIRECTORY", "SWITCHYARD_STATE_DIR")}

    def says(*words):
        done = subprocess.run([switchyard, "run", *words], capture_output=True, text=True, cwd=place, env=environment, timeout=60)
        return done.returncode, done.stdout + done.stderr
    to = ("--to", endpoint.address, "--accept-terms")
    for words, said in ((("--tls", "shop", *to), '--tls: "shop" is a single label'), (("--tls", "10.0.0.1", *to), '--tls: "10.0.0.1" is an address'),
                        (("--tls", "*.shop.example", *to), "a wildcard is proven by DNS"), (("--tls", "shop.example", *to[:2]), "--accept-terms"),
                        (("--tls", "shop.example", "--accept-terms"), "--to: say where"), (("--tls", "shop.example", "--to", "x", "--accept-terms"), "--to: "),
                        (("--tls", "shop.example", *to, "--directory", "ftp://x"), "--directory: "), ((), "--config"), (("--to", "127.0.0.1:1"), "--tls")):
        code, text = says(*words)
        check(f"run {' '.join(words)} is refused", code == 2 and said in text, (code, text))
    check("and leaves nothing behind", not list(place.iterdir()))
    made = certificates.sign("one-ca", ["localhost"])
    clear, https, port = port_to_keep(), port_to_keep(), port_to_keep()
    command = [switchyard, "run", "--tls", "shop.example", *to, "--directory", f"https://localhost:{port}/dir", "--ca", certificates.ca,
               "--http", f"127.0.0.1:{clear}", "--https", f"127.0.0.1:{https}", "--admin-bind", "127.0.0.1:0"]
    with Pebble(place, made, certificates.ca, dns, clear, https, port) as authority, Process(["env", "-u", "STATE_DIRECTORY", "-u", "SWITCHYARD_STATE_DIR", *command], place, "site") as site:
        until("what was said", lambda: "certificate site: issued for shop.example" in site.text())
        check("the site is secure", Visitor(https, authority.root(place / "root.pem")).get("shop.example")[0] == 200)
        check("plain HTTP is sent on", "https://shop.example/" in str(plain(clear, "shop.example")))
        check("it ends in order", site.end() == 0)
    # Again without the authority: what was issued is still there.
    with Process(["env", "-u", "STATE_DIRECTORY", "-u", "SWITCHYARD_STATE_DIR", *command], place, "again") as site:
        until("the site", lambda: accepts(https))
        until("a restart needs no authority", lambda: Visitor(https, place / "root.pem").get("shop.example")[0] == 200)
        check("and asks none", "asking for it" not in site.text())


def plain(port, host):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/", headers={"Host": host})
    answer = connection.getresponse()
    return answer.status, answer.getheader("Location")


def main():
    switchyard, yardbench = sys.argv[1:3]
    if not pebble.is_there():
        print("pebble is not installed (scripts/setup): left out")
        return 0
    with workplace() as folder, NameServer() as dns:
        work = pathlib.Path(folder)
        for host in ("shop.example", "www.shop.example", "api.example"):
            dns.names[host] = ["127.0.0.1"]
        certificates = Certificates(work)
        made = certificates.sign("pebble", ["localhost"])
        port = port_to_keep()
        with Endpoint(yardbench, work, "blue") as endpoint:
            config = configured(endpoint, work, certificates.ca, f"https://localhost:{port}/dir")
            with Switchyard(switchyard, work, config) as proxy:
                proxy.healthy("blue")
                away_at_the_start(proxy, bound(proxy, 1))
                with Pebble(work, made, certificates.ca, dns.address, bound(proxy, 0), bound(proxy, 1), port) as authority:
                    visitor = first_ones(switchyard, proxy, authority, work, bound(proxy, 1))
                    renewed_under_load(proxy, visitor)
                    refused(switchyard, proxy, dns.names)
                    away_later(proxy, authority, visitor)
            killed(switchyard, endpoint, work, certificates, dns.address)
            bound_account(switchyard, endpoint, work, certificates, dns.address)
            by_its_wish(switchyard, endpoint, work, certificates, dns.address)
            key_file_that_hangs(switchyard, endpoint, work, certificates)
            one_command(switchyard, endpoint, work, certificates, dns.address)
            by_others(switchyard, endpoint, work, certificates, dns.address)
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
