"""Switchyards that take each other's place as containers of one machine do: none is another's child, and each has a process tree of
its own where this machine allows that."""
import os
import pathlib
import signal
import subprocess

import running
from upgraded import Lineage

APART = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


def ways_apart():
    """What a program is started with to have a process tree of its own; nothing where it cannot."""
    try:
        return APART if subprocess.run([*APART, "true"], capture_output=True).returncode == 0 else []
    except OSError:
        return []


def first_of(work, program, apart):
    """A program for running.Switchyard: the same, apart."""
    path = pathlib.Path(work) / "first"
    path.write_text(f'#!/bin/sh\nexec {" ".join(apart)} {program} "$@"\n')
    path.chmod(0o755)
    return path


class Beside(Lineage):
    """`pids` are those of what was started here: of `unshare`, which ends with its program, and as that has."""

    def __init__(self, program, proxy, apart):
        super().__init__(program, proxy)
        self.apart, self.started = apart, [proxy.child]

    def start(self, *options, apart=None, **more):
        """The next one, under way; its log is next-N.log."""
        log = open(self.log_of(len(self.started)), "ab")
        command = [*(self.apart if apart is None else apart), self.program, "run", "--config", self.proxy.config, *options]
        child = subprocess.Popen([str(word) for word in command], stdout=log, stderr=subprocess.STDOUT, cwd=self.proxy.work, **more)
        log.close()
        self.started.append(child)
        self.pids.append(child.pid)
        return child

    def take_over(self, *options, **more):
        return self.start("--takeover", self.proxy.state / "upgrade.sock", *options, **more)

    def log_of(self, number):
        return self.proxy.work / f"next-{number}.log"

    def said(self, child):
        number = self.started.index(child)
        return self.log_of(number).read_text(errors="replace") if number else self.proxy.text()

    def all_said(self):
        return "\n".join(f"--- {i}\n{self.said(child)[-2500:]}" for i, child in enumerate(self.started) if i >= len(self.started) - 4)

    def serving(self):
        """Where one is left."""
        return self.running()[-1]

    def inner(self, pid):
        """The program itself."""
        if not self.apart:
            return pid
        return running.until("the program is started", lambda: self.children_of(pid))

    @staticmethod
    def children_of(pid):
        try:
            return int((pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split() or [0])[0])
        except OSError:
            return 0

    def end(self):
        os.kill(self.inner(self.serving()), signal.SIGTERM)
        running.until("all of them have ended", lambda: not self.running())
