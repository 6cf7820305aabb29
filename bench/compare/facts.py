"""What a recorded figure must be read together with: machine, kernel, compiler, versions, commit, how busy it was."""
import datetime
import os
import pathlib
import platform
import re
import shlex
import shutil
import subprocess
import sys

TREE = pathlib.Path(__file__).resolve().parents[2]


def said(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, cwd=TREE)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout + done.stderr).strip()


def version(program, *arguments):
    if not shutil.which(program):
        return None
    match = re.search(r"\d+\.\d+(\.\d+)?[\w.+-]*", said(program, *arguments))
    return match.group(0) if match else None


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def built(program):
    """When a program that is measured was built: the commit below is the tree's, and may be newer."""
    if program is None:
        return None
    at = datetime.datetime.fromtimestamp(program.stat().st_mtime, datetime.timezone.utc)
    return at.isoformat(timespec="seconds")


def command():
    """The command line as anyone would type it: from the top of the tree, without where this machine builds."""
    words = sys.argv[1:]
    if "--build" in words:
        at = words.index("--build")
        words = words[:at] + words[at + 2:]
    return shlex.join(["scripts/bench", *words])


def facts(options):
    changed = [line for line in said("git", "status", "--porcelain", "--untracked-files=no").splitlines() if line]
    return {
        "when": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "switchyard_built": built(options.switchyard),
        "yardbench_built": built(options.yardbench),
        "commit": said("git", "rev-parse", "--short=12", "HEAD"),
        "files_changed_since_commit": len(changed),
        "processor": processor(),
        "processors": os.cpu_count(),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "kernel": platform.release(),
        "compiler": (said("g++", "--version").splitlines() or ["?"])[0],
        "versions": {name: found for name, found in (
            ("nginx", version("nginx", "-v")), ("haproxy", version("haproxy", "-v")), ("h2o", version("h2o", "--version")), ("wrk", version("wrk", "-v"))) if found},
        "niceness": os.nice(0),
        "load_average_before": os.getloadavg()[0],
    }
