#!/usr/bin/env python3
"""Who wins, the file or what was changed at run time: each row of docs/state.md with real processes.

The third argument, where there is one, is the library that makes files read-only."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402


def audited(proxy, words):
    """The newest line of the audit, which is written after that of the log, by another thread."""
    def newest():
        return proxy.call("GET", "/v1/audit?limit=1")[1]["audit"][0]

    running.until(f"the audit says {words}", lambda: any(words in line for line in newest()["changes"]))
    return newest()


def split(proxy, route="app"):
    return next(r["split"] for r in proxy.status()["routes"] if r["name"] == route)


def file_state(proxy):
    return proxy.status()["file"]


def written(config, change):
    """The configuration with what `change` does to a copy of it."""
    copy = json.loads(json.dumps(config))
    change(copy)
    return copy


def write(proxy, config):
    proxy.config.write_text(config if isinstance(config, str) else json.dumps(config, indent=2))


def hup(proxy, word):
    """SIGHUP, and what status says of the file afterwards."""
    said = len(proxy.text())
    proxy.child.send_signal(signal.SIGHUP)
    running.until("the file is looked at", lambda: any(
        w in proxy.text()[said:] for w in ("switchyard.json read", "was not taken over")))
    state = file_state(proxy)
    check(f"status.file is {word}", state["state"] == word, state)
    return proxy.text()[said:]


def verb(program, proxy, *words):
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=running.DEADLINE,
                          env={**os.environ, "SWITCHYARD_STATE_DIR": str(proxy.state)})
    return done.returncode, done.stdout, done.stderr


def refused_start(program, work, *options):
    return subprocess.run([program, "run", "--config", pathlib.Path(work) / "switchyard.json", *options],
                          capture_output=True, text=True, timeout=running.DEADLINE, cwd=work)


def add_route(name):
    def change(config):
        config["routes"].append({"name": name, "match": {"path_prefix": "/" + name}, "split": {"blue": 1}})
    return change


def set_split(blue, green):
    def change(config):
        config["routes"][0]["split"] = {"blue": blue, "green": green}
    return change


def set_key(key, value):
    def change(config):
        config["routes"][0][key] = value
    return change


GREEN = {"blue": 0, "green": 100}


def read_again(program, proxy, config):
    """SIGHUP: what changed in the file is applied to what is in force; an unchanged file takes nothing back."""
    check("the first file is taken", file_state(proxy)["state"] == "taken" and file_state(proxy)["path"] == str(proxy.config),
          file_state(proxy))
    proxy.call("POST", "/v1/routes/app/switch", {"to": "green"})
    before = proxy.status()["generation"]
    hup(proxy, "taken")
    check("an unchanged file takes nothing back", split(proxy) == GREEN and proxy.status()["generation"] == before)
    config = written(config, add_route("more"))
    write(proxy, config)
    said = hup(proxy, "taken")
    check("one more route is one generation, and the split stays", split(proxy) == GREEN and
          split(proxy, "more") == {"blue": 1} and proxy.status()["generation"] == before + 1, proxy.status()["routes"])
    check("the log says what changed", "route more added" in said, said)
    entry = audited(proxy, "route more added")
    check("and the audit", entry["who"] == "file" and "route more added" in entry["changes"][0], entry)

    proxy.call("POST", "/v1/upstreams/blue/endpoints/127.0.0.1:1/state", {"state": "maint"})
    config = written(config, set_key("debug_headers", False))
    write(proxy, config)
    hup(proxy, "taken")
    states = [e["state"] for e in proxy.call("GET", "/v1/upstreams/blue")[1]["endpoints"]]
    check("an endpoint stays in maintenance", states == ["up", "maint"], states)

    conflicting = written(config, set_split(90, 10))
    write(proxy, conflicting)
    before = proxy.status()["generation"]
    said = hup(proxy, "conflict")
    state = file_state(proxy)
    check("a conflict changes nothing", split(proxy) == GREEN and proxy.status()["generation"] == before)
    check("status names the place and the three values", [state["conflicts"][0][k] for k in ("pointer", "base", "file", "state")] == [
        "/routes/0/split", {"blue": 100, "green": 0}, {"blue": 90, "green": 10}, GREEN], state)
    check("so do log and audit", "/routes/0/split" in said and json.dumps('{"blue":90,"green":10}')[1:-1] in said and
          audited(proxy, '{"blue":90,"green":10}'), said)
    events = verb_events(proxy)
    check("and the event", '"state":"conflict"' in events and '{"blue":90,"green":10}' in events, events[-800:])

    write(proxy, '{"routs": []}')
    hup(proxy, "invalid")
    proxy.config.unlink()
    hup(proxy, "unread")
    write(proxy, written(config, lambda c: c["process"].update(workers=1)))
    said = hup(proxy, "refused")
    check("another process part needs a restart", "needs a restart" in said, said)
    write(proxy, config)
    hup(proxy, "taken")

    # Equal ends are no conflict, and from then on the file's.
    config = written(config, set_split(0, 7))
    write(proxy, config)
    hup(proxy, "taken")
    check("equal ends are no conflict", split(proxy) == {"blue": 0, "green": 7}, split(proxy))

    config = written(config, set_split(30, 70))
    write(proxy, config)
    said = hup(proxy, "taken")
    moves = "route app: 30 % of the traffic moves from green"
    entry = audited(proxy, moves)
    check("log, audit and event say which traffic a file moves", moves in said and any(moves in line for line in entry["changes"]) and
          moves in verb_events(proxy), (said, entry))
    return config


def verb_events(proxy):
    import urllib.request
    request = urllib.request.Request(proxy.admin + "/v1/events", headers={"Authorization": "Bearer " + proxy.token, "Last-Event-ID": "0"})
    text = ""
    with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=running.DEADLINE) as stream:
        last = proxy.call("POST", "/v1/routes/app/switch?dry_run=true", {"to": "green"})[0]
        assert last == 200
        # What is kept comes at once; the stream then waits for more.
        stream.fp.raw._sock.settimeout(1)
        while True:
            text += stream.readline().decode()
    return text


def applied(program, proxy, config):
    """switchyard apply: the same with any file, and a way to decide."""
    file = proxy.config.with_name("other.json")
    file.write_text(json.dumps(written(config, set_split(50, 50))))
    proxy.call("PUT", "/v1/routes/app/split", {"blue": 20, "green": 80})
    before = proxy.status()["generation"]
    code, _, err = verb(program, proxy, "apply", str(file))
    check("a conflict is refused with 1, names the place and the way out", code == 1 and "/routes/0/split" in err and
          "--file-wins" in err, (code, err))
    check("and changes nothing", proxy.status()["generation"] == before)
    status, problem, _ = proxy.call("POST", "/v1/config/apply", written(config, set_split(50, 50)))
    check("the call answers 409 with the values", status == 409 and problem["type"].endswith(":file-conflict") and
          problem["conflicts"][0]["state"] == {"blue": 20, "green": 80}, problem)
    code, out, err = verb(program, proxy, "apply", str(file), "--file-wins", "--dry-run")
    check("a dry run shows it", code == 0 and "split blue 20 → 50" in out and proxy.status()["generation"] == before, out + err)
    code, out, err = verb(program, proxy, "apply", str(file), "--file-wins", "--reason", "new shares")
    check("--file-wins decides", code == 0 and split(proxy) == {"blue": 50, "green": 50}, out + err)
    proxy.call("POST", "/v1/routes/app/switch", {"to": "green"})
    code, out, err = verb(program, proxy, "apply", str(file))
    check("what was applied is the base from then on", code == 0 and "nothing to change" in out and split(proxy)["green"] > 0 and
          split(proxy)["blue"] == 0, out + err)
    check("a file that is not there is refused", verb(program, proxy, "apply", str(file) + "x")[0] == 1)
    check("a query that is none is refused", proxy.call("POST", "/v1/config/apply?file_win=true", config)[0] == 400)

    # Printed as a file, and read back, it changes nothing – secrets neither.
    before = proxy.status()["generation"]
    code, out, err = verb(program, proxy, "config", "--file")
    check("config --file prints a file without secrets", code == 0 and "very secret" not in out and "…" in out, out + err)
    printed = out
    proxy.config.write_text(printed)
    hup(proxy, "taken")
    check("which changes nothing when it is read back", proxy.status()["generation"] == before, proxy.text()[-500:])
    code, out, err = verb(program, proxy, "check", "--state", str(proxy.state))
    check("check --state says that it is taken up, also while it is in use", code == 0 and f"generation {before} is taken up" in out, out + err)
    code, _, err = verb(program, proxy, "check", "--state", str(proxy.state) + "x")
    check("and that there is none", code == 1 and "holds no state file" in err, err)
    code, plain, _ = verb(program, proxy, "config")
    check("config prints what is in force", code == 0 and json.loads(plain) == proxy.call("GET", "/v1/config")[1], plain)
    return json.loads(printed.split("\n", 1)[1])


def started_again(program, work, config):
    """Starts with a state: the file is merged or, where it cannot be, left; nothing keeps the process down."""
    def again(word, generation=None, *options):
        with running.Switchyard(program, work, None, *options, name="again") as proxy:
            state = file_state(proxy)
            check(f"a start finds the file {word}", state["state"] == word, state)
            if generation is not None:
                check(f"and is in generation {generation}", proxy.status()["generation"] == generation, proxy.status()["generation"])
            yield proxy
            proxy.end()

    with contextlib.contextmanager(again)("taken") as proxy:
        check("an unchanged file: what was in force before", split(proxy)["blue"] == 0, split(proxy))
        proxy.call("PUT", "/v1/routes/app/split", {"blue": 30, "green": 70})
        last = proxy.status()["generation"]
    # Its comments have changed.
    write(proxy, "// a comment\n" + json.dumps(config))
    with contextlib.contextmanager(again)("taken", last):
        pass
    config = written(config, add_route("late"))
    write(proxy, config)
    with contextlib.contextmanager(again)("taken", last + 1) as proxy:
        check("a changed file is merged into it", split(proxy) == {"blue": 30, "green": 70} and split(proxy, "late") == {"blue": 1})
        check("the log says what changed", "route late added" in proxy.text())
    for what, file, word in (("conflict", written(config, set_split(10, 90)), "conflict"), ("invalid", '{"routs": 1}', "invalid"),
                             ("half a file", '{"process": {', "invalid")):
        write(proxy, file)
        # Where the state is, the file may not say any more.
        with contextlib.contextmanager(again)(word, last + 1, "--state-dir", str(proxy.state)) as proxy:
            check(f"{what}: the state is in force", split(proxy) == {"blue": 30, "green": 70})
    proxy.config.unlink()
    with contextlib.contextmanager(again)("unread", last + 1, "--state-dir", str(proxy.state)) as proxy:
        check("no file at all: the state is in force", split(proxy) == {"blue": 30, "green": 70})
        check("its process as well", proxy.status()["workers"]["of"] == 2)
        write(proxy, config)
        hup(proxy, "taken")
    # It is valid, but cannot be put in force.
    write(proxy, written(config, lambda c: c["listeners"].append({"name": "taken", "bind": "192.0.2.1:1"})))
    with contextlib.contextmanager(again)("invalid", last + 1) as proxy:
        check("a listener that cannot be opened is no reason to stay down", split(proxy) == {"blue": 30, "green": 70})
    write(proxy, written(config, lambda c: c["process"].update(workers=1)))
    with contextlib.contextmanager(again)("taken", last + 2) as proxy:
        check("every start takes the file's process", proxy.status()["workers"]["of"] == 1, proxy.status()["workers"])
    write(proxy, config)
    with contextlib.contextmanager(again)("taken", last + 3, "--from-file") as proxy:
        check("--from-file: the file alone", split(proxy) == config["routes"][0]["split"], split(proxy))
    return config, last + 3


def refused_starts(program, work, config, last):
    """A start that is refused leaves no generation behind."""
    file = pathlib.Path(work) / "switchyard.json"
    state = pathlib.Path(work) / "state"
    access = written(written(config, add_route("never")), lambda c: c["process"].update(log={"access": str(work) + "/no/such/folder/log"}))
    file.write_text(json.dumps(access))
    done = refused_start(program, work)
    check("a start that cannot open its log is refused", done.returncode == 1 and "/process/log/access" in done.stderr, done.stderr)
    file.write_text(json.dumps(config))
    with running.Switchyard(program, work, None, name="after-refused") as proxy:
        check("and has left no generation", proxy.status()["generation"] == last, proxy.status()["generation"])
        proxy.end()
    file.write_text('{"routs": 1, "upstream": {}}')
    done = refused_start(program, work, "--state-dir", str(state) + "-new")
    check("a first start with an invalid file names every mistake", done.returncode == 1 and "/routs" in done.stderr and
          "/upstream" in done.stderr, done.stderr)
    check("and makes no folder", not pathlib.Path(str(state) + "-new").exists())
    file.unlink()
    check("a first start without a file is refused", refused_start(program, work, "--state-dir", str(state) + "-new").returncode == 1)
    file.write_text(json.dumps(config))


def restored(program, work, config, last):
    """An older copy of a state directory: its state, and numbers above every one that was given."""
    copy = pathlib.Path(work) / "copy"
    shutil.copytree(pathlib.Path(work) / "state", copy)
    (copy / "switchyard.db.ledger").unlink()
    shutil.rmtree(pathlib.Path(work) / "state")
    shutil.move(copy, pathlib.Path(work) / "state")
    with running.Switchyard(program, work, config, "--above", "5000", name="restored") as proxy:
        check("--above: numbers go on above it", proxy.status()["generation"] == 5001, proxy.status()["generation"])
        check("with the state of the copy", split(proxy) == config["routes"][0]["split"])
        proxy.end()
    (proxy.state / "switchyard.db").write_bytes(b"x" * 8192)
    write(proxy, written(config, lambda c: c["routes"][0]["jwt"].update(key="very secret")))  # nothing else knows it now
    with running.Switchyard(program, work, None, name="damaged") as proxy:
        check("a damaged store: the file, under a number never given", proxy.status()["generation"] > 5001 and
              file_state(proxy)["state"] == "taken", proxy.status())
        proxy.end()


def main(program, yardbench):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue, \
            running.Endpoint(yardbench, work, "green") as green:
        config = running.blue_green([blue.address, "127.0.0.1:1"], [green.address])
        config["routes"][0]["jwt"] = {"algorithm": "HS256", "key": "very secret"}
        with running.Switchyard(program, work, config) as proxy:
            proxy.healthy("blue", "green")
            config = read_again(program, proxy, config)
            config = applied(program, proxy, config)
            proxy.end()
        config, last = started_again(program, work, config)
        refused_starts(program, work, config, last)
        restored(program, work, config, last)
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
