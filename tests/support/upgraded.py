"""A Switchyard whose place is taken by others: who serves now, and that none is left behind."""
import ctypes
import json
import os
import pathlib
import signal
import subprocess

import running

PR_SET_CHILD_SUBREAPER = 36


class Lineage:
    """The processes that take each other's place. Those whose parent has ended are this test's children."""

    def __init__(self, program, proxy):
        self.program, self.proxy = str(program), proxy
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.pids = [proxy.child.pid]

    def begin(self, *options):
        """The verb, under way."""
        return subprocess.Popen([self.program, "upgrade", "--state-dir", str(self.proxy.state), "--json", *map(str, options)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def upgrade(self, *options):
        """(exit code, what was printed, what was complained)"""
        verb = self.begin(*options)
        out, complaint = verb.communicate(timeout=2 * running.DEADLINE)  # the limits of all phases together are nearly one
        self.note()
        return verb.returncode, out, complaint

    def note(self):
        upgrade = self.view()["upgrade"] or {}
        if upgrade.get("pid") not in (None, *self.pids):
            self.pids.append(upgrade["pid"])

    def view(self):
        try:
            return running.until("the admin API", self._view)
        except running.Failed as failed:
            raise running.Failed(f"{failed}; {self.running()} of {self.pids} run\n{self.proxy.text()[-6000:]}") from None

    def _view(self):
        try:
            status, body, _ = self.proxy.call("GET", "/v1/upgrade")
            return body if status == 200 else None
        except OSError:
            return None

    @staticmethod
    def runs(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
        except OSError:
            return False

    def running(self):
        return [pid for pid in self.pids if self.runs(pid)]

    def serving(self):
        """The process that is in charge."""
        upgrade = self.view()["upgrade"]
        return upgrade["pid"] if upgrade and upgrade["state"] in ("probation", "done") else self.pids[0]

    def end(self):
        """SIGTERM to who is in charge: all of them end."""
        os.kill(self.serving(), signal.SIGTERM)
        running.until("all of them have ended", lambda: not self.running())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in self.running():
            os.kill(pid, signal.SIGKILL)
