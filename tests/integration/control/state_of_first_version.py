#!/usr/bin/env python3
"""A state directory that the first version wrote (tests/support/state_of_6940a51), in the middle of a rollout: it starts
with what was in force, knows which file was taken over last, undoes, and resumes its rollout."""
import json
import pathlib
import signal
import sqlite3
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

KEPT = pathlib.Path(__file__).resolve().parents[2] / "support" / "state_of_6940a51"


def put_in_place(work, blue, green):
    """The placeholders of the fixture are replaced by what is here today. Returns the configuration file's content."""
    state = pathlib.Path(work) / "state"
    state.mkdir()

    def here(text):
        return text.replace("127.0.0.1:1", blue).replace("127.0.0.1:2", green).replace("STATE", str(state))

    database = sqlite3.connect(state / "switchyard.db")
    database.executescript((KEPT / "switchyard.sql").read_text())
    for number, config in database.execute("SELECT number, config FROM generations").fetchall():
        database.execute("UPDATE generations SET config = ? WHERE number = ?", (here(config), number))
    database.commit()
    database.close()
    (state / "switchyard.db.ledger").write_text((KEPT / "switchyard.db.ledger").read_text())
    return json.loads(here((KEPT / "switchyard.json").read_text()))


def splits(proxy):
    return {r["name"]: r["split"] for r in proxy.status()["routes"]}


def main(program, yardbench):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue, \
            running.Endpoint(yardbench, work, "green") as green:
        config = put_in_place(work, blue.address, green.address)
        before = {"app": {"blue": 19, "green": 1}, "shop": {"blue": 1, "green": 0}}
        with running.Switchyard(program, work, config) as proxy:
            check("what was in force is in force", splits(proxy) == before and proxy.status()["generation"] == 7, splits(proxy))
            check("the file is what it was", proxy.status()["file"]["state"] == "taken", proxy.status()["file"])
            check("the audit is whole", proxy.call("GET", "/v1/audit/verify")[1]["intact"])
            rollout = proxy.call("GET", "/v1/rollouts/r1")[1]
            check("the rollout goes on where it was", rollout["state"] == "running" and rollout["weight"] == 5, rollout)
            proxy.healthy("blue", "green")
            check("the route is its", proxy.call("PUT", "/v1/routes/app/split", {"blue": 1})[0] == 409)

            # The file that the first version read last is the base: what the file says since then is a change.
            config["routes"][0]["debug_headers"] = True
            proxy.config.write_text(json.dumps(config))
            proxy.child.send_signal(signal.SIGHUP)
            running.until("the file", lambda: proxy.status()["generation"] == 8)
            check("a key outside the split, also of a held route; run-time switches stay", splits(proxy) == before and
                  proxy.call("GET", "/v1/config")[1]["routes"][0]["debug_headers"] is True, splits(proxy))
            config["routes"][0]["split"] = {"blue": 1, "green": 1}
            proxy.config.write_text(json.dumps(config))
            proxy.child.send_signal(signal.SIGHUP)
            running.until("the rollout's split is not the file's", lambda: proxy.status()["file"]["state"] == "conflict")

            # Refused until its weight is in force on every worker.
            running.until("it can be promoted", lambda: proxy.call("POST", "/v1/rollouts/r1/promote")[0] == 200)
            running.until("the next weight", lambda: splits(proxy)["app"] == {"blue": 1, "green": 1})
            check("and aborted", proxy.call("POST", "/v1/rollouts/r1/abort")[0] == 200)
            running.until("all back", lambda: splits(proxy)["app"]["green"] == 0)
            running.until("the route is free", lambda: proxy.call("POST", "/v1/undo", {"to": 4})[0] == 200)
            check("an undo to a generation of the first version", splits(proxy)["shop"] == {"blue": 0, "green": 1}, splits(proxy))
            proxy.end()
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
