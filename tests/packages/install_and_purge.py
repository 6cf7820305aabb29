#!/usr/bin/env python3
"""The packages in a Debian of their own: packed twice they are the same bits; installed, the shipped configuration serves with
nothing behind it; a newer one takes over what an older one left, and what its owner has changed; removed, owner's files stay;
purged, nothing is left."""
import hashlib
import os
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import debian  # noqa: E402
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

OLDER = "0.0.9-1"
# What dpkg, apt and adduser leave of any package.
LEFT_BY_OTHERS = re.compile(r"^(var/(lib/dpkg|lib/apt|log/(dpkg|apt|alternatives)|cache)\b|etc/(passwd|group|shadow|gshadow|subuid|subgid)-$|etc/\.pwd\.lock|run/adduser|tmp/)")

# Port 8080 as the shipped file says, and the admin API's: the network is this system's own.
SERVE = """
switchyard run --config /etc/switchyard/switchyard.json 2>/tmp/switchyard.log &
server=$!
for turn in $(seq 600); do switchyard status --ready >/dev/null 2>&1 && break; sleep 0.1; done
ask() { exec 3<>/dev/tcp/127.0.0.1/$1; printf 'GET %s HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' "$2" >&3; head -n 1 <&3; exec 3>&-; }
echo "readyz: $(ask 9900 /readyz)"
echo "web: $(ask 8080 /)"
switchyard status
kill $server
wait $server
"""


def same_bits_twice(build, work):
    # A mask that would leave folders to root alone (contents() looks), another folder, another moment.
    before = os.umask(0o027)
    first, second = (debian.packed(build, work / each) for each in ("first", "second"))
    os.umask(before)
    check("three packages", sorted(first) == ["switchyard", "switchyard-forum", "yardbench"], sorted(first))
    for name, package in first.items():
        digests = [hashlib.sha256(each.read_bytes()).hexdigest() for each in (package, second[name])]
        check(f"{name}: packed twice, the same bits", digests[0] == digests[1], digests)
    return first


def contents(packages):
    listing = {name: debian.run("dpkg-deb", "-c", package) for name, package in packages.items()}
    for path in ("usr/bin/switchyard", "lib/systemd/system/switchyard.service", "lib/systemd/system/switchyard@.service",
                 "etc/switchyard/switchyard.json", "etc/logrotate.d/switchyard", "usr/share/man/man1/switchyard.1.gz",
                 "usr/share/man/man1/switchyard-deploy.1.gz", "usr/share/bash-completion/completions/switchyard",
                 "usr/share/zsh/vendor-completions/_switchyard", "usr/share/fish/vendor_completions.d/switchyard.fish"):
        check(f"switchyard has {path}", f"./{path}\n" in listing["switchyard"], listing["switchyard"])
    check("yardbench has its program and pages", all(f"./usr/{each}\n" in listing["yardbench"] for each in ("bin/yardbench", "share/man/man1/yardbench.1.gz")))
    check("the forum has both colours", all(f"./etc/forum/{each}.conf\n" in listing["switchyard-forum"] for each in ("blue", "green")))
    for name, text in listing.items():
        strange = [line for line in text.splitlines() if " root/root " not in line or not re.match(r"^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--) ", line)]
        check(f"{name}: all is root's to write, and everybody's to read", not strange, strange)
        check(f"{name}: no path of the machine that built it", "/build/" not in text, text)
    check("libraries are found out", "libssl3" in debian.field(packages["switchyard"], "Depends"), debian.field(packages["switchyard"], "Depends"))


def older(package, work):
    """The same, as an earlier version: with a log turned otherwise, and a file that is gone since."""
    tree = work / "older"
    debian.run("dpkg-deb", "-R", package, tree)
    control = tree / "DEBIAN" / "control"
    control.write_text(re.sub(r"^Version: .*", f"Version: {OLDER}", control.read_text(), flags=re.M))
    turned = tree / "etc/logrotate.d/switchyard"
    turned.write_text(turned.read_text().replace("rotate 14", "rotate 7"))
    (tree / "usr/share/doc/switchyard/was-there-once").write_text("gone since\n")
    out = work / f"switchyard_{OLDER}.deb"
    debian.run("dpkg-deb", "--root-owner-group", "-Zgzip", "-b", tree, out)
    return out


def install(root, *packages):
    for each in packages:
        shutil.copy(each, root.path / "tmp" / each.name)
    return root.run("apt-get install -y --no-install-recommends " + " ".join(f"/tmp/{each.name}" for each in packages))


def serves(root, what):
    said = root.run(SERVE, "switchyard:switchyard")
    log = (root.path / "tmp/switchyard.log").read_text()
    check(f"{what}: ready, with nothing behind it", "readyz: HTTP/1.1 200" in said, said + log)
    check(f"{what}: the shipped file answers", "web: HTTP/1.1 503" in said, said + log)
    return said


def a_life(packages, work, root):
    switchyard = packages["switchyard"]
    bare = root.paths()
    install(root, older(switchyard, work))
    serves(root, "the older one")
    mode = (root.path / "var/lib/switchyard").stat().st_mode & 0o777
    check("the state is its user's alone", mode == 0o700, oct(mode))

    config = root.path / "etc/switchyard/switchyard.json"
    config.write_text(config.read_text().replace("Switchyard runs here.", "Mine."))
    install(root, switchyard, packages["yardbench"], packages["switchyard-forum"])
    check("the newer one is there", root.run("dpkg-query -W -f '${Version}' switchyard") == debian.field(switchyard, "Version"))
    check("what its owner has changed stays", "Mine." in config.read_text(), config.read_text())
    check("what nobody has changed is the newer one's", "rotate 14" in (root.path / "etc/logrotate.d/switchyard").read_text())
    check("what it has no more is gone", not (root.path / "usr/share/doc/switchyard/was-there-once").exists())
    said = serves(root, "the newer one")
    check("it goes on with the state of the older one", "generation 2" in said, said)
    check("the others say what they are", "load" in root.run("yardbench --help") and
          "blue" in root.run("forum config --config /etc/forum/blue.conf", "forum:forum"))
    if (root.path / "usr/sbin/logrotate").exists():
        root.run("logrotate --debug /etc/logrotate.d/switchyard")

    root.run("apt-get remove -y switchyard yardbench switchyard-forum")
    check("removed, the owner's files stay", config.exists() and (root.path / "var/lib/switchyard/switchyard.db").exists())
    check("and the program is gone", not (root.path / "usr/bin/switchyard").exists())
    install(root, switchyard)
    check("installed again, it goes on", "Mine." in config.read_text() and "generation 2" in serves(root, "the one that came back"))
    root.run("apt-get purge -y switchyard switchyard-forum")
    left = sorted(each for each in root.paths() - bare if not LEFT_BY_OTHERS.match(each))
    check("purged, nothing is left", not left, left)
    accounts = (root.path / "etc/passwd").read_text() + (root.path / "etc/group").read_text()
    check("nor anybody", not re.search(r"^(switchyard|forum):", accounts, re.M), accounts)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    reason = debian.why_not()
    if reason:
        print(f"(the packages are not installed anywhere here: {reason})")
        return 0
    with running.workplace() as folder:
        work = pathlib.Path(folder)
        packages = same_bits_twice(build, work)
        contents(packages)
        tar = debian.system(build, sorted({*debian.needs(packages.values()), "logrotate", "iproute2"}))
        a_life(packages, work, debian.Root(tar, work / "root"))
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
