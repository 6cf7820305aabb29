"""Debian around the packages: packed as CI packs, a small system to install them in (kept in the build folder), and a way
into it that leaves this machine alone: its own network with nothing but a loopback, its own processes, its own mounts."""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

SUITE = "bookworm"  # what the programs are built against


def why_not():
    """What is missing here for a system in a folder; empty when nothing is."""
    if os.geteuid() != 0:
        return "this is not root"
    for program in ("mmdebstrap", "dpkg-deb", "apt-get", "unshare", "cpack"):
        if shutil.which(program) is None:
            return f"there is no {program}"
    if subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"], capture_output=True).returncode != 0:
        return "namespaces are not allowed"
    if mirror() is None:
        return f"apt is not configured for Debian's {SUITE}"
    return ""


def mirror():
    """Where this machine's apt has Debian from."""
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(LABEL)", "Created-By: Packages"],
                          capture_output=True, text=True)
    for line in done.stdout.splitlines():
        uri, _, rest = line.partition(" ")
        if rest == f"{SUITE} Debian":
            return uri
    return None


def run(*command, **more):
    done = subprocess.run([str(each) for each in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


def packed(build, into):
    """The packages of a build: name -> file."""
    environment = {k: v for k, v in os.environ.items() if k != "SOURCE_DATE_EPOCH"}
    run("cpack", "--config", pathlib.Path(build) / "CPackConfig.cmake", "-B", into, env=environment)
    return {each.name.split("_")[0]: each for each in sorted(pathlib.Path(into).glob("*.deb"))}


def field(package, name):
    return run("dpkg-deb", "-f", package, name).strip()


def needs(packages):
    """Names of what the packages depend on."""
    names = set()
    for package in packages:
        for each in filter(None, field(package, "Depends").split(",")):
            names.add(re.split(r"[ (|:]", each.strip())[0])
    return sorted(names)


def key_of(names):
    return hashlib.sha256(" ".join([SUITE, *names]).encode()).hexdigest()[:12]


def system(build, names):
    """A tar of a system with these packages; made once for each list of them."""
    tar = pathlib.Path(build) / "debian" / f"system-{key_of(names)}.tar"
    if not tar.exists():
        tar.parent.mkdir(exist_ok=True)
        fresh = tar.with_suffix(".new.tar")
        run("mmdebstrap", "--variant=apt", "--mode=root", f"--include={','.join(names)}", SUITE, fresh,
            f"deb {mirror()} {SUITE} main")
        fresh.rename(tar)
    return tar


class Root:
    """A system in a folder, and commands in it."""

    def __init__(self, tar, folder):
        self.path = pathlib.Path(folder)
        self.path.mkdir()
        run("tar", "-x", "-C", self.path, "-f", tar, "--numeric-owner")
        # A system that is thrown away need not survive the loss of power: dpkg waits for the disk at every file otherwise.
        (self.path / "etc/dpkg/dpkg.cfg.d/thrown-away").write_text("force-unsafe-io\n")

    def command(self, script, user="root"):
        inside = ('mount -t proc proc "$0/proc" && ip link set lo up 2>/dev/null; '
                  'exec chroot --userspec="$1" "$0" /usr/bin/env -i HOME=/ LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive '
                  'PATH=/usr/sbin:/usr/bin:/sbin:/bin bash -euc "$2"')
        return ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "bash", "-c", inside, str(self.path), user, script]

    def run(self, script, user="root"):
        return run(*self.command(script, user))

    def paths(self):
        """All there is, relative to the top."""
        out = set()
        for folder, folders, files in os.walk(self.path):
            at = os.path.relpath(folder, self.path)
            out.update(os.path.normpath(os.path.join(at, each)) for each in folders + files)
        return out
