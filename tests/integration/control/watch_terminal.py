#!/usr/bin/env python3
"""switchyard watch on a terminal redraws in place: whatever it writes, the screen shows one picture, within the window,
and follows what changes, also over a restart of the proxy, with the charts of the dashboard. Elsewhere than on a terminal it prints plain lines."""
import fcntl
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from addresses import Traffic  # noqa: E402
from checks import check, verdict  # noqa: E402


class Terminal:
    """A screen of so many rows and columns that understands what watch uses, and nothing else."""

    def __init__(self, rows, columns):
        self.rows, self.columns = rows, columns
        self.cells = [""] * rows
        self.row = self.column = self.scrolled = self.clears = 0
        self.unknown = []

    def put(self, text):
        for piece in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b.|[^\x1b]", text, re.S):
            if piece == "\x1b[H":
                self.row = self.column = 0
            elif piece == "\x1b[2J":
                self.cells = [""] * self.rows
                self.clears += 1
            elif piece == "\x1b[K":
                self.cells[self.row] = self.cells[self.row][:self.column]
            elif piece == "\x1b[J":
                self.cells[self.row] = self.cells[self.row][:self.column]
                self.cells[self.row + 1:] = [""] * (self.rows - self.row - 1)
            elif piece.startswith("\x1b"):
                self.unknown.append(piece)
            elif piece == "\r":
                self.column = 0
            elif piece == "\n":
                self.down()
            else:
                if self.column == self.columns:
                    self.column = 0
                    self.down()
                line = self.cells[self.row].ljust(self.column)
                self.cells[self.row] = line[:self.column] + piece + line[self.column + 1:]
                self.column += 1

    def down(self):
        self.row += 1
        if self.row == self.rows:
            self.row -= 1
            self.scrolled += 1
            self.cells = self.cells[1:] + [""]

    def text(self):
        return "\n".join(self.cells)


class Watch:
    """The program on a pseudo-terminal."""

    def __init__(self, program, proxy, rows, columns):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen = Terminal(rows, columns)
        self.child = subprocess.Popen([program, "watch", "--every", "0.05", "--state-dir", str(proxy.state)], stdin=slave,
                                      stdout=slave, stderr=slave, close_fds=True, start_new_session=True)
        os.close(slave)
        self.bytes = b""

    def until(self, what, holds):
        """Reads and draws until `holds` of the screen between two pictures."""
        end = time.monotonic() + running.DEADLINE
        while time.monotonic() < end:
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.bytes += os.read(self.master, 65536)
                except OSError:
                    raise running.Failed(f"{what}: watch ended\n{self.screen.text()}") from None
                # A picture ends with the clearing of what is below it.
                whole, mark, self.bytes = self.bytes.rpartition(b"\x1b[J")
                self.screen.put((whole + mark).decode())
                if mark and holds(self.screen.text()):
                    return
        raise running.Failed(f"{what}: not within {running.DEADLINE:.0f} s\n{self.screen.text()}")

    def end(self):
        self.child.send_signal(signal.SIGINT)
        self.child.wait(running.DEADLINE)
        os.close(self.master)


def on_a_terminal(program, proxy, restart):
    watch = Watch(program, proxy, 40, 100)
    proxy.healthy("blue", "green")
    watch.until("the first picture", lambda text: "generation 1 on 2 of 2" in text and "blue 100 %, green 0 %" in text)
    proxy.call("POST", "/v1/routes/app/switch", {"to": "green"}, X_Reason="to see it")
    watch.until("a switch is seen", lambda text: "generation 2 on 2 of 2" in text and "blue 0 %, green 100 %" in text)
    with Traffic(proxy.url(), connections=1):
        watch.until("its charts move", lambda text: re.search(r"requests +blue +▁+ 0\.0/s +green +▁+.*█.* \d+/s", text))
    text = watch.screen.text()
    check("one picture, not two", text.count("\nroute app ") == 1 and text.count(" workers") == 1, text)
    check("with what changes now", "by local-admin" in text and "switch (to see it)" in text, text)
    proxy.call("PUT", "/v1/upstreams/green/endpoints/127.0.0.1:1", {})
    watch.until("a down endpoint is seen", lambda text: re.search(r"127\.0\.0\.1:1 +down", text))
    proxy.call("DELETE", "/v1/upstreams/green/endpoints/127.0.0.1:1")
    watch.until("and is gone from the screen", lambda text: "127.0.0.1:1 " not in text.replace("endpoint 127.0.0.1:1 removed", ""))
    proxy = restart(proxy, lambda: watch.until("the proxy is away", lambda text: "does not answer" in text))
    watch.until("and back", lambda text: "generation 4 on 2 of 2" in text and "does not answer" not in text)
    check("it was cleared once", watch.screen.clears == 1, watch.screen.clears)
    check("it never scrolled", watch.screen.scrolled == 0, watch.screen.scrolled)
    check("it says nothing else to the terminal", not watch.screen.unknown, watch.screen.unknown)
    watch.end()
    return proxy


def in_a_small_window(program, proxy):
    watch = Watch(program, proxy, 8, 30)
    for _ in range(3):
        watch.until("a picture", lambda text: "more lines" in text)
    check("a small window shows what fits", watch.screen.scrolled == 0 and watch.screen.cells[0].startswith("switchyard "),
          watch.screen.text())
    watch.end()


def in_a_narrow_window(program, proxy):
    watch = Watch(program, proxy, 60, 44)
    with Traffic(proxy.url(), connections=1):
        watch.until("a whole picture", lambda text: "more lines" not in text and "by local-admin" in text and "█" in text)
    text = watch.screen.text()
    route = text[text.index("\nroute app"):].split("\nupstream")[0]
    told = route.split("over the last")[0]
    check("of a line that is too wide nothing is lost", " ".join(told.split()).count(" ms") == 1 and "p50" in told and "p99" in told, text)
    charts = [line for line in route.splitlines() if re.match(r"    (requests|errors  |p50     |p99     |        ) (blue |green) ", line)]
    check("a row for each colour and figure, none of which is folded", len(charts) == 8 and all(len(line) <= 44 for line in charts), text)
    check("and nothing scrolls", watch.screen.scrolled == 0, watch.screen.scrolled)
    watch.end()


def elsewhere(program, proxy):
    def lines(*words):
        done = subprocess.run([program, "watch", "--every", "0.05", "--times", "3", "--state-dir", str(proxy.state), *words],
                              capture_output=True, text=True, timeout=running.DEADLINE)
        check("it ends after its times", done.returncode == 0, done.stderr)
        return done.stdout

    plain = lines()
    check("a line each time, nothing for terminals", plain.count("\n") == 3 and "\x1b" not in plain and
          all(line.startswith("generation 4 ") for line in plain.splitlines()), plain)
    check("and JSON for machines", lines("--json").count('"generation":4') >= 3)


def main(program, yardbench):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        proxy = running.Switchyard(program, work, running.blue_green([blue.address], [blue.address]))
        try:
            def restart(old, meanwhile):
                old.end()
                meanwhile()
                return running.Switchyard(program, work, None, name="again")

            proxy = on_a_terminal(program, proxy, restart)
            in_a_small_window(program, proxy)
            in_a_narrow_window(program, proxy)
            elsewhere(program, proxy)
            check("it ends in order", proxy.end() == 0)
        finally:
            proxy.__exit__()
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
