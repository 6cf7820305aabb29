#!/usr/bin/env python3
"""A change that waits for its confirmation outlives the process that promised to undo it: what was not confirmed in time is
undone by the next one, what still has time is waited for and can be confirmed there."""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402


def switch(proxy, to, within):
    status, receipt, _ = proxy.call("POST", "/v1/routes/app/switch", {"to": to, "confirm_within": within})
    check(f"switch to {to}", status == 200 and receipt["confirm_by"], receipt)
    return receipt["generation"]


def split(proxy):
    return proxy.status()["routes"][0]["split"]


def main(program, yardbench):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        config = running.blue_green([blue.address], [blue.address])
        with running.Switchyard(program, work, config) as proxy:
            proxy.healthy("blue", "green")
            late = switch(proxy, "green", "300ms")
            proxy.kill()
        time.sleep(0.3)  # the deadline passes while no process runs
        with running.Switchyard(program, work, None, name="second") as proxy:
            running.until("what nobody confirmed is undone", lambda: proxy.status()["generation"] == late + 1)
            check("all is as before", split(proxy) == {"blue": 100, "green": 0}, split(proxy))
            told = proxy.call("GET", "/v1/audit?limit=1")[1]["audit"][0]
            check("the audit says why", told["verb"] == "not-confirmed" and told["generation"] == late + 1, told)
            proxy.healthy("blue", "green")
            kept = switch(proxy, "green", "10m")
            proxy.kill()
        with running.Switchyard(program, work, None, name="third") as proxy:
            check("it still waits", proxy.status().get("pending", {}).get("generation") == kept, proxy.status())
            refused = proxy.call("PUT", "/v1/routes/app/split", {"blue": 1})
            check("and other changes wait for it", refused[0] == 409 and str(kept) in refused[1]["detail"], refused)
            confirmed = proxy.call("POST", f"/v1/changes/{kept}/confirm")
            check("it can be confirmed", confirmed[:2] == (200, {"generation": kept, "confirmed": True}), confirmed)
            proxy.healthy("blue")
            soon = switch(proxy, "blue", "1s")
            proxy.kill()
        with running.Switchyard(program, work, None, name="fourth") as proxy:
            running.until("the deadline holds after a restart", lambda: proxy.status()["generation"] == soon + 1)
            check("what was confirmed is in force", split(proxy) == {"blue": 0, "green": 100}, split(proxy))
            check("the audit is whole", proxy.call("GET", "/v1/audit/verify")[1]["intact"])
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
