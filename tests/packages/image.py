#!/usr/bin/env python3
"""The images as they are built for real, and run: small, without a shell or anything that gives rights, as a user who may write to
the volume alone; ready with the shipped configuration and nothing behind it, as its own health check says; replaced by a second container
beside it; and ended in order."""
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import debian  # noqa: E402
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

BUILD_SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "deploy/image/build"
LARGEST = 60 * 1000 * 1000
NOBODY = 65532

# In a network and a process tree of its own: ports and process names are the image's alone.
STORY = """
ip link set lo up
in_container() { name=$1; shift; $BUILDAH run --isolation chroot --user 65532:65532 --volume "$VOLUME" "$name" -- "$@"; }
run() { in_container "$CONTAINER" "$@"; }
run $SERVE >"$LOG" 2>&1 &
server=$!
ask() { timeout 30 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"; printf "GET $1 HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n" >&3; head -n 1 <&3' "$1" "$2"; }
for turn in $(seq 300); do
    kill -0 $server 2>/dev/null || break
    if $HEALTH >/dev/null 2>&1; then echo "healthy"; break; fi
    sleep 0.1
done
echo "readyz: $(ask $READY /readyz)"
echo "web: $(ask $WEB /)"
if [ -n "$NEXT" ]; then
    first=$server
    in_container "$BESIDE" $SERVE $NEXT >>"$LOG" 2>&1 &
    server=$!
    wait $first
    echo "handed over: $?"
    echo "readyz of the next: $(ask $READY /readyz)"
    echo "web of the next: $(ask $WEB /)"
fi
pkill -TERM -x "$PROGRAM"
wait $server
echo "ended: $?"
"""


class Storage:
    """buildah with a storage of its own; nothing of this machine's is touched."""

    def __init__(self, folder):
        folder.mkdir()
        self.command = ["buildah", "--root", str(folder / "root"), "--runroot", str(folder / "run")]
        self.environment = {**os.environ, "TMPDIR": str(folder), "BUILDAH": " ".join(self.command)}

    def __call__(self, *words):
        return debian.run(*self.command, "--storage-driver", "vfs", *words, env=self.environment).strip()


def seen(top, volume):
    """What is there outside the volume, and outside what a runtime puts into every container."""
    out = {}
    for folder, folders, files in os.walk(top):
        at = os.path.relpath(folder, top)
        for each in folders + files:
            path = os.path.normpath(os.path.join(at, each))
            if re.match(rf"({re.escape(volume)}|dev|proc|sys|run|etc/(hosts|hostname|resolv\.conf|fstab|mtab))\b", path):
                continue
            info = os.lstat(top / path)
            out[path] = (stat.S_IFMT(info.st_mode), info.st_mode & 0o7777, info.st_uid, info.st_size, info.st_mtime_ns)
    return out


def looked_at(name, top, volume, program):
    files = seen(top, volume)
    size = sum(info[3] for info in files.values() if info[0] == stat.S_IFREG)
    print(f"{name}: {size / 1e6:.1f} MB")
    check(f"{name}: small", size < LARGEST, size)
    check(f"{name}: nothing gives rights", not [path for path, info in files.items() if info[1] & 0o6000])
    theirs = [path for path, info in files.items() if info[0] != stat.S_IFLNK and path != "tmp" and (info[2] == NOBODY or info[1] & 0o002)]
    check(f"{name}: nothing is its user's to write but the volume", not theirs, theirs)
    programs = sorted(each.name for folder in ("usr/bin", "bin", "usr/sbin", "sbin") if (top / folder).is_dir() for each in (top / folder).iterdir())
    check(f"{name}: no other program, so no shell", programs == [program], programs)
    check(f"{name}: licences stay", (top / "usr/share/doc/libssl3/copyright").exists())
    return files


def one_image(build, work, storage, name, package, **story):
    tag, volume = f"{name}:test", f"var/lib/{name}"
    base = build / "debian" / f"image-{name}-{debian.key_of(debian.needs([package]))}.tar"
    base.parent.mkdir(exist_ok=True)
    debian.run(BUILD_SCRIPT, name, package, tag, env={**storage.environment, "MIRROR": debian.mirror(), "BASE": str(base)})
    settings = json.loads(storage("inspect", "--type", "image", tag))["Docker"]["config"]
    check(f"{name}: its user is nobody", settings["User"] == f"{NOBODY}:{NOBODY}", settings)
    check(f"{name}: its volume", settings["Volumes"] == {f"/{volume}": {}}, settings)
    container, beside = storage("from", tag), storage("from", tag)
    top = pathlib.Path(storage("mount", container))
    before = looked_at(name, top, volume, story["program"])

    state = work / f"state-{name}"
    state.mkdir()
    os.chown(state, NOBODY, NOBODY)
    health = settings.get("Healthcheck", {}).get("Test", [])[1:]
    run_it = f"{' '.join(storage.command)} --storage-driver vfs"
    environment = {**storage.environment, "BUILDAH": run_it, "CONTAINER": container, "BESIDE": beside, "NEXT": story.get("next", ""),
                   "VOLUME": f"{state}:/{volume}", "LOG": str(work / f"{name}.log"),
                   "SERVE": " ".join(settings["Entrypoint"] + settings["Cmd"]), "PROGRAM": story["program"],
                   "HEALTH": "run " + " ".join(health) if health else f"ask {story['ready']} /readyz",
                   "READY": str(story["ready"]), "WEB": str(story["web"])}
    done = subprocess.run(["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-uc", STORY], capture_output=True, text=True,
                          env=environment, timeout=240)
    shown = done.stdout + done.stderr + (work / f"{name}.log").read_text()
    check(f"{name}: its health check says so, without curl", "healthy\n" in done.stdout, shown)
    check(f"{name}: ready", "readyz: HTTP/1.1 200" in done.stdout, shown)
    check(f"{name}: it answers", f"web: HTTP/1.1 {story['answers']}" in done.stdout, shown)
    if "next" in story:
        check(f"{name}: a container beside it takes over, and the first ends by itself", "handed over: 0\n" in done.stdout, shown)
        check(f"{name}: the next is ready and answers", "readyz of the next: HTTP/1.1 200" in done.stdout and
              f"web of the next: HTTP/1.1 {story['answers']}" in done.stdout, shown)
    check(f"{name}: ended in order", "\nended: 0" in done.stdout, shown)
    check(f"{name}: the volume is written to", any(state.iterdir()))
    after = seen(top, volume)
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path) and path not in ("etc", "var/lib", "."))
    check(f"{name}: nothing else has changed", not changed, [(path, before.get(path), after.get(path)) for path in changed])
    storage("umount", container)
    storage("rm", container, beside)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    reason = debian.why_not() or ("" if shutil.which("buildah") else "there is no buildah") or ("" if shutil.which("ip") else "there is no ip")
    if reason:
        print(f"(no image is built here: {reason})")
        return 0
    with running.workplace() as folder:
        work = pathlib.Path(folder)
        packages = debian.packed(build, work / "packages")
        storage = Storage(work / "storage")
        one_image(build, work, storage, "switchyard", packages["switchyard"], program="switchyard", ready=9900, web=8080, answers=503,
                  next="--takeover /var/lib/switchyard/upgrade.sock --probation 500ms --drain-within 1s")
        one_image(build, work, storage, "forum", packages["switchyard-forum"], program="forum", ready=8090, web=8090, answers=200)
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
