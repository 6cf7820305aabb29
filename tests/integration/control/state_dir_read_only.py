#!/usr/bin/env python3
"""The state directory becomes read-only under a running Switchyard, as when the kernel finds an error on the disk: each
change is refused with the reason and changes nothing, traffic goes on, and when it is writable again changes are possible.
A start on it is refused with the reason, and leaves what is there as it is.

The third argument is the library that makes the files read-only, for root too, while a file exists."""
import contextlib
import os
import pathlib
import subprocess
import sys

import state_dir_full
from state_dir_full import check, running, verdict


@contextlib.contextmanager
def read_only_files(library, work):
    """Programs that are started inside find their state directory read-only while the file that is given exists."""
    switch = pathlib.Path(work) / "read-only"
    os.environ.update(LD_PRELOAD=str(library), READ_ONLY_BELOW=str(pathlib.Path(work) / "state"), READ_ONLY_WHILE=str(switch))
    try:
        yield switch
    finally:
        del os.environ["LD_PRELOAD"]


def becomes_read_only(proxy, switch):
    proxy.healthy("blue", "green")
    with state_dir_full.Traffic(proxy) as traffic:
        for n in range(3):
            state_dir_full.split(proxy, n + 1)
        before = proxy.status()["generation"]
        switch.touch()
        state_dir_full.refused_meanwhile(proxy, traffic, 500, "internal", "state_dir must be writable")
        switch.unlink()
        state_dir_full.room_again(proxy, before)
        traffic.flows("afterwards")
    check("no request failed", not traffic.bad, traffic.bad[:3])


def refuses_to_start(program, proxy, switch):
    before = sorted((p.name, p.read_bytes()) for p in proxy.state.iterdir())
    switch.touch()
    ended = subprocess.run([program, "run", "--config", proxy.config], capture_output=True, text=True, timeout=running.DEADLINE)
    said = ended.stdout + ended.stderr
    check("the start is refused", ended.returncode == 1, ended.returncode)
    check("it names the setting, the folder and the cause",
          all(word in said for word in ("state_dir", str(proxy.state), "Read-only file system")), said)
    check("nothing was touched", sorted((p.name, p.read_bytes()) for p in proxy.state.iterdir()) == before)
    switch.unlink()


def main(program, yardbench, library):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        with read_only_files(library, work) as switch:
            with running.Switchyard(program, work, running.blue_green([blue.address], [blue.address])) as proxy:
                becomes_read_only(proxy, switch)
                newest = proxy.status()["generation"]
                proxy.end()
            refuses_to_start(program, proxy, switch)
            with running.Switchyard(program, work, None, name="again") as proxy:
                check("writable again, it resumes", proxy.status()["generation"] == newest, proxy.status()["generation"])
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
