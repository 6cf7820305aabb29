#!/usr/bin/env python3
"""Story: programs that come by themselves, as containers do, and take the place of the one that runs through its upgrade socket.
Under load none of their clients loses a request, tunnels end with their process, and each process before ends well; one that is
killed, or stopped, on probation gives everything back; what must not come is told why.

usage: upgrade_by_socket.py SWITCHYARD YARDBENCH [HAND_OVERS [KILLS [SEED]]]"""
import asyncio
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from beside import Beside, first_of, ways_apart  # noqa: E402
from hot_upgrade import FRESH, KEPT, TUNNELS, TWO, Load, endpoint, switch  # noqa: E402
from running import DEADLINE, Endpoint, Failed, Switchyard, blue_green, until, workplace  # noqa: E402
from upgrade_faults import Visitors, killed_at_random, switched  # noqa: E402

OTHER_USER = 65534


def ended_with(lineage, child, code, *words):
    """A program that must not take over: it says why, and ends."""
    try:
        got = child.wait(DEADLINE)
    except subprocess.TimeoutExpired:
        raise Failed(f"{child.args} has not ended\n{lineage.all_said()}") from None
    said = lineage.said(child)
    lineage.pids.remove(child.pid)
    if got != code or not all(word in said for word in words):
        raise Failed(f"{child.args}: {got}, expected {code} and {words}:\n{said[-2000:]}")


def settled(lineage, state, before=None):
    def look():
        upgrade = lineage.view()["upgrade"]
        return upgrade and upgrade["id"] != before and upgrade["state"] == state and upgrade
    return until(f"an upgrade is {state}", look)


def newest(lineage):
    return (lineage.view()["upgrade"] or {}).get("id")


async def handed_over(lineage, load, proxy, number):
    before, old = await asyncio.to_thread(newest, lineage), lineage.started[-1]
    load.begun += 1
    fresh = lineage.take_over("--probation", "300ms", "--drain-within", "2s", "--cut-oldest")
    await switch(proxy, load, ("green", "blue")[number % 2])
    upgrade = await asyncio.to_thread(settled, lineage, "done", before)
    load.over_with += 1
    if "binary" in upgrade or upgrade["by"] != "upgrade.sock":
        raise Failed(f"who has come: {upgrade}")
    if await asyncio.to_thread(old.wait, DEADLINE) != 0:
        raise Failed(f"the process before ended with {old.returncode}\n{lineage.all_said()}")
    if fresh.poll() is not None:
        raise Failed(f"the new process has ended\n{lineage.all_said()}")


async def under_load(program, work, apart, times):
    servers = {colour: await endpoint(colour) for colour in ("blue", "green")}
    config = {"process": {"workers": 2, "shutdown_grace": "2s"},
              "listeners": [{"name": "web", "bind": "127.0.0.1:0", "protocols": ["h2", "http/1.1"]}],
              "routes": [{"name": "app", "split": {"blue": 100, "green": 0}}],
              "upstreams": {colour: {"endpoints": [{"address": address}], "health": {"type": "tcp", "interval": "500ms"}}
                            for colour, (_, address) in servers.items()}}
    proxy = await asyncio.to_thread(Switchyard, first_of(work, program, apart), work, config)
    with proxy, Beside(program, proxy, apart) as lineage:
        await asyncio.to_thread(proxy.healthy, "blue", "green")
        load = Load(int(proxy.url().rsplit(":", 1)[1]), 0)
        tasks = [asyncio.create_task(each) for each in [load.client(True) for _ in range(KEPT)] + [load.client(False) for _ in range(FRESH)] +
                 [load.two() for _ in range(TWO)] + [load.tunnel() for _ in range(TUNNELS)]]
        for number in range(times):
            await handed_over(lineage, load, proxy, number)
        load.over = True
        await asyncio.gather(*tasks)
        print(dict(load.count), f"{times} hand-overs, {'each in a process tree of its own' if apart else 'in one process tree'}")
        if load.failures:
            raise Failed(f"{len(load.failures)} failures, the first: {load.failures[:8]}\n{lineage.all_said()}")
        if not load.count["echoed"] or min(load.count["answered"], load.count["answered by HTTP/2"]) < 5 * times:
            raise Failed(f"there was no load: {load.count}")
        last = lineage.started[-1]
        await asyncio.to_thread(lineage.end)
        if last.wait(DEADLINE) != 0 or (proxy.state / "upgrade.sock").exists():
            raise Failed(f"the last one did not end well: {last.returncode}\n{lineage.all_said()}")
    for server, _ in servers.values():
        server.close()


