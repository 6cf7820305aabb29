#!/usr/bin/env python3
"""The units as they are installed: systemd understands every line of them, a stranger who breaks into the process finds
little open, and they name programs and files that are there."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

# Of 100, of systemd's own count; what is left is the network itself, its name and files, and the ports below 1024.
EXPOSED = 20


def installed(build, root):
    done = subprocess.run(["cmake", "--install", build, "--prefix", "/usr"], capture_output=True, text=True,
                          env={**os.environ, "DESTDIR": str(root)})
    check("cmake --install does it", done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:])


def units(root):
    folder = root / "lib/systemd/system"
    names = sorted(each.name for each in folder.iterdir())
    check("three units", names == ["forum@.service", "switchyard.service", "switchyard@.service"], names)
    for name in names:
        text = (folder / name).read_text()
        check(f"{name}: everything is filled in", not re.search(r"@[A-Z_]+@", text), text)
        for program in re.findall(r"^Exec\w+=(\S+)", text, re.M):
            check(f"{name}: {program} is there", (root / program[1:]).exists() or pathlib.Path(program).exists())
        for path in re.findall(r"/etc/\S+", text):
            told = [path.replace("%i", each) for each in ("blue", "switchyard")]
            check(f"{name}: {path} is there", any((root / each[1:]).exists() for each in told))
    return folder, names


def looked_through(root, folder, names):
    # Without a manager that runs, and apart from this machine's own units: in a tree of its own, with systemd's targets.
    for own in pathlib.Path("/lib/systemd/system").glob("*.*"):
        if own.suffix in (".target", ".slice", ".socket", ".mount") and not (folder / own.name).exists():
            (folder / own.name).write_bytes(own.read_bytes())
    (root / "bin").mkdir()
    shutil.copy("/bin/kill", root / "bin/kill")
    for name in names:
        instance = name.replace("@.", "@blue.")
        done = subprocess.run(["systemd-analyze", f"--root={root}", "--man=no", "verify", instance], capture_output=True, text=True)
        said = [line for line in done.stderr.splitlines() if name.split("@")[0].split(".")[0] in line]
        check(f"{name}: nothing to say against it", not said, done.stderr)
        # A template is looked at as one of its instances.
        (folder / instance).write_bytes((folder / name).read_bytes())
        done = subprocess.run(["systemd-analyze", "--no-pager", "security", "--offline=yes", f"--threshold={EXPOSED}",
                               str(folder / instance)], capture_output=True, text=True)
        check(f"{name}: exposed to no more than {EXPOSED} of 100", done.returncode == 0, (done.stdout + done.stderr)[-3000:])


def a_mistake_is_found(root, folder):
    """The test of the test: what is misspelt is said."""
    text = (folder / "switchyard.service").read_text()
    (folder / "mistaken.service").write_text(text.replace("ProtectHome=yes", "ProtectHouse=yes"))
    done = subprocess.run(["systemd-analyze", f"--root={root}", "--man=no", "verify", "mistaken.service"], capture_output=True, text=True)
    check("a misspelt key is found", "ProtectHouse" in done.stderr, done.stderr)


def main():
    build = sys.argv[1]
    if shutil.which("systemd-analyze") is None:
        print("(there is no systemd-analyze here: the units are not looked at)")
        return 0
    with running.workplace() as work:
        root = pathlib.Path(work) / "root"
        installed(build, root)
        folder, names = units(root)
        looked_through(root, folder, names)
        a_mistake_is_found(root, folder)
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
