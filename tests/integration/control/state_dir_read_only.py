#!/usr/bin/env python3
"""The state directory becomes read-only under a running Switchyard, as when the kernel finds an error on the disk: each
change is refused with the reason and changes nothing, traffic goes on, and when it is writable again changes are possible.
A start on it serves what was in force, and leaves what is there as it is.

The third argument is the library that makes the files read-only, for root too, while a file exists."""
import contextlib
import json
import os
import pathlib
import re
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


def contents(folder):
    """Of the files; a socket has a name alone."""
    return sorted((p.name, p.read_bytes() if p.is_file() else None) for p in folder.iterdir())


def serves_read_only(program, work, proxy, switch):
    """Whatever the file says since then: the state as it was, read-only."""
    config = json.loads(proxy.config.read_text())
    config["routes"][0]["debug_headers"] = False
    proxy.config.write_text(json.dumps(config))
    newest, split = proxy.status_at_end
    before = contents(proxy.state)
    switch.touch()
    private = pathlib.Path(work) / "private"
    private.mkdir()
    os.environ["TMPDIR"] = str(private)
    with running.Process([program, "run", "--config", proxy.config], work, "read-only") as blind:
        # Where it listens cannot be written down: only the log says so.
        proxy.admin = running.until("it answers", lambda: re.search(r"admin API at (http://[0-9.:]+)", blind.text())).group(1)
        del os.environ["TMPDIR"]
        # It works on a private copy, which is gone from the folder, however the process ends.
        check("no copy is left", not list(private.iterdir()), list(private.iterdir()))
        status = proxy.status()
        check("it serves what was in force", status["generation"] == newest and status["routes"][0]["split"] == split, status)
        check("status and log name the folder and the cause", all(
            word in text for text in (status["notices"][0], blind.text()) for word in ("state_dir", str(proxy.state), "Read-only file system")),
              status["notices"])
        check("the file is not taken", status["file"]["state"] == "refused", status["file"])
        check("its history can be read", proxy.call("GET", "/v1/audit/verify")[1]["intact"])
        answer = state_dir_full.split(proxy, 5)
        check("a change is refused as store_unavailable", answer[0] == 503 and answer[1]["type"].endswith(":store_unavailable"), answer)
        check("and changed nothing", proxy.status()["generation"] == newest)
        check("it ends in order", blind.end() == 0)
    check("nothing was touched", contents(proxy.state) == before)
    switch.unlink()


def main(program, yardbench, library):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        with read_only_files(library, work) as switch:
            with running.Switchyard(program, work, running.blue_green([blue.address], [blue.address])) as proxy:
                becomes_read_only(proxy, switch)
                newest = proxy.status()["generation"]
                proxy.status_at_end = newest, proxy.status()["routes"][0]["split"]
                proxy.kill()  # its log is left beside the database: what cannot be written cannot even be read in place
            serves_read_only(program, work, proxy, switch)
            with running.Switchyard(program, work, None, name="again") as proxy:
                check("writable again, it resumes and takes the file", proxy.status()["generation"] == newest + 1 and
                      proxy.status()["file"]["state"] == "taken", proxy.status()["generation"])
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
