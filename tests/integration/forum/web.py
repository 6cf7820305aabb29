"""The web page in a real headless Chromium, driven over the WebDriver protocol: register, write, read, comment, vote."""
import os
import pathlib
import sys
import unittest

from forums import PASSWORD, ForumTest, until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from browser import Browser, there_is_one  # noqa: E402

# The least contrast of any text with what is behind it, as WCAG reckons it.
CONTRAST = """
    const parts = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = colour => { const [r, g, b] = parts(colour).map(c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
                              return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (c !== "rgba(0, 0, 0, 0)") return c; }
                          return "rgb(255, 255, 255)"; };
    return Math.min(...[...document.querySelectorAll("body *")].filter(e => e.offsetParent && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).map(e => {
        const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05); }));"""


@unittest.skipUnless(there_is_one(), "chromium and chromium-driver are not installed")
class Web(ForumTest):
    def setUp(self):
        super().setUp()
        self.forum = self.start("--version-label", "v5")
        self.browser = Browser(os.path.join(self.directory, "profile"))
        self.addCleanup(self.browser.close)

    def open(self, fragment=""):
        self.browser.call("POST", "/url", {"url": f"http://127.0.0.1:{self.forum.port}/{fragment}"})

    def log_in(self, button, name):
        self.browser.click("#to-login")
        self.browser.type("#username", name)
        self.browser.type("#password", PASSWORD)
        self.browser.click(button)
        self.browser.shows("#who", name)

    def test_a_visitor_registers_writes_comments_votes_and_leaves(self):
        page = self.browser
        self.open()
        page.shows("#main", "Nothing here yet.")
        page.shows("#served-by", "blue v5")
        self.log_in("#register", "alice")
        page.click("#to-write")
        page.shows("#post-category", "General")
        page.type("#post-title", "Hello from a browser")
        page.type("#post-body", "First <b>line</b>\n数据库")
        page.type("#post-tags", "one two")
        page.click("#post-send")
        page.shows("h2.title", "Hello from a browser")
        page.shows(".body", "First <b>line</b>\n数据库")
        page.type(".reply textarea", "My comment")
        page.click(".reply button")
        page.shows(".comment .body", "My comment")
        page.click(".post .up")
        until(lambda: page.text(".post .score") == "1", "the vote counted")
        page.click(".post .up")
        until(lambda: page.text(".post .score") == "0", "the vote was taken back")
        page.click(".post .up")
        until(lambda: page.text(".post .score") == "1", "the vote counted again")
        stored = self.forum.client().get("/api/v1/posts").json["items"]
        self.assertEqual([(one["score"], one["comment_count"], one["tags"], one["author"]) for one in stored],
                         [(1, 1, ["one", "two"], "alice")])
        page.click("#log-out")
        page.find("#to-login")
        self.log_in("#log-in", "alice")
        page.type("#search-text", "数据\n")
        page.shows(".post .title", "Hello from a browser")

    def test_what_users_write_never_runs(self):
        alice = self.register(self.forum, "alice")
        attack = ("<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
                  " [x](javascript:document.title='owned') <a href=\"javascript:document.title='owned'\">y</a>")
        post = self.write_post(alice, attack, attack)
        alice.post(f"/api/v1/posts/{post}/comments", {"body": attack})
        self.open("#/post/" + post)
        self.browser.shows(".comment .body", "<script>")
        for fragment in ("", "#/search/onerror", "#/new"):
            self.open(fragment)
            self.browser.shows(".post .title", "<script>")
            made = self.browser.call("POST", "/elements", {"using": "css selector", "value": "#main img, #main script, a[href^=javascript]"})
            self.assertEqual(made, [])
        self.assertEqual(self.browser.call("GET", "/title"), "Forum")
        noise = [entry["message"] for entry in self.browser.call("POST", "/se/log", {"type": "browser"})]
        self.assertEqual(noise, [])

    def test_an_answer_that_comes_late_is_not_shown_where_the_visitor_went_meanwhile(self):
        alice = self.register(self.forum, "alice")
        loved, latest = (self.write_post(alice, title) for title in ("Loved", "Latest"))
        alice.put(f"/api/v1/posts/{loved}/vote", {"value": 1})
        self.open("#/top")
        self.browser.shows(".post .title", "Loved")
        self.in_page("""const real = window.fetch;
            window.fetch = (place, ...more) => place.includes("sort=new")
                ? new Promise(answer => { window.late = () => real(place, ...more).then(answer); }) : real(place, ...more);
            location.hash = "#/new";""")
        until(lambda: self.in_page("return !!window.late"), "the list of new posts is asked for")
        self.in_page("""location.hash = "#/post/%s";""" % latest)
        self.browser.shows("h2.title", "Latest")
        self.browser.call("POST", "/execute/async", {"script": """const done = arguments[0];
            window.late().then(() => fetch("/livez")).then(() => done());""", "args": []})
        self.browser.shows("h2.title", "Latest")
        self.assertEqual(self.in_page("return document.querySelectorAll('#main .post').length"), 1)

    def in_page(self, script):
        return self.browser.call("POST", "/execute/sync", {"script": script, "args": []})

    def test_markdown_is_shown_as_what_it_means_and_excerpts_as_words(self):
        alice = self.register(self.forum, "alice")
        post = self.write_post(alice, "Marks", "# Heading\n\n**two** words, [a link](https://example.org)\n\n```\nx < y\n```\n\n[bad](javascript:alert(1))")
        self.open("#/post/" + post)
        self.browser.shows(".body h3", "Heading")
        self.browser.shows(".body strong", "two")
        self.browser.shows(".body pre", "x < y")
        self.assertEqual(self.in_page("return [...document.querySelectorAll('.body a')].map(a => a.getAttribute('href') + ' ' + a.rel)"),
                         ["https://example.org nofollow ugc noopener"])
        self.open("#/new")
        self.browser.shows(".excerpt", "Heading two words, a link x < y bad")

    def test_the_first_admin_is_made_in_the_page_and_moderates_there(self):
        page = self.browser
        alice = self.register(self.forum, "alice")
        post = self.write_post(alice, "To be moderated")
        alice.post(f"/api/v1/posts/{post}/comments", {"body": "a rude comment"})
        bob = self.register(self.forum, "bob")
        self.assertEqual(bob.post(f"/api/v1/posts/{post}/reports", {"reason": "spam"}).status, 201)
        self.open()
        page.click("#to-login")
        page.type("#username", "root")
        page.type("#password", PASSWORD)
        page.click("summary")
        page.type("#setup-token", until(lambda: self.forum.setup_token, "a set-up token"))
        page.click("#register")
        page.shows("#who", "root")
        page.click("#to-reports")
        page.shows(".report", "spam")
        self.open("#/post/" + post)

        def moderate(selector, reason, seen):
            page.click(selector)
            page.type(".asking .reason", reason)
            page.click(".asking .sure")
            until(seen, f"{selector} is done")

        shown = lambda: self.forum.client().get("/api/v1/posts/" + post).json
        moderate(".post .pin", "read this", lambda: shown()["pinned"])
        page.shows(".post .about", "pinned")
        moderate(".post .lock", "enough", lambda: shown()["locked"])
        page.shows(".note", "locked")
        moderate(".comment .delete", "rude", lambda: shown()["comments"]["items"][0]["deleted"])
        page.shows(".comment .body", "[deleted]")
        page.click(".post .edit")
        page.shows("#write h2", "Edit post")
        self.in_page("document.getElementById('post-body').value = 'moderated **text**'")
        page.click("#post-send")
        page.shows(".body strong", "text")
        page.click(".post .history")
        page.shows(".version .source", "Some text")
        moderate(".purge", "personal data", lambda: self.forum.client().get(f"/api/v1/posts/{post}/history").json["items"] == [])
        self.open("#/reports")
        moderate(".report .resolve", "locked it", lambda: not self.in_page("return !!document.querySelector('.report')"))
        self.open("#/log")
        page.shows("#main", "purge history of post")
        self.open("#/user/bob")
        moderate(".ban", "spam", lambda: bob.get("/api/v1/me").json["ban"] is not None)

    def test_a_member_edits_reports_and_changes_the_password_in_the_page(self):
        page = self.browser
        root = self.admin(self.forum)
        post = self.write_post(root, "By somebody else", tags=["two"])
        self.open()
        self.log_in("#register", "carol")
        self.open("#/post/" + post)
        page.click(".post .report")
        page.type(".asking .reason", "off topic")
        page.click(".asking .sure")
        page.shows("#message", "Reported")
        self.assertEqual([one["reason"] for one in root.get("/api/v1/reports").json["items"]], ["off topic"])
        page.click(".tag")
        page.shows("h2", "#two")
        page.shows(".post .title", "By somebody else")
        page.click("#who")
        page.type("#display-name", "Carol C.")
        page.click("#profile-save")
        page.shows("#message", "Saved.")
        page.type("#current-password", PASSWORD)
        page.type("#new-password", "another horse")
        page.click("#password-save")
        page.find("#to-login")
        self.assertEqual(self.forum.client().post("/api/v1/login", {"username": "carol", "password": "another horse"}).status, 200)
        self.assertEqual(self.forum.client().get("/api/v1/users/carol").json["display_name"], "Carol C.")

    def test_an_address_that_is_none_says_so_and_asks_for_nothing_else(self):
        for fragment in ("#/nonsense", "#/post/zzzz", "#/post/..%5Cme%5Cnotifications%3F", "#/history/x/y", "#/constructor"):
            with self.subTest(fragment=fragment):
                self.open()
                self.browser.shows("#main", "Nothing here yet.")
                self.open(fragment)
                self.browser.shows("#main .note", "no such")

    def test_two_tabs_share_a_login_and_neither_ends_it(self):
        self.forum.stop()
        self.forum = self.start("--access-life", "5s")
        page = self.browser
        self.open()
        self.log_in("#register", "alice")
        first = page.call("GET", "/window")
        second = page.call("POST", "/window/new", {"type": "tab"})["handle"]
        page.call("POST", "/window", {"handle": second})
        self.open()
        page.shows("#who", "alice")
        for _ in range(3):
            for tab in (second, first):
                page.call("POST", "/window", {"handle": tab})
                self.in_page("tokens.access_token = 'ended'; location.hash = '#/new'; location.hash = '#/account';")
                page.find("#profile")
                page.shows("#who", "alice")
                self.in_page("location.hash = '#/new';")
                page.find("#main > p")

    def test_on_a_phone_nothing_is_cut_and_everything_is_reached_by_keyboard_in_the_dark_too(self):
        alice = self.register(self.forum, "alice")
        post = self.write_post(alice, "A long title of many words " * 5, "wordwithoutanend" * 60 + "\n\n```\n" + "x" * 400 + "\n```\n\n|a|b|\n|---|---|\n|" + "c" * 300 + "|d|")
        parent = None
        for depth in range(8):
            parent = alice.post(f"/api/v1/posts/{post}/comments", {"body": f"answer {depth}", **({"parent": parent} if parent else {})}).json["id"]
        self.browser.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride",
                                                        "params": {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}})
        for scheme in ("light", "dark"):
            self.browser.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setEmulatedMedia",
                                                            "params": {"features": [{"name": "prefers-color-scheme", "value": scheme}]}})
            for fragment in ("#/new", "#/post/" + post, "#/login"):
                with self.subTest(scheme=scheme, fragment=fragment):
                    self.open(fragment)
                    self.browser.find("#main .title, #login")
                    self.assertLessEqual(self.in_page("return document.documentElement.scrollWidth"), 360)
                    self.assertGreaterEqual(self.in_page(CONTRAST), 4.5)
                    unreached = self.in_page("return [...document.querySelectorAll('[onclick], #main *')].filter(e => e.onclick && e.tabIndex < 0).length")
                    self.assertEqual(unreached, 0)

    def test_wrong_input_is_told_in_words(self):
        self.open("#/login")
        self.browser.type("#username", "x")
        self.browser.type("#password", "y")
        self.browser.click("#register")
        self.browser.shows("#message", "username must have 3 to 24 characters")


if __name__ == "__main__":
    unittest.main(verbosity=2)
