#!/usr/bin/env python3
"""Story: the state is backed up while the proxy serves and changes, as docs/operations.md says, and the machine is lost. What is
restored is what was in force when the copy was made; the numbers of generations go on above every one that was given; the audit is
whole; the history of releases is there. Prints how long it took: what is measured stands in docs/operations.md.

usage: backup_and_restore.py SWITCHYARD YARDBENCH [GENERATIONS]"""
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from checks import check, verdict  # noqa: E402
from running import Endpoint, Failed, Switchyard, blue_green, until, workplace  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
AFTER = 20  # changes after the copy: lost with the machine


def backup_command():
    """As the page has it: the ```sh block that says backup."""
    text = (ROOT / "docs" / "operations.md").read_text()
    block = next(b.split("```", 1)[0] for b in text.split("```sh\n")[1:] if ".backup" in b.split("```", 1)[0])
    return block


def change(proxy, number):
    status, answer, _ = proxy.call("PUT", "/v1/routes/app/split", {"blue": 100, "green": number % 50 + 1})
    if status != 200:
        raise Failed(f"change {number}: {status} {answer}")
    return answer["generation"]


def main():
    program, yardbench = sys.argv[1:3]
    generations = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        store = pathlib.Path(work) / "copy"
        with Switchyard(program, work, blue_green([blue.address], [green.address])) as proxy:
            proxy.healthy("blue", "green")
            for number in range(generations):
                change(proxy, number)
            proxy.call("POST", "/v1/releases", {"id": "b1", "route": "app", "from": "blue", "to": "green", "runner": "one", "within": "1h"})
            before = proxy.call("GET", "/v1/config")[1]
            script = backup_command().replace("/var/lib/switchyard", str(proxy.state)).replace("/var/backups/switchyard", str(store))
            begun = time.monotonic()
            done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True)
            took = time.monotonic() - begun
            check("the backup, as the page has it", done.returncode == 0, done)
            for number in range(AFTER):
                given = change(proxy, number + 1000)
            proxy.kill()
        shutil.rmtree(proxy.state)
        shutil.copytree(store, proxy.state)
        begun = time.monotonic()
        with Switchyard(program, work, None, "--above", str(given), name="restored") as again:
            until("readiness", lambda: again.status()["ready"])
            ready = time.monotonic() - begun
            check("what was in force at the copy is in force again", again.call("GET", "/v1/config")[1]["routes"] == before["routes"])
            check("its history is there", len(again.call("GET", "/v1/generations?limit=1000")[1]["generations"]) >= min(generations, 999))
            check("the audit is whole", again.call("GET", "/v1/audit/verify")[1]["intact"])
            check("the release is there", again.call("GET", "/v1/releases/b1")[0] == 200)
            check("the same token", again.token == proxy.token)
            check("no number is given twice", change(again, 1) > given)
        size = sum(f.stat().st_size for f in store.iterdir()) / 1e6
    print(f"{generations} generations: the copy took {took * 1000:.0f} ms ({size:.1f} MB); restored, started and ready after {ready * 1000:.0f} ms; "
          f"the {AFTER} changes after the copy are lost")
    return verdict()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
