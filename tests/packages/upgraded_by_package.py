#!/usr/bin/env python3
"""What the package's postinst does to an instance that runs: it has it replaced while it serves; where the new program fails the one of
before goes on, and apt's output says so; one that cannot be asked is restarted, if the new program takes its configuration.
The script runs as it is packed, with the places of the system put into a folder and systemd and adduser played.

usage: upgraded_by_package.py BUILD SWITCHYARD"""
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402
from upgraded import Lineage  # noqa: E402

PLAYED = ("systemctl", "deb-systemd-helper", "deb-systemd-invoke", "getent", "adduser", "install")


class System:
    def __init__(self, work, program):
        self.work = pathlib.Path(work)
        self.binary = self.work / "usr-bin-switchyard"
        self.state, self.config, self.asked = self.work / "state", self.work / "switchyard.json", self.work / "asked"
        (self.work / "systemd").mkdir()
        folder = self.work / "played"
        folder.mkdir()
        for name in PLAYED:
            (folder / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {self.asked}\n[ "$1" != list-units ] || exit 0\n')
            (folder / name).chmod(0o755)
        self.becomes(program)
        text = (ROOT / "deploy/debian/switchyard/postinst").read_text()
        for there, here in (("/usr/bin/switchyard", self.binary), ("/var/lib/switchyard", self.state), ("/etc/switchyard/switchyard.json", self.config),
                            ("/run/systemd/system", self.work / "systemd"), ("--probation 10s", "--probation 200ms")):
            check(f"the script speaks of {there}", there in text)
            text = text.replace(there, str(here))
        self.script = self.work / "postinst"
        self.script.write_text(text)
        self.environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}

    def becomes(self, program):
        """As dpkg puts it there: another file under the same name."""
        fresh = self.binary.with_suffix(".dpkg-new")
        shutil.copy(program, fresh)
        fresh.chmod(0o755)
        fresh.rename(self.binary)

    def configured(self):
        self.asked.write_text("")
        done = subprocess.run(["sh", self.script, "configure", "0.0.9-1"], env=self.environment, capture_output=True, text=True)
        check("apt goes on", done.returncode == 0, (done.returncode, done.stderr))
        return done.stderr, self.asked.read_text()


def main():
    program = pathlib.Path(sys.argv[2]).resolve()
    with running.workplace() as work:
        system = System(work, program)
        config = {"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "routes": [{"name": "own", "respond": {"status": 200}}]}
        with running.Switchyard(system.binary, work, config) as proxy, Lineage(system.binary, proxy) as lineage:
            system.becomes(program)
            said, asked = system.configured()
            lineage.note()
            view = lineage.view()["upgrade"]
            check("it was replaced while it served", view["state"] == "done" and view["binary"] == str(system.binary), (view, said))
            check("and not restarted", "restart" not in asked, asked)

            lineage.pids = lineage.running()
            mark = pathlib.Path(work) / "mark"
            # The verb is the new program's as well: it asks, and what it starts fails.
            mark.write_text(f'#!/bin/sh\n[ "$1" = upgrade ] && exec {program} "$@"\nexit 7\n')
            system.becomes(mark)
            said, asked = system.configured()
            check("one that fails is said", "goes on with the program from before" in said and "exit code 7" in said, said)
            check("and nothing was restarted", lineage.running() == lineage.pids and "restart" not in asked, asked)

            mark.write_text('#!/bin/sh\n[ "$1" = check ] && exit 0\nexit 4\n')
            system.becomes(mark)
            said, asked = system.configured()
            check("one that cannot be asked is restarted", "deb-systemd-invoke restart switchyard.service" in asked, (said, asked))
            mark.write_text('#!/bin/sh\n[ "$1" = check ] && exit 1\nexit 4\n')
            system.becomes(mark)
            said, asked = system.configured()
            check("but not into a program that refuses its file", "restart" not in asked and "refuses" in said, (said, asked))
            lineage.end()
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