def refused(lineage, proxy, work, apart):
    """None of them is ever noticed by a client, and each is told what to do."""
    before, state = proxy.status()["generation"], proxy.state
    no_socket, stream = work / "file", work / "other.sock"
    no_socket.write_text("")
    other = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    other.bind(str(stream))
    other.listen()
    for path, word in ((work / "nowhere", "No such file"), (no_socket, "is no socket"), (stream, "socket of another program")):
        ended_with(lineage, lineage.start("--takeover", path), 1, word, "start without --takeover")
    ended_with(lineage, lineage.take_over("--state-dir", work), 1, "is not the folder of --takeover")
    ended_with(lineage, lineage.take_over("--probation", "2h"), 1, "probation must be at most 1h")
    ended_with(lineage, lineage.start("--probation", "2s"), 2, "--takeover")
    if os.geteuid() == 0:
        os.chmod(work, 0o755)
        os.chmod(state, 0o755)
        os.chmod(state / "upgrade.sock", 0o666)  # were it so, it would be of no use either
        ended_with(lineage, lineage.take_over(apart=[], user=OTHER_USER), 1, f"as user {OTHER_USER}", "as that user")
        os.chmod(state / "upgrade.sock", 0o600)
        ended_with(lineage, lineage.take_over(apart=[], user=OTHER_USER), 1, "start as the user of the running proxy")
        os.chmod(state, 0o700)
    if apart:
        ended_with(lineage, lineage.take_over(apart=["unshare", "--net"]), 1, "another network namespace", "--network host")
        code, out, complaint = lineage.upgrade()
        if code != 1 or f"run --takeover {state}/upgrade.sock" not in out + complaint:
            raise Failed(f"the first of a container: {code} {out} {complaint}")
    if lineage.running() != lineage.pids[:1] or proxy.status()["generation"] != before:
        raise Failed(f"it is not as before\n{lineage.all_said()}")


def on_probation(lineage, proxy, apart):
    """One that is killed there, and one that is stopped; a second one while it is."""
    first = lineage.started[0]
    for end in (signal.SIGKILL, signal.SIGSTOP):
        before = newest(lineage)
        child = lineage.take_over("--probation", "1m")
        settled(lineage, "probation", before)
        acknowledged = switched(proxy, "green")
        ended_with(lineage, lineage.take_over(), 1, "on probation itself")
        os.kill(lineage.inner(child.pid), end)
        upgrade = settled(lineage, "failed", before)
        if end == signal.SIGSTOP and apart:
            # It cannot be ended from another process tree: clients are served, and nothing is changed before it has gone. Told to
            # end it does as soon as it can.
            status, answer, _ = proxy.call("POST", "/v1/routes/app/switch", {"to": "blue"})
            if "cannot be ended from here" not in upgrade["detail"] or status != 503 or "end its container" not in answer["detail"]:
                raise Failed(f"a stopped one: {upgrade} {status} {answer}\n{lineage.all_said()}")
            os.kill(lineage.inner(child.pid), signal.SIGCONT)
        if proxy.status()["generation"] != acknowledged or switched(proxy, "blue") <= acknowledged or first.poll() is not None:
            raise Failed(f"it does not go on as the new one had it: {upgrade}\n{lineage.all_said()}")
        child.wait(DEADLINE)
        lineage.pids.remove(child.pid)


def main():
    program, yardbench = os.path.abspath(sys.argv[1]), sys.argv[2]
    times, kills, seed = (int(sys.argv[i]) if len(sys.argv) > i else usual for i, usual in ((3, 5), (4, 8), (5, 1)))
    apart = ways_apart()
    with workplace() as work:
        asyncio.run(under_load(program, work, apart, times))
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        with Switchyard(first_of(work, program, apart), work, blue_green([blue.address], [green.address])) as proxy, \
                Beside(program, proxy, apart) as lineage:
            proxy.healthy("blue", "green")
            visitors = Visitors(int(proxy.url().rsplit(":", 1)[1]))
            try:
                refused(lineage, proxy, pathlib.Path(work), apart)
                if visitors.count["lost"]:
                    raise Failed(f"a program that never began to serve lost a client: {visitors.count}")
                on_probation(lineage, proxy, apart)
                outcome = killed_at_random(proxy, lineage, kills, seed,
                                           lambda: lineage.take_over("--probation", "1m", "--drain-within", "500ms", "--cut-oldest").pid)
            except Failed as failed:
                raise Failed(f"{failed}\n{lineage.all_said()}") from None
            finally:
                visitors.end()
            print(json.dumps({"visitors": visitors.count, "hand-overs": outcome, "refused": len(visitors.refused)}))
            if visitors.refused or set(visitors.count) - {"200", "lost"}:
                raise Failed(f"{visitors.count}, refused: {visitors.refused[:5]}\n{lineage.all_said()}")
            lineage.end()


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
