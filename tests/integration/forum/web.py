"""The web page in a real headless Chromium, driven over the WebDriver protocol: register, write, read, comment, vote."""
import http.client
import json
import os
import shutil
import subprocess
import unittest

from forums import DEADLINE, PASSWORD, ForumTest, until

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
DRIVER_TRIES = 10


class Browser:
    def __init__(self, profile):
        self.driver, self.port = self.start_driver()
        options = {"args": FLAGS + ["--user-data-dir=" + profile], "binary": shutil.which("chromium")}
        capabilities = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}
        self.session = ""
        self.session = "/session/" + self.call("POST", "/session", {"capabilities": capabilities})["sessionId"]

    @staticmethod
    def start_driver():
        """Asked for any port, the driver takes a free one for IPv4 and then wants the same one for IPv6: a client of
        another program may hold that, and the driver gives up. Another try gets another port."""
        said = []
        for _ in range(DRIVER_TRIES):
            driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for line in driver.stdout:
                if "started successfully on port" in line:
                    return driver, int(line.rsplit(" ", 1)[1].rstrip(".\n"))
                said.append(line)
            driver.wait(DEADLINE)
            driver.stdout.close()
        raise RuntimeError("chromedriver did not start: " + "".join(said))

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.request(method, self.session + path, json.dumps(body) if method == "POST" else None,
                           {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())["value"]
        connection.close()
        if isinstance(answer, dict) and "error" in answer:
            raise LookupError(answer["error"] + ": " + answer["message"].split("\n")[0])
        return answer

    def find(self, selector):
        """The first element that fits, as soon as there is one."""
        def look():
            try:
                return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]
            except LookupError:
                return None
        return until(look, "an element " + selector)

    def on(self, selector, what, body=None, method="POST"):
        # The page may replace an element between finding and using it.
        def act():
            try:
                return (self.call(method, f"/element/{self.find(selector)}/{what}", body or {}),)
            except LookupError:
                return None
        return until(act, f"{what} on {selector}")[0]

    def click(self, selector):
        self.on(selector, "click")

    def type(self, selector, text):
        self.on(selector, "value", {"text": text})

    def text(self, selector):
        return self.on(selector, "text", method="GET")

    def shows(self, selector, text):
        until(lambda: text in self.text(selector), f"{text!r} in {selector}")

    def close(self):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(DEADLINE)
            self.driver.stdout.close()


@unittest.skipUnless(shutil.which("chromium") and shutil.which("chromedriver"), "chromium and chromium-driver are not installed")
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

    def test_wrong_input_is_told_in_words(self):
        self.open("#/login")
        self.browser.type("#username", "x")
        self.browser.type("#password", "y")
        self.browser.click("#register")
        self.browser.shows("#message", "username must have 3 to 24 characters")


if __name__ == "__main__":
    unittest.main(verbosity=2)
