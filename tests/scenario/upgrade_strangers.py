#!/usr/bin/env python3
"""Story: programs that are to take over and hang, end, refuse, or talk of what is not known, in each phase; one that is older than the
state; and a disk that is full. The running one goes on, whoever connects meanwhile is answered, what is in force stays, and why it
failed is said.

usage: upgrade_strangers.py SWITCHYARD YARDBENCH"""
import concurrent.futures
import contextlib
import os
import pathlib
import sqlite3
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from running import Endpoint, Failed, Switchyard, blue_green, until, workplace  # noqa: E402
from upgraded import Lineage  # noqa: E402
from upgrade_faults import Visitors, script  # noqa: E402

STRANGER = pathlib.Path(__file__).resolve().parent.parent / "support" / "stranger.py"
# As far as it comes, what it does then, the phase that it fails in, and why as it is said. Those in a row are one life after the
# other of one process; rows live side by side, since each limit is waited for.
LIVES = [
    [("nothing", "hang", "hello", "has not said a word within 10 s"), ("nothing", "end", "hello", "ended"),
     ("nothing", "protocol", "hello", "speaks protocol 9"), ("nothing", "older", "hello", "speaks protocol 0"), ("hello", "babble", "rehearsal", "of_another_world"),
     ("hello", "end", "rehearsal", "ended"), ("ready", "refuse", "rehearsal", "knows no such key"),
     ("ready", "contract", "freeze", "restart into it instead"), ("ready", "end", "freeze|takeover", "ended"), ("serving", "end", "probation", "ended"),
     ("alive", "babble", "probation", "of_another_world"), ("alive", "end", "probation", "ended"),
     ("alive", "expand", "probation", "ended")],
    [("hello", "hang", "rehearsal", "not come through its rehearsal within 30 s")],
    [("ready", "hang", "takeover", "have not begun to serve within"), ("alive", "hang", "probation", "nothing was heard of it within")],
]


def standing(proxy):
    status = proxy.status()
    return status["generation"], [(route["name"], route["split"]) for route in status["routes"]], status["workers"], status.get("predecessors")


def one_row(row, program, work, endpoints):
    work.mkdir()
    with Switchyard(program, work, blue_green(*endpoints)) as proxy, Lineage(program, proxy) as lineage:
        proxy.healthy("blue", "green")
        visitors = Visitors(int(proxy.url().rsplit(":", 1)[1]), 2)
        try:
            before = standing(proxy)
            for as_far_as, then, phase, why in row:
                binary = script(work, f"{as_far_as}-{then}", f"exec {sys.executable} {STRANGER} {as_far_as} {then}")
                code, out, complaint = lineage.upgrade("--binary", binary)
                upgrade = lineage.view()["upgrade"]
                what = f"{as_far_as}, {then}: {code} {out} {complaint}"
                if code != 1 or upgrade["state"] != "failed" or upgrade["phase"] not in phase.split("|") or why not in upgrade["detail"]:
                    raise Failed(what)
                if upgrade["detail"] not in complaint:
                    raise Failed(f"it is not said: {what}")
                if standing(proxy) != before or lineage.running() != lineage.pids[:1]:
                    raise Failed(f"it is not as before: {what}: {standing(proxy)}, {before}, {lineage.running()}")
                status, _, _ = proxy.call("POST", "/v1/routes/app/switch", {"to": "green"})
                if status != 200 or proxy.call("POST", "/v1/undo", {})[0] != 200:
                    raise Failed(f"it does not decide again: {what}")
                before = standing(proxy)
        except Failed as failed:
            raise Failed(f"{failed}\n{proxy.text()[-3000:]}") from None
        finally:
            visitors.end()
        if visitors.refused or set(visitors.count) != {"200"}:
            raise Failed(f"{row}: {visitors.count}, refused: {visitors.refused[:3]}\n{proxy.text()[-3000:]}")
        if list((work / "state" / "upgrade").iterdir()):
            raise Failed("a copy of the state was left behind")
        code, out, complaint = lineage.upgrade("--probation", "100ms", "--drain-within", "1s")
        if code != 0:
            raise Failed(f"a sound program after all of them: {out} {complaint}\n{proxy.text()[-3000:]}")
        lineage.end()
        return sum(visitors.count.values())


