#!/usr/bin/env python3
"""Story: a year of a site's certificates in minutes. They are renewed in their folder without a command; half a pair, a
bad file and a folder that goes away change nothing and are said; a restart finds them again, also without the files; an
undo brings the routes back and never a certificate that has expired.

usage: certificates_turn.py SWITCHYARD YARDBENCH [RENEWALS]"""
import copy
import os
import pathlib
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from checks import check, verdict  # noqa: E402
from running import Endpoint, Failed, Switchyard, blue_green, until, workplace  # noqa: E402
from tls import Certificates, Crowd, Visitor, bound, fingerprint  # noqa: E402


class Folder:
    """What certbot keeps: links to the newest pair, exchanged one after the other."""

    def __init__(self, certificates, name, hosts):
        self.certificates, self.name, self.hosts, self.number = certificates, name, hosts, 0
        self.live = certificates.folder / "live" / name
        self.live.mkdir(parents=True)
        self.entry = {"chain": str(self.live / "fullchain.pem"), "key": str(self.live / "privkey.pem")}

    def point(self, link, target):
        fresh = self.live / (link + ".new")
        fresh.symlink_to(target)
        fresh.rename(self.live / link)

    def renew(self, **how):
        self.number += 1
        made = self.certificates.sign(f"{self.name}{self.number}", self.hosts, **how)
        self.point("fullchain.pem", made["chain"])
        self.point("privkey.pem", made["key"])
        return fingerprint(self.entry)


def shown_state(proxy, name):
    return next(one for one in proxy.call("GET", "/v1/certificates")[1]["certificates"] if one["name"] == name)




def renewed_under_load(proxy, visitor, folder, times):
    before = proxy.status()["generation"]
    with Crowd(visitor) as crowd:
        stale = 0
        for i in range(times):
            wanted = folder.renew()
            if i % 2 == 0:
                until("the renewed certificate", lambda: visitor.shown("shop.test") == wanted)
            elif proxy.call("POST", "/v1/certificates/reload")[0] != 200 or visitor.shown("shop.test") != wanted:
                stale += 1
    check("asked for, it is what the next handshake sees", stale == 0, stale)
    check("no request failed while they were renewed", not crowd.failed, crowd.failed[:5])
    check("it needs no generation", proxy.status()["generation"] == before)
    # A line is written aside: no caller waits for its disk.
    until("a line in the audit for each",
          lambda: sum(line["verb"] == "certificate"
                      for line in proxy.call("GET", f"/v1/audit?limit={times + 20}")[1]["audit"]) == times)
    print(f"{times} renewals under {crowd.requests} requests: {len(crowd.failed)} failed, {stale} stale")
    wanted = folder.renew()
    status, answer, _ = proxy.call("POST", "/v1/certificates/reload")
    check("who asks is answered when it is in force", status == 200 and visitor.shown("shop.test") == wanted, answer)


def nothing_bad_is_taken(proxy, visitor, folder, certificates):
    before = visitor.shown("shop.test")
    half = certificates.sign("half", ["shop.test"])
    key = os.readlink(folder.entry["key"])
    folder.point("privkey.pem", half["key"])
    proxy.call("POST", "/v1/certificates/reload")
    until("half a pair is said", lambda: "is not that of the certificate" in str(proxy.status().get("certificates")))
    check("half a pair changes nothing", visitor.shown("shop.test") == before)
    metrics = urllib.request.urlopen(urllib.request.Request(
        proxy.admin + "/metrics", headers={"Authorization": "Bearer " + proxy.token}), timeout=60).read().decode()
    check("and is a metric", 'switchyard_certificate_trouble{certificate="shop"} 1' in metrics)
    check("beside the end", 'switchyard_certificate_not_after_seconds{certificate="shop"} ' in metrics)
    folder.point("privkey.pem", key)
    proxy.call("POST", "/v1/certificates/reload")
    check("the right key ends that", "certificates" not in proxy.status(), proxy.status().get("certificates"))
    away = folder.live.with_name("away")
    folder.live.rename(away)
    proxy.call("POST", "/v1/certificates/reload")
    until("the lost folder is said", lambda: "No such file" in str(proxy.status().get("certificates")))
    check("the certificate in force stays", visitor.shown("shop.test") == before)
    status, receipt, _ = proxy.call("POST", "/v1/routes/app/switch", {"to": "green"})
    check("a switch is not held back", status == 200, receipt)
    until("it is said in the log", lambda: "the one in force stays" in proxy.text())
    check("and undone", proxy.call("POST", "/v1/undo", {})[0] == 200)
    away.rename(folder.live)
    proxy.call("POST", "/v1/certificates/reload")
    check("a folder that is back is in force again", "certificates" not in proxy.status())


