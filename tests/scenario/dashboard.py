#!/usr/bin/env python3
"""Story: an operator flies by the dashboard, in a real Chromium: logs in, watches a release move under load, splits,
switches, reads the receipt and undoes; begins a rollout to a bad release and sees it come back; drains an endpoint, and sets the
weight of one that was discovered; reads history, and sees what a drain waits for; loses the connection and regains it. Then every page, light and dark, on a screen
and on a phone: a picture, no word on the console, no request to another machine, nothing that axe-core finds. A viewer
sees all of it and can do nothing. The report that is saved of the rollout is looked at as a file.

usage: dashboard.py SWITCHYARD YARDBENCH FOLDER_OF_PICTURES [FOLDER_OF_README_PICTURES]"""
import hashlib
import json
import os
import pathlib
import re
import socket
import struct
import subprocess
import sys
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from browser import Browser, there_is_one, until  # noqa: E402
from checks import check, verdict  # noqa: E402
from gate import Gate  # noqa: E402
from running import DEADLINE, Endpoint, Switchyard, workplace  # noqa: E402

TOOLS = pathlib.Path(os.environ.get("SWITCHYARD_API_TOOLS", "/opt/switchyard-api-tools"))
AXE = TOOLS / "node_modules/axe-core/axe.min.js"
RECEIPT = re.compile(r"Generation \d+ in force on 2 of 2 workers after \d+\.\d ms")
PAGES = ["now", "route/app", "upstream/blue", "rollout", "history", "drains", "configuration"]
FAILED_LOADS = re.compile(r"net::ERR_|Failed to load resource")


ADMIN, VIEWER = "may-do-everything", "looks-only"


def configuration(blue, spare, green, bad, old, found):
    health = {"type": "tcp", "interval": "200ms", "timeout": "5s"}
    return {
        "process": {"workers": 2, "admin": {"bind": "127.0.0.1:0", "tokens": [
            {"name": "local-admin", "role": "admin", "sha256": hashlib.sha256(ADMIN.encode()).hexdigest()},
            {"name": "onlooker", "role": "viewer", "sha256": hashlib.sha256(VIEWER.encode()).hexdigest()}]}},
        "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        "upstreams": {"blue": {"endpoints": [{"address": blue}, {"address": spare}], "health": health},
                      "green": {"endpoints": [{"address": green}], "health": health}, "red": {"endpoints": [{"address": bad}], "health": health},
                      "old": {"endpoints": [{"address": old}], "health": health},
                      "found": {"endpoints": [], "discover": {"file": {"path": str(found)}}, "discovery": {"allow": ["127.0.0.0/8"]}, "health": health}},
        "routes": [{"name": "app", "split": {"blue": 100, "green": 0},
                    "rules": [{"name": "testers", "when": {"header": "X-Release", "equals": "canary"}, "upstream": "@candidate"}]},
                   {"name": "shop", "match": {"path_prefix": "/shop"}, "split": {"blue": 100, "red": 0}},
                   {"name": "held", "match": {"path_prefix": "/held"}, "split": {"old": 100, "blue": 0}}]}