def marked(state, min_reader):
    """As if the running program were a newer one, which has brought its state to its own format."""
    with contextlib.closing(sqlite3.connect(state / "switchyard.db", timeout=30)) as db, db:
        db.execute("PRAGMA user_version = 999")
        db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('min_reader', ?)", (str(min_reader),))


def older_than_the_state(program, work, endpoints):
    """The program itself as the older one: by a state that says that it cannot be read by it, and by one that says that it can."""
    work.mkdir()
    with Switchyard(program, work, blue_green(*endpoints)) as proxy, Lineage(program, proxy) as lineage:
        proxy.healthy("blue", "green")
        visitors = Visitors(int(proxy.url().rsplit(":", 1)[1]), 2)
        try:
            marked(proxy.state, 999)
            before = standing(proxy)
            code, out, complaint = lineage.upgrade()
            upgrade = lineage.view()["upgrade"]
            cure = "run that version, or point process.state_dir at another directory"
            if code != 1 or upgrade["phase"] != "rehearsal" or "written by a newer switchyard (format 999" not in complaint or cure not in complaint:
                raise Failed(f"an older program: {code} {out} {complaint} {upgrade}")
            if "freeze" in upgrade["took_ms"] or standing(proxy) != before or lineage.running() != lineage.pids[:1]:
                raise Failed(f"an older program: it is not as before: {upgrade}, {standing(proxy)}, {before}")
            if proxy.call("POST", "/v1/routes/app/switch", {"to": "green"})[0] != 200:
                raise Failed("it does not decide any more")
            generation = proxy.status()["generation"]
            marked(proxy.state, 1)
            code, out, complaint = lineage.upgrade("--probation", "100ms", "--drain-within", "1s")
            if code != 0 or proxy.status()["generation"] != generation or proxy.call("POST", "/v1/undo", {})[0] != 200:
                raise Failed(f"an older program that can use the state: {code} {out} {complaint}\n{proxy.text()[-3000:]}")
        finally:
            visitors.end()
        if visitors.refused or set(visitors.count) != {"200"}:
            raise Failed(f"an older program: {visitors.count}, refused: {visitors.refused[:3]}\n{proxy.text()[-3000:]}")
        lineage.end()


def on_a_full_disk(program, work, endpoints):
    """The state's disk has no room when the upgrade begins; when there is some again it goes on by itself."""
    work.mkdir()
    state = work / "state"
    state.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", state], capture_output=True).returncode != 0:
        print("(a full disk is not tried: nothing may be mounted here)")
        return
    try:
        with Switchyard(program, work, blue_green(*endpoints)) as proxy, Lineage(program, proxy) as lineage:
            proxy.healthy("blue", "green")
            generation = proxy.status()["generation"]
            filler = state / "filler"
            with open(filler, "wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"x" * 4096)
                except OSError:
                    pass
            code, out, complaint = lineage.upgrade("--probation", "100ms")
            if code != 1 or "failed in its phase" not in complaint:
                raise Failed(f"without room: {code} {out} {complaint}\n{proxy.text()[-2000:]}")
            if lineage.running() != lineage.pids[:1] or proxy.status()["generation"] != generation:
                raise Failed(f"without room: it is not as before\n{proxy.text()[-2000:]}")
            filler.unlink()
            code, out, complaint = lineage.upgrade("--probation", "100ms", "--drain-within", "1s")
            if code != 0 or proxy.call("POST", "/v1/routes/app/switch", {"to": "green"})[0] != 200:
                raise Failed(f"with room again: {code} {out} {complaint}\n{proxy.text()[-2000:]}")
            lineage.end()
    finally:
        until("the disk is free", lambda: subprocess.run(["umount", state], capture_output=True).returncode == 0)


def main():
    program, yardbench = os.path.abspath(sys.argv[1]), sys.argv[2]
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        endpoints, work = ([blue.address], [green.address]), pathlib.Path(work)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            rows = [pool.submit(one_row, row, program, work / f"row{i}", endpoints) for i, row in enumerate(LIVES)]
            served = [row.result() for row in rows]
        older_than_the_state(program, work / "older", endpoints)
        on_a_full_disk(program, work / "full", endpoints)
        print(f"{sum(map(len, LIVES))} programs that do not as they should; {sum(served)} visitors were answered meanwhile")


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
