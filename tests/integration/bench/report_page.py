#!/usr/bin/env python3
"""`scripts/bench report`: what was measured as one page that a browser opens as a file: every picture is drawn, nothing stands on the
console, and nothing is asked for beside the page itself."""
import json
import pathlib
import subprocess
import sys
import tempfile

TREE = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TREE / "tests" / "support"))
from browser import Browser, there_is_one, until  # noqa: E402
from checks import check, verdict  # noqa: E402


def main():
    with tempfile.TemporaryDirectory() as work:
        file = pathlib.Path(work) / "report.html"
        done = subprocess.run([sys.executable, TREE / "scripts" / "bench", "report", "--to", file], capture_output=True, text=True)
        check("it is written", done.returncode == 0 and file.exists(), done.stdout + done.stderr)
        plots = file.read_text().count('class="plot"')
        check("it has pictures", plots > 5, plots)
        if not there_is_one():
            print("left out: chromium and chromium-driver are not installed")
            return verdict()
        page = Browser(pathlib.Path(work) / "profile", performance_log=True)
        try:
            page.size(1280, 900)
            page.open(file.as_uri())
            until(lambda: page.run("return document.querySelectorAll('script.plot + div > *').length") == plots, "every picture")
            empty = page.run("return [...document.querySelectorAll('.chart')].filter(c => ![...c.querySelectorAll('.line')].some(l => l.getAttribute('d').length > 20)).map(c => c.textContent)")
            check("no chart is without a line", not empty, empty)
            check("nothing is on the console", not page.console(), page.console())
            messages = [json.loads(entry["message"])["message"] for entry in page.call("POST", "/se/log", {"type": "performance"})]
            asked = {m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"}
            asked = {url for url in asked if not url.startswith(("chrome:", "data:"))}  # the browser's own first page
            check("it asks for nothing but itself", asked == {file.as_uri()}, asked)
            if len(sys.argv) > 1:
                page.picture(pathlib.Path(sys.argv[1]))
        finally:
            page.close()
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