class Load:
    def __init__(self, yardbench, url, rate):
        self.child = subprocess.Popen([yardbench, "load", url, "--rate", str(rate), "--connections", "4", "--duration", "10m", "--quiet"],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()


class Flight:
    def __init__(self, program, proxy, gate, page, pictures):
        self.program, self.proxy, self.gate, self.page, self.pictures = program, proxy, gate, page, pictures
        self.url = f"http://127.0.0.1:{gate.port}/ui/"

    def go(self, place):
        self.page.run("location.hash = arguments[0]", "#/" + place)
        self.page.find(f"main[data-page={place.split('/')[0]}] h1")

    def split(self, route="app"):
        return next(r["split"] for r in self.proxy.status()["routes"] if r["name"] == route)

    def quiet_console(self, where):
        said = [line for line in self.page.console()]
        check(f"nothing on the console: {where}", not said, said)

    def receipt(self):
        """The latest one, once it is there."""
        return until(lambda: RECEIPT.search(self.page.text(".receipts li:first-child")), lambda: "a receipt: " + self.page.page_text())

    def put_away(self):
        def none_left():
            self.page.run("for (const b of document.querySelectorAll('.receipt button.plain')) b.click()")
            return not self.page.there_is(".receipt")
        until(none_left, "receipts put away")

    # ---- what a person does

    def comes_by_the_link(self):
        page = self.page
        said = subprocess.run([self.program, "ui", "--json", "--admin", self.proxy.admin], capture_output=True, text=True, timeout=DEADLINE,
                              env={**os.environ, "SWITCHYARD_STATE_DIR": str(self.proxy.state)})
        link = json.loads(said.stdout)["link"]
        code = link.partition("#code=")[2]
        check("the link leads to the dashboard", link.startswith(self.proxy.admin + "/ui/#code="), link)
        page.open(self.url + "#code=" + code)
        page.shows("header .who", "local-admin · admin")
        check("the code is gone from the address", code not in page.run("return location.href"))
        check("no script can read the cookie", page.run("return document.cookie") == "", page.run("return document.cookie"))
        status, problem, _ = self.proxy.call("POST", "/v1/session/exchange", {"code": code})
        check("the code was good for once", status == 401, (status, problem))
        self.page.open(self.url)  # anew: the session is longer than the page
        page.shows("header .who", "local-admin · admin")
        self.logs_out()
        check("the code stands in no log", code not in self.proxy.text())
        self.quiet_console("by the link")

    def logs_out(self):
        self.page.click("#log-out")
        self.page.find("#token")
        self.page.open(self.url)  # nothing is left of it
        self.page.find("#token")

    def stays(self):
        page = self.page
        page.type("#token", self.proxy.token)
        page.click("#stay")
        page.click("form button[type=submit]")
        page.shows("#connection", "live")
        check("the token is nowhere but in memory", self.proxy.token not in page.run("return JSON.stringify(localStorage) + JSON.stringify(sessionStorage)"))
        page.open(self.url)
        page.shows("#connection", "live")
        self.logs_out()

    def logs_in(self):
        page = self.page
        page.type("#token", "not-a-token")
        page.click("form button[type=submit]")
        page.shows("[role=alert]", "none of those that the running process knows")
        page.console()  # the browser tells of the 401 itself
        page.type_anew("#token", self.proxy.token)
        page.click("form button[type=submit]")
        page.shows("main[data-page=now] h1", "Now")
        page.shows("#connection", "live")
        check("the token is in the page's memory alone", page.run("return localStorage.length + sessionStorage.length") == 0)

    def watches_a_release_move(self):
        page = self.page
        until(lambda: float(page.text(".route .figures b").replace("\u202f", "")) > 50, "requests of the load in the figures")
        page.run("window.seen = document.querySelector('.route .part.arm0')")
        self.proxy.call("PUT", "/v1/routes/app/split", {"blue": 75, "green": 25}, X_Reason="release 42, first quarter")
        until(lambda: "green 25" in page.text(".route .bar"), lambda: "the bar moved: " + page.text(".route .bar"))
        page.shows("main > .in-force", "release 42, first quarter")
        check("the bar itself has moved, and was not made anew", page.run("return window.seen.isConnected && window.seen.style.width") == "75%")
        until(lambda: page.run("return (document.querySelectorAll('.route .chart .line.arm1')[0].getAttribute('d') ?? '').length") > 40, "green's line in the chart")

    def splits_with_the_keyboard_and_undoes(self):
        page = self.page
        self.go("route/app")
        page.find("#split-slider")
        page.type("#split-slider", "\ue014" * 5)  # right
        page.shows(".preview", "split blue 75 → 70, green 25 → 30")
        check("nothing is done yet", self.split() == {"blue": 75, "green": 25}, self.split())
        page.type("#reason", "a little more")
        page.click("#put-in-force:enabled")
        self.receipt()
        check("it is in force", self.split() == {"blue": 70, "green": 30}, self.split())
        said = self.proxy.call("GET", "/v1/generations?limit=1")[1]["generations"][0]
        check("with who and why", (said["who"], said["reason"]) == ("local-admin", "a little more"), said)
        page.click(".receipts .undo")
        until(lambda: self.split() == {"blue": 75, "green": 25}, "undone")
        page.shows(".receipts li:first-child", "Undo")
        self.put_away()

    def switches_and_keeps(self):
        page = self.page
        page.click("#all-to-green")
        page.shows(".preview .move", "green")
        page.on("#within option[value='60s']", "click")
        page.click("#put-in-force:enabled")
        self.receipt()
        until(lambda: self.proxy.status().get("pending"), "it waits to be kept")
        page.shows(".receipts li:first-child button.main", "Keep it")
        page.click(".receipts li:first-child button.main")
        page.shows(".receipts li:first-child", "confirmed: it stays")
        check("it is kept", "pending" not in self.proxy.status())
        check("all goes to green", self.split() == {"blue": 0, "green": 100}, self.split())
        self.put_away()

    def asks_where_a_request_goes(self):
        page = self.page
        page.type("#ask-headers", "X-Release: canary")
        page.click("#ask")
        page.shows("#explained", "by rule testers")

    def rolls_out_what_is_bad(self):
        page = self.page
        self.go("rollout")
        page.click("#new-rollout")
        page.on("#plan-route option[value=shop]", "click")
        page.on("#plan-to option[value=red]", "click")
        page.on("#plan-from option[value=blue]", "click")
        page.type_anew("#plan-steps", "10 % 10m\n100 % 10m")
        # A page that is drawn anew, once a second and with every event, leaves what was typed or emptied where it is.
        # The last key is drawn before.
        page.run_until_done("const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))")
        page.run("document.getElementById('plan-steps').value = '20 % 10m\\n100 % 10m'")
        self.proxy.call("PUT", "/v1/routes/held/split", {"old": 50, "blue": 0})
        page.shows("header .generation strong", str(self.proxy.status()["generation"]))
        check("what was typed stands", page.run("return document.getElementById('plan-steps').value") == "20 % 10m\n100 % 10m",
              page.run("return document.getElementById('plan-steps').value"))
        page.type_anew("#plan-steps", "10 % 10m\n100 % 10m")
        page.click("#plan-send")
        page.shows(".preview", "It fits")
        page.click("#plan-send")
        page.shows("h1", "Rollout r1")
        until(lambda: page.text("#rollout-state") == "rolled back", lambda: "it comes back: " + page.text("#content"))
        page.shows("#why", "requests to red failed")
        page.shows(".evidence", "that red fails more than blue")
        check("in words and with its certainty", re.search(r"certain to (more than )?99[\d.]*\s%", page.text(".evidence .near .words")), page.text(".evidence"))
        check("blue has it all again", self.split("shop") == {"blue": 100, "red": 0} or self.split("shop")["red"] == 0, self.split("shop"))
        self.put_away()

    def drains_an_endpoint(self, spare):
        page = self.page
        self.go("upstream/blue")
        state = lambda: next(e["state"] for e in self.proxy.status()["upstreams"]["blue"]["endpoints"] if e["address"] == spare)  # noqa: E731
        page.click(f"[data-act=drain][data-endpoint='{spare}']")
        self.receipt()
        check("it drains", state() == "drain", state())
        page.shows("table.endpoints", "◐ drain")
        page.click(".receipts .undo")
        until(lambda: state() == "up", "back in service")
        self.put_away()

    def weighs_what_was_discovered(self, address):
        """It is an override by address; undone, what the source says counts again."""
        page = self.page
        self.go("upstream/found")
        weight = lambda: next(e["weight"] for e in self.proxy.status()["upstreams"]["found"]["endpoints"] if e["address"] == address)  # noqa: E731
        page.click(f"[aria-label='Weight 1 of {address}: change']")
        page.type_anew(f"[aria-label='Weight of {address}']", "7")
        page.click("table.endpoints form button[type=submit]")
        self.receipt()
        check("its weight is another", weight() == 7, weight())
        check("as an override", self.proxy.call("GET", "/v1/config")[1]["upstreams"]["found"]["endpoint_overrides"] == {address: {"weight": 7}})
        page.click(".receipts .undo")
        until(lambda: weight() == 1, "the source's weight again")
        self.put_away()
        list_of_it = self.proxy.work / "found.json"
        list_of_it.write_text("[")
        self.go("now")
        page.shows(".happening", "has given no answer for")
        page.shows(".happening .why", "not valid JSON")
        list_of_it.write_text(json.dumps([address]))
        until(lambda: not page.there_is(".happening .why"), "it answers again")

    def reads_history(self):
        page = self.page
        self.go("history")
        page.shows(".timeline", "a little more")
        page.click("[data-generation='1']")
        page.shows(".timeline .preview", "It would change")
        page.click("#verify")
        page.shows("#verdict", "Intact")

    def watches_a_drain(self):
        page = self.page
        host, port = self.proxy.url().removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), DEADLINE) as held:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # leaving is a reset
            held.sendall(b"GET /held/page?password=1 HTTP/1.1\r\nHost: a\r\n\r\n")
            until(lambda: self.proxy.status()["upstreams"]["old"]["in_flight"] == 1, "the request waits for its answer")
            drain = self.proxy.call("POST", "/v1/routes/held/switch", {"to": "blue"})[1]["drain"]["id"]
            self.go("drains")
            page.shows(".drain", f"Drain {drain}")
            page.shows(".drain", "GET /held/page")
            check("paths are told without what may be secret", "password" not in page.text("#content"))
            page.picture(self.pictures / "drain-under-way-light-1280.png")
            self.accessible("a drain under way")
        until(lambda: not page.there_is(".drain"), "nothing is left of it")
        page.shows("#content tbody tr:first-child", "done")

    def looks_at_the_configuration(self):
        page = self.page
        self.go("configuration")
        until(lambda: '"routes"' in page.run("return document.getElementById('configuration').value"), "the document")
        before = self.proxy.status()["generation"]
        page.run("""const area = document.getElementById('configuration');
            area.value = area.value.replace('"red": 0', '"rot": 0');
            area.selectionStart = area.selectionEnd = area.value.indexOf('"split"') + 3;
            area.dispatchEvent(new Event('input', { bubbles: true }));""")
        page.shows(".preview.bad", "/routes/1/split/rot")
        page.shows(".preview.bad button", "line ")
        page.shows("#hint", "/routes/0/split")
        check("nothing is done", self.proxy.status()["generation"] == before)
        page.console()  # the browser tells of the 422 itself

    def loses_the_connection_and_regains_it(self):
        page = self.page
        self.go("now")
        self.quiet_console("before the connection is lost")
        self.gate.close()
        page.shows("#lost", "The connection is lost. What is shown is from ")
        check("old figures look old", page.there_is("main.stale"))
        page.shows("#connection", "no connection")
        now = self.proxy.call("PUT", "/v1/routes/app/split", {"blue": 40, "green": 60}, X_Reason="while nobody saw it")[1]["generation"]
        self.gate.reopen()
        until(lambda: not page.there_is("#lost") and page.there_is("main.fresh"), "the connection is there again")
        page.shows("header .generation strong", str(now))
        page.shows("main > .in-force", "while nobody saw it")
        # What happened meanwhile comes by the resumed stream: a mark in the charts.
        until(lambda: f"generation {now}" in page.run("return [...document.querySelectorAll('.mark title')].map(t => t.textContent).join()"), "the event that was missed")
        said = [line for line in page.console() if not FAILED_LOADS.search(line)]
        check("only failed loads are on the console", not said, said)

    def only_looks(self):
        """A viewer sees all, and nothing that is shown does anything."""
        page = self.page
        page.size(1280, 860)
        self.go("now")
        self.logs_out()
        page.type("#token", VIEWER)
        page.click("form button[type=submit]")
        page.shows("header .who", "onlooker · viewer")
        asks = {"ask", "verify"}  # an explanation, the audit's chain
        for place in PAGES + ["upstream/found"]:
            self.go(place)
            if place == "configuration":
                until(lambda: '"routes"' in page.run("return document.getElementById('configuration').value"), "the document")
            able = page.run("""return [...document.querySelectorAll('#content button:enabled, #content input:enabled, #content select:enabled')]
                .filter(e => !e.closest("[aria-label='Explain']")).map(e => e.id || e.textContent)""")
            check(f"a viewer finds nothing to act by: {place}", not set(able) - asks - {"Save the report"}, able)
            self.accessible(f"{place} of a viewer")
        self.proxy.token, mine = VIEWER, self.proxy.token
        refused = [self.proxy.call(*what)[0] for what in (
            ("PUT", "/v1/routes/app/split", {"blue": 1}), ("POST", "/v1/undo", {}), ("POST", "/v1/rollouts", {}), ("PUT", "/v1/config", {}),
            ("POST", "/v1/rollouts/r1/abort"), ("POST", "/v1/upstreams/found/endpoints/127.0.0.1:1/state", {"state": "drain"}))]
        self.proxy.token = mine
        check("and is refused whatever he asks for", refused == [403] * len(refused), refused)
        self.quiet_console("of a viewer")

    # ---- what it looks like

    def accessible(self, where):
        if not AXE.exists():
            return
        if not self.page.run("return 'axe' in window"):
            self.page.run(AXE.read_text())
        found = self.page.run_until_done("""const done = arguments[0]; axe.run(document, { resultTypes: ['violations'] })
            .then(r => done(r.violations.map(v => ({ id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' | ' + n.failureSummary.slice(0, 200)) }))));""")
        check(f"axe-core finds nothing: {where}", not found, json.dumps(found, indent=1))

    def pictures_of_all_pages(self):
        page = self.page
        for width in (1280, 390):
            page.size(width, 860)
            for place in PAGES:
                for theme in ("light", "dark"):
                    page.theme(theme)
                    self.go(place)
                    where = f"{place.split('/')[0]}-{theme}-{width}"
                    page.run("scrollTo(0, 0)")
                    page.picture(self.pictures / f"{where}.png")
                    self.accessible(where)
                wide = page.run("return document.documentElement.scrollWidth - innerWidth")
                check(f"{place} fits into {width}", wide <= 0, wide)

    def looks_at_the_saved_report(self, work):
        """As a colleague does to whom it was sent: a file, with no proxy."""
        page = self.page
        request = urllib.request.Request(self.proxy.admin + "/v1/rollouts/r1/report.html", headers={"Authorization": "Bearer " + self.proxy.token})
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            policy = answer.headers["Content-Security-Policy"]
            file = pathlib.Path(work) / "report.html"
            file.write_bytes(answer.read())
        check("where it is served, it is in no session's place", "sandbox allow-scripts" in policy and "script-src 'sha256-" in policy, policy)
        page.call("POST", "/se/log", {"type": "performance"})  # what was asked before
        page.open(file.as_uri())
        page.shows("h1", "Rollout r1: shop from blue to red")
        until(lambda: page.there_is("#pictures .chart svg .line.arm1"), "its pictures")
        labels = page.run("return [...document.querySelectorAll('#pictures svg')].map(s => s.getAttribute('aria-label'))")
        check("weight, failures, latencies and every test", {"Weight of red", "Failed", "p50 of the step", "p99 of the step", "errors"} <= {l.split(":")[0] for l in labels}, labels)
        for width in (1280, 390):
            page.size(width, 860)
            for theme in ("light", "dark"):
                page.theme(theme)
                page.picture(self.pictures / f"report-{theme}-{width}.png")
                self.accessible(f"report-{theme}-{width}")
        asked = self.asked()
        check("it asks for nothing but itself", asked == {file.as_uri()}, asked)
        self.quiet_console("of the report")

    def readme_pictures(self, folder):
        page = self.page
        page.size(1180, 520)
        page.devtools("Emulation.setScrollbarsHidden", hidden=True)
        self.go("now")
        for theme in ("light", "dark"):
            page.theme(theme)
            page.picture(folder / f"dashboard-{theme}.png", whole=False)

    def asked(self):
        """By the browser, since this was asked for the last time."""
        messages = (json.loads(entry["message"])["message"] for entry in self.page.call("POST", "/se/log", {"type": "performance"}))
        return {m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"}

    def asked_nobody_else(self):
        own = urllib.parse.urlsplit(self.url).netloc
        asked = self.asked()
        others = [u for u in asked if urllib.parse.urlsplit(u).netloc != own and not u.startswith(("data:", "blob:", "chrome:", "about:"))]
        check("it asks nobody else", not others, others)
        check("it has asked at all", any(u.endswith("/v1/status") for u in asked), asked)


def tell(work, address):
    """The token that the test has, and the list that a program would write."""
    state = pathlib.Path(work) / "state"
    state.mkdir()
    (state / "admin.token").write_text(ADMIN + "\n")
    found = pathlib.Path(work) / "found.json"
    found.write_text(json.dumps([address]))
    return found


def main():
    program, yardbench, pictures = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    if not there_is_one():
        print("left out: chromium and chromium-driver are not installed")
        return 0
    if not AXE.exists():
        print("left out: axe-core (scripts/setup --api installs it)")
    pictures.mkdir(parents=True, exist_ok=True)
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "blue") as spare, \
            Endpoint(yardbench, work, "green") as green, Endpoint(yardbench, work, "red", "--status", "500") as bad, \
            Endpoint(yardbench, work, "old", "--delay", "10m") as old, \
            Endpoint(yardbench, work, "found") as found, \
            Switchyard(program, work, configuration(blue.address, spare.address, green.address, bad.address, old.address, tell(work, found.address))) as proxy, \
            Gate(int(proxy.admin.rsplit(":", 1)[1])) as gate:
        proxy.healthy("blue", "green", "red", "old", "found")
        with Load(yardbench, proxy.url() + "/", 120), Load(yardbench, proxy.url() + "/shop", 120):
            page = Browser(pathlib.Path(work) / "profile", performance_log=True)
            try:
                page.size(1280, 860)
                page.theme("light")
                flight = Flight(program, proxy, gate, page, pictures)
                flight.comes_by_the_link()
                flight.stays()
                flight.logs_in()
                flight.watches_a_release_move()
                flight.splits_with_the_keyboard_and_undoes()
                flight.switches_and_keeps()
                flight.asks_where_a_request_goes()
                flight.rolls_out_what_is_bad()
                flight.drains_an_endpoint(spare.address)
                flight.weighs_what_was_discovered(found.address)
                flight.reads_history()
                flight.watches_a_drain()
                flight.quiet_console("while somebody works with it")
                flight.looks_at_the_configuration()
                flight.loses_the_connection_and_regains_it()
                flight.pictures_of_all_pages()
                if len(sys.argv) > 4:
                    flight.readme_pictures(pathlib.Path(sys.argv[4]))
                flight.only_looks()
                flight.asked_nobody_else()
                flight.looks_at_the_saved_report(work)
            finally:
                page.close()
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
