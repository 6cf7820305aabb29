#!/usr/bin/env python3
"""The machine's clock is set, by an hour and by a day, there and back, while endpoints are discovered under traffic:
none is lost, no request fails, and the source is asked, fails and comes back as before. What passes by itself does not jump;
the log, whose times are the wall's, shows that this one did."""
import pathlib
import re
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import running  # noqa: E402
from addresses import Server  # noqa: E402
from checks import check, verdict  # noqa: E402
from consul_agent import ConsulAgent, Instance  # noqa: E402
from discovery_faults import under_traffic  # noqa: E402

HOUR, DAY = 3600, 86400


class Clock:
    def __init__(self, work, library):
        self.file = pathlib.Path(work) / "shift"
        self.file.write_bytes(struct.pack("=q", 0))
        self.environment = {"LD_PRELOAD": library, "CLOCK_IS_OFF_BY": str(self.file)}

    def off_by(self, seconds):
        with self.file.open("r+b") as file:
            file.write(struct.pack("=q", seconds))


def wrapped(program, work, environment):
    """The program with this around it; the test's own processes go by the clock that there is."""
    script = pathlib.Path(work) / "switchyard"
    script.write_text("#!/bin/sh\n" + " ".join(f"{k}={v}" for k, v in environment.items()) + f' exec {program} "$@"\n')
    script.chmod(0o755)
    return str(script)


def days_of(log):
    return set(re.findall(r"\b20\d\d-\d\d-\d\d", log))


def main(program, _yardbench, library):
    with Server("127.0.0.2") as a, Server("127.0.0.3", a.port) as b, ConsulAgent(hurry=20) as agent, running.workplace() as work:
        one, two = Instance(a, "one"), Instance(b, "two")
        agent.register(one, two)
        clock = Clock(work, library)
        process = {"sources": {"consul": {"url": agent.url}}}
        program = wrapped(program, work, clock.environment)
        with under_traffic("clock", program, work, {"consul": {"service": "green"}}, process) as (s, row, traffic):
            s.until_up(a.address, b.address)
            for jump in (HOUR, -HOUR, DAY, -DAY, 0):
                with row(f"the clock is off by {jump} s", a, b):
                    clock.off_by(jump)
                    traffic.only(a.host, b.host)
                    agent.broken((500, "No cluster leader"))
                    row.stale("No cluster leader")
                    check("how long it is stale is what passed", 0 <= s.discovery().get("stale_seconds", 0) < HOUR, s.discovery())
                    agent.broken(None)
                    row.current()
                    agent.deregister("two")
                    s.until_members(a.address)
                    agent.register(two)
                    s.until_up(a.address, b.address)
            check("the clock did jump", len(days_of(s.proxy.text())) >= 3, days_of(s.proxy.text()))
    return verdict()


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except running.Failed as failed:
        verdict()
        sys.exit(f"FAILED: {failed}")
