"""A real headless Chromium, driven over the WebDriver protocol."""
import base64
import http.client
import json
import shutil
import subprocess
import time

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
DRIVER_TRIES = 10
DEADLINE = 60


def there_is_one():
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


def until(look, what):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {DEADLINE} s: {what() if callable(what) else what}")


class Browser:
    def __init__(self, profile, performance_log=False, flags=()):
        self.driver, self.port = self.start_driver()
        options = {"args": [*FLAGS, *flags, "--user-data-dir=" + str(profile)], "binary": shutil.which("chromium")}
        logs = {"browser": "ALL", **({"performance": "ALL"} if performance_log else {})}
        capabilities = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": logs}}
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
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2 * DEADLINE)
        connection.request(method, self.session + path, json.dumps(body) if method == "POST" else None,
                           {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())["value"]
        connection.close()
        if isinstance(answer, dict) and "error" in answer:
            raise LookupError(answer["error"] + ": " + answer["message"].split("\n")[0])
        return answer

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """What `return …` of the script gives, in the page."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def run_until_done(self, script, *arguments):
        """The script calls its last argument with the result."""
        return self.call("POST", "/execute/async", {"script": script, "args": list(arguments)})

    def devtools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def find(self, selector):
        """The first element that fits, as soon as there is one."""
        def look():
            try:
                return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]
            except LookupError:
                return None
        return until(look, lambda: f"an element {selector}; the page says: {self.page_text()}")

    def page_text(self):
        return self.run("return document.body.innerText.slice(0, 1500)")

    def there_is(self, selector):
        return bool(self.call("POST", "/elements", {"using": "css selector", "value": selector}))

    def on(self, selector, what, body=None, method="POST"):
        # The page may replace an element between finding and using it.
        said = []

        def act():
            try:
                return (self.call(method, f"/element/{self.find(selector)}/{what}", body or {}),)
            except LookupError as error:
                said[:] = [str(error)]
                return None
        return until(act, lambda: f"{what} on {selector}: {said}")[0]

    def click(self, selector):
        self.on(selector, "click")

    def type(self, selector, text):
        self.on(selector, "value", {"text": text})

    def type_anew(self, selector, text):
        """In place of all that stands there, by the keys that a person would press: a driver's own clearing tells the page
        nothing of it."""
        self.type(selector, "\ue009a\ue000" + text)

    def text(self, selector):
        return self.on(selector, "text", method="GET")

    def shows(self, selector, text):
        until(lambda: text in self.text(selector), lambda: f"{text!r} in {selector}, which says {self.text(selector)!r}")

    def size(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500)

    def theme(self, name):
        """light or dark"""
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name},
                                                             {"name": "prefers-reduced-motion", "value": "reduce"}])

    def picture(self, path, whole=True):
        shot = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def console(self):
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})]

    def close(self):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(DEADLINE)
            self.driver.stdout.close()
