#!/usr/bin/env python3
"""Story: the process is replaced in the middle of releases that `switchyard deploy` makes: at once, by a plan, watched. Each ends as
meant: the new release serves, the old one was stopped once it had nothing in flight, in neither process, and no request failed.

usage: deploy_over_upgrade.py SWITCHYARD YARDBENCH"""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from colours import Clients, Colour, Deploy, Machine, two_colours  # noqa: E402
from release_killed import Held, Story  # noqa: E402
from running import Failed, Switchyard, until, workplace  # noqa: E402
from upgraded import Lineage  # noqa: E402


def upgraded(lineage, proxy):
    code, out, complaint = lineage.upgrade("--probation", "100ms", "--drain-within", "1m", "--cut-oldest")
    if code != 0:
        raise Failed(f"upgrade: {code} {out} {complaint}\n{proxy.text()[-3000:]}")


def main():
    program = os.path.abspath(sys.argv[1])
    with workplace() as work, Colour("blue") as blue, Colour("green") as green, Machine(blue, green) as machine:
        blue.start()
        colours = {"blue": blue, "green": green}
        with Switchyard(program, work, two_colours(blue, green)) as proxy, Lineage(program, proxy) as lineage:
            proxy.healthy("blue")
            with Clients(proxy) as clients:
                story = Story(program, work, proxy, colours, machine, clients)
                story.plan.write_text('{"steps": [{"weight": 50, "bake": "2s"}, {"weight": 100, "bake": "100ms"}],'
                                      ' "analysis": {"latency": null, "warm_up": "0s"}}')
                new, old = "green", "blue"
                for kind in ("plan", "watch", "at once"):
                    # What the old release still answers is answered by the process that is replaced: it is not stopped before.
                    with Held(proxy, colours[old]) as held:
                        deploy = Deploy(program, proxy, *story.command(f"by-{kind[:2]}", new, old, kind), "--wait-drained", "1m")
                        until(f"{kind}: something goes to {new}", lambda: new in story.serving())
                        upgraded(lineage, proxy)
                        if not colours[old].up:
                            raise Failed(f"{kind}: {old} was stopped while it had a request in flight")
                        held.colour.go.set()
                        rc, said = deploy.end()
                    story.ended_well(f"by-{kind[:2]}", new, old, rc, said)
                    new, old = old, new
                    until("one process is left", lambda: len(lineage.running()) == 1)
            print(f"three releases, {len(lineage.pids)} processes, {sum(clients.served.values())} requests, none failed")
            lineage.end()


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