def undo_never_brings_an_expired_one(proxy, visitor, certificates, config, folder):
    """The generation of before names another certificate: good, then expired."""
    expired = certificates.sign("expired", ["shop.test"], days=0)
    first = copy.deepcopy(config)
    first["certificates"]["shop"] = expired
    status, answer, _ = proxy.call("PUT", "/v1/config", first)
    check("an expired certificate holds no publish back", status == 200, answer)
    until("it is said to have expired", lambda: shown_state(proxy, "shop")["state"] == "expired")
    second = copy.deepcopy(config)
    second["certificates"]["shop"] = folder.entry
    second["routes"][0]["split"] = {"green": 100, "blue": 0}
    check("a good one takes its place", proxy.call("PUT", "/v1/config", second)[0] == 200)
    good = visitor.shown("shop.test")
    status, receipt, _ = proxy.call("POST", "/v1/undo", {})
    check("the undo is made", status == 200, receipt)
    check("and says what stays", "it expired on" in receipt.get("restores", {}).get("why", ""), receipt)
    check("the good certificate is still shown", visitor.shown("shop.test") == good)
    check("the routes are those of before", proxy.call("GET", "/v1/config")[1]["routes"][0]["split"].get("blue") == 100)
    generation = proxy.call("GET", f"/v1/generations/{proxy.status()['generation']}")[1]
    check("a generation records what it shows", generation["certificates"]["shop"] == good, generation.get("certificates"))


def found_again(switchyard, work, visitor_of, folder):
    """Restarts: with everything, with the files away, and with the files back while it runs."""
    wanted = folder.renew()
    with Switchyard(switchyard, work, None, name="again") as proxy:
        visitor = visitor_of(proxy)
        check("a restart shows what is in the folder now", visitor.shown("shop.test") == wanted)
    away = folder.live.with_name("away")
    folder.live.rename(away)
    with Switchyard(switchyard, work, None, name="without") as proxy:
        proxy.healthy("blue", "green")
        visitor = visitor_of(proxy)
        check("a restart without the files serves the other names", visitor.get("a.wild.test")[0] == 200)
        check("and says what is missing", shown_state(proxy, "shop")["state"] == "missing", shown_state(proxy, "shop"))
        told = subprocess.run([switchyard, "certificates", "--admin", proxy.admin, "--token-file", str(proxy.state / "admin.token")],
                              capture_output=True, text=True)
        check("so does the command line", "missing" in told.stdout and "No such file" in told.stdout, told.stdout + told.stderr)
        status, receipt, _ = proxy.call("POST", "/v1/routes/app/switch", {"to": "green"})
        check("a change is not held back", status == 200, receipt)
        away.rename(folder.live)
        proxy.call("POST", "/v1/certificates/reload")
        check("the files are taken when they are there", visitor.shown("shop.test") == wanted)


def main():
    switchyard, yardbench = sys.argv[1:3]
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        certificates = Certificates(work)
        shop, wild = Folder(certificates, "shop", ["shop.test"]), Folder(certificates, "wild", ["*.wild.test"])
        shop.renew()
        wild.renew()
        config = blue_green([blue.address], [green.address])
        config["certificates"] = {"shop": shop.entry, "wild": wild.entry}
        config["listeners"] = [{"name": "https", "bind": "127.0.0.1:0", "tls": {"certificates": ["shop", "wild"]}}]

        def visitor_of(proxy):
            return Visitor(bound(proxy, 0), certificates.ca)

        with Switchyard(switchyard, work, config) as proxy:
            proxy.healthy("blue", "green")
            visitor = visitor_of(proxy)
            renewed_under_load(proxy, visitor, shop, int(sys.argv[3]) if len(sys.argv) > 3 else 6)
            nothing_bad_is_taken(proxy, visitor, shop, certificates)
            undo_never_brings_an_expired_one(proxy, visitor, certificates, config, shop)
            check("it ends in good order", proxy.end() == 0)
        found_again(switchyard, work, visitor_of, shop)
    return verdict()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
