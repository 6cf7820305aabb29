#!/usr/bin/env python3
"""Story: traffic is switched between blue and green many times while it flows, and not one request fails, and not one
that was sent after a switch was answered is served by the colour switched away from.

usage: switch_under_load.py SWITCHYARD YARDBENCH [TIMES [RATE]]"""
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from running import Endpoint, Failed, Switchyard, blue_green, workplace  # noqa: E402


def main():
    switchyard, yardbench = sys.argv[1:3]
    times = int(sys.argv[3]) if len(sys.argv) > 3 else 40
    rate = int(sys.argv[4]) if len(sys.argv) > 4 else 4000
    with workplace() as work, Endpoint(yardbench, work, "blue") as blue, Endpoint(yardbench, work, "green") as green:
        with Switchyard(switchyard, work, blue_green([blue.address], [green.address])) as proxy:
            proxy.healthy("blue", "green")
            run = subprocess.run(
                [yardbench, "switch", proxy.url() + "/", "--rate", str(rate), "--connections", "64", "--times", str(times),
                 "--every", "50ms", "--settle", "300ms", "--warm-up", "200ms", "--admin", proxy.admin, "--route", "app",
                 "--token-file", str(proxy.state / "admin.token"), "--quiet", "--json"],
                capture_output=True, text=True, timeout=300)
            # Exit code 1 is yardbench's verdict: a request failed or was stale. Its own lateness is no verdict here.
            if run.returncode != 0:
                raise Failed(f"yardbench: exit {run.returncode}\n{run.stdout[-3000:]}\n{run.stderr[-2000:]}")
            report = json.loads(run.stdout)
            print(json.dumps({k: v for k, v in report.items() if not isinstance(v, (list, dict))}))
            code = proxy.end()
            if code != 0:
                raise Failed(f"switchyard ended with {code}\n{proxy.text()[-2000:]}")
        for endpoint in (blue, green):
            endpoint.end()


if __name__ == "__main__":
    try:
        main()
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")
