#!/usr/bin/env python3
"""What an operator meets: roles, guesses, limits, SIGHUP with good and bad files, restart, a stopped worker, a store that
is damaged, and the command line's exit codes."""
import ctypes
import json
import hashlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

PTRACE_ATTACH, PTRACE_DETACH = 16, 17


def switch(proxy, to, **headers):
    return proxy.call("POST", "/v1/routes/app/switch", {"to": to}, **headers)


def verb(program, proxy, *words, **environment):
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=running.DEADLINE,
                          env={**os.environ, "SWITCHYARD_STATE_DIR": str(proxy.state), **environment})
    return done.returncode, done.stdout, done.stderr


def command_line(program, proxy):
    check("status exits 0", verb(program, proxy, "status")[0] == 0)
    code, out, _ = verb(program, proxy, "switch", "app", "green", "--json", "--reason", "story")
    check("switch exits 0", code == 0, out)
    check("switch --json is the receipt", json.loads(out)["adopted"] == {"workers": 2, "of": 2}, out)
    code, _, err = verb(program, proxy, "switch", "app", "nowhere")
    check("a refused switch exits 1 and says why", code == 1 and "nowhere" in err, err)
    check("wrong usage exits 2", verb(program, proxy, "switch", "app")[0] == 2)
    code, _, err = verb(program, proxy, "swich", "app", "green")
    check("a mistyped verb exits 2 and names the one meant", code == 2 and 'did you mean "switch"' in err, err)
    code, out, err = verb(program, proxy)
    check("no verb at all exits 2 and shows what there is", code == 2 and not out and "import-nginx" in err, out + err)
    check("wrong weight exits 2", verb(program, proxy, "split", "app", "blue=x")[0] == 2)
    check("dry run changes nothing", verb(program, proxy, "split", "app", "blue=1", "--dry-run")[0] == 0)
    check("undo exits 0", verb(program, proxy, "undo")[0] == 0)
    code, out, _ = verb(program, proxy, "audit", "verify")
    check("audit verify exits 0", code == 0, out)
    anchor = out.split("--anchor ")[1].strip()
    check("and is held to what it told", verb(program, proxy, "audit", "verify", "--anchor", anchor)[0] == 0)
    check("another line is not it", verb(program, proxy, "audit", "verify", "--anchor", anchor[:-1] + "x")[0] == 1)
    code, _, err = verb(program, proxy, "audit", "verify", "--anchor", "last")
    check("an anchor that is none is refused", code == 1 and "LINE:HASH" in err, err)
    for words in (["history"], ["diff", "1"], ["drain"], ["audit"], ["watch", "--times", "1"], ["rollout", "status"],
                  ["explain", "GET", "http://x/"], ["schema"], ["completion"], ["check", str(proxy.config)], ["token", "ci"]):
        code, out, err = verb(program, proxy, *words)
        check(f"{' '.join(words)} exits 0 and says something", code == 0 and out, err)
    endpoints(program, proxy)
    completion(program, proxy)
    help_texts(program, proxy)
    check("an unreachable API exits 4", verb(program, proxy, "status", "--admin", "http://127.0.0.1:1")[0] == 4)


def endpoints(program, proxy):
    def blue():
        return proxy.call("GET", "/v1/config")[1]["upstreams"]["blue"]["endpoints"]

    before = blue()
    for words in (("add", "--weight", "2", "--max-connections", "9", "--backup"), ("drain",), ("weight", "--weight", "5")):
        code, out, err = verb(program, proxy, "endpoint", words[0], "blue", "127.0.0.1:1", *words[1:])
        check(f"endpoint {words[0]} exits 0", code == 0, out + err)
    check("a new weight leaves the rest as it is", blue()[-1] == {
        "address": "127.0.0.1:1", "weight": 5, "max_connections": 9, "backup": True, "state": "drain"}, blue()[-1])
    code, _, err = verb(program, proxy, "endpoint", "weight", "blue", "127.0.0.1:2", "--weight", "5")
    check("an endpoint that is not there is named", code == 1 and "127.0.0.1:2" in err, err)
    check("a weight verb without weight exits 2", verb(program, proxy, "endpoint", "weight", "blue", "127.0.0.1:1")[0] == 2)
    verb(program, proxy, "endpoint", "remove", "blue", "127.0.0.1:1")
    check("endpoint remove takes it away", blue() == before, blue())


def help_texts(program, proxy):
    """Every verb tells what each of its words means, shows an example, and names its exit codes."""
    verbs = re.findall(r"^  ([a-z][a-z-]*) {2,}", verb(program, proxy, "--help")[1], re.M)
    check("there are verbs", {"run", "switch", "completion"} <= set(verbs), verbs)
    for name in verbs:
        code, out, err = verb(program, proxy, name, "--help")
        words = out[out.find("Positionals:"):out.find("Options:")] if "Positionals:" in out else ""
        # A word's meaning stands on its line, or on the next one, further to the right.
        mute = [line for line, after in zip(words.splitlines(), words.splitlines()[1:] + [""])
                if re.match(r"  [A-Z]", line) and not re.search(r" {2,}\S", line[2:]) and not re.match(r" {10,}\S", after)]
        check(f"{name} --help explains itself", code == 0 and "Example:" in out and not mute, (mute, err))


def completion(program, proxy):
    # zsh calls it as bash does, with arrays that begin at 0.
    for shell, manners in (("bash", ""), ("zsh", "setopt ksharrays shwordsplit")):
        if shutil.which(shell) is None:
            print(f"(completion: there is no {shell} here; not checked)")
            continue
        script = verb(program, proxy, "completion", shell)[1]
        for typed, offered in (("sw", {"switch"}), ("endpoint ", {"add", "maint", "--weight"}), ("rollout pa", {"pause"})):
            empty = " ''" if typed.endswith(" ") else ""
            asked = f'{script}\n{manners}\nCOMP_WORDS=(switchyard {typed.rstrip()}{empty})\n' \
                    'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _switchyard; echo "${COMPREPLY[@]}"'
            words = subprocess.run([shell, "-c", asked], capture_output=True, text=True, timeout=running.DEADLINE).stdout.split()
            check(f"{shell}'s completion offers {offered} for {typed!r}", offered <= set(words), words)
    if shutil.which("fish") is None:
        print("(completion: there is no fish here; not checked)")
        return
    script = verb(program, proxy, "completion", "fish")[1]
    for typed, offered in (("sw", {"switch"}), ("endpoint ", {"add", "maint"}), ("endpoint --we", {"--weight"}), ("rollout pa", {"pause"})):
        asked = f"{script}\ncomplete -C 'switchyard {typed}'"
        said = subprocess.run(["fish", "--no-config", "-c", asked], capture_output=True, text=True, timeout=running.DEADLINE,
                              env={**os.environ, "HOME": str(proxy.work), "PATH": f"{pathlib.Path(program).resolve().parent}:{os.environ['PATH']}"})
        words = {line.split("\t")[0] for line in said.stdout.splitlines()}
        check(f"fish's completion offers {offered} for {typed!r}", offered <= words, (words, said.stderr))


def roles_and_guesses(proxy, tokens):
    local = proxy.token
    for role, may in (("viewer", (200, 403, 403)), ("operator", (200, 200, 403)), ("admin", (200, 200, 200))):
        proxy.token = tokens[role]
        config = proxy.call("GET", "/v1/config")
        first = proxy.call("GET", "/v1/generations")[1]["generations"][-1]["generation"]
        found = (config[0], proxy.call("POST", "/v1/undo?dry_run=true", {"to": first})[0],
                 proxy.call("PUT", "/v1/config?dry_run=true", config[1])[0])
        check(f"role {role}", found == may, found)
    proxy.token = "wrong"
    answers = [proxy.call("GET", "/v1/status")[0] for _ in range(12)]
    check("guesses are refused, then slowed down", answers[:10] == [401] * 10 and answers[-1] == 429, answers)
    proxy.token = local
    check("the right token is heard all the same", proxy.call("GET", "/v1/status")[0] == 200)


def limits(proxy):
    host, port = proxy.admin.removeprefix("http://").split(":")
    for request, status in ((b"GET /v1/status HTTP/1.1\r\nX: " + b"x" * 20000 + b"\r\n\r\n", b"431"),
                            (b"PUT /v1/config HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n", b"413"),
                            (b"nonsense\r\n\r\n", b"400")):
        with socket.create_connection((host, int(port)), running.DEADLINE) as s:
            s.sendall(request)
            check(f"limit {status}", s.recv(100).split(b" ")[1:2] == [status])


def files(proxy, config):
    proxy.child.send_signal(signal.SIGHUP)
    generation = proxy.status()["generation"]
    changed = json.loads(json.dumps(config))
    changed["routes"][0]["split"] = {"blue": 7, "green": 3}
    proxy.config.write_text(json.dumps(changed))
    proxy.child.send_signal(signal.SIGHUP)
    running.until("the new file", lambda: proxy.status()["routes"][0]["split"] == {"blue": 7, "green": 3})
    good = proxy.status()["generation"]
    check("a re-read is one generation", good == generation + 1, (generation, good))
    proxy.config.write_text('{"routs": []}')
    proxy.child.send_signal(signal.SIGHUP)
    running.until("the bad file is reported", lambda: "/routs" in proxy.text())
    check("a bad file changes nothing", proxy.status()["generation"] == good)
    proxy.config.write_text(json.dumps(changed))


def stopped_worker(proxy):
    """One worker held as a debugger holds it: 202 that names it, and 200 again when it is let go."""
    libc = ctypes.CDLL(None, use_errno=True)
    tasks = pathlib.Path(f"/proc/{proxy.child.pid}/task")
    threads = [int(t.name) for t in tasks.iterdir() if (t / "comm").read_text().startswith("worker-")]
    for thread in sorted(threads):
        if libc.ptrace(PTRACE_ATTACH, thread, None, None) != 0:
            print("(stopped worker: this system does not let a parent trace its child; not checked)")
            return
        os.waitpid(thread, 0x40000000)  # __WALL
        began = time.monotonic()
        status, receipt, _ = switch(proxy, "blue" if proxy.status()["routes"][0]["split"]["green"] else "green")
        took = time.monotonic() - began
        libc.ptrace(PTRACE_DETACH, thread, None, None)
        if status == 202:
            check("202 names one worker", len(receipt["adopted"]["waiting_for"]) == 1 and receipt["adopted"]["workers"] == 1, receipt)
            check("202 comes after a second", 0.9 < took < 10, took)
            running.until("it adopts when let go", lambda: proxy.status()["workers"]["adopted"] == 2)
            return
    check("some thread is a worker", False, threads)


def relative_path(program, work, config):
    """Who reads the audit is elsewhere: a file is named in full."""
    before = os.getcwd()
    os.makedirs(pathlib.Path(work) / "elsewhere")
    os.chdir(pathlib.Path(work) / "elsewhere")
    try:
        with running.Switchyard(program, ".", {**config, "process": {"state_dir": "state"}}) as proxy:
            whole = os.path.join(os.getcwd(), "switchyard.json")
            check("status names the file in full", proxy.status()["config_file"] == whole, proxy.status()["config_file"])
            entry = proxy.call("GET", "/v1/audit")[1]["audit"][0]
            check("the audit names the file in full", entry["from"] == whole and entry["changes"] ==
                  ["the configuration of " + whole], entry)
            code, out, _ = verb(program, proxy, "audit", SWITCHYARD_STATE_DIR=str(pathlib.Path("state").resolve()))
            check("and so does the command line", code == 0 and whole in out, out)
    finally:
        os.chdir(before)


def main(program, yardbench):
    tokens = {role: f"secret of the {role}" for role in ("viewer", "operator", "admin")}
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue, \
            running.Endpoint(yardbench, work, "green") as green:
        config = running.blue_green([blue.address], [green.address])
        with running.Switchyard(program, work, config) as proxy:
            proxy.healthy("blue", "green")
            command_line(program, proxy)
            limits(proxy)
            files(proxy, config)
            stopped_worker(proxy)
            check("same key, same answer", switch(proxy, "blue", Idempotency_Key="k")[1]["generation"] ==
                  switch(proxy, "blue", Idempotency_Key="k")[1]["generation"])
            before = proxy.call("GET", "/v1/config")[1], proxy.status()["generation"]
            proxy.kill()
        with running.Switchyard(program, work, None, name="again") as proxy:
            check("kill -9 resumes the last generation", (proxy.call("GET", "/v1/config")[1], proxy.status()["generation"]) == before)
            check("a second one on the same directory is refused",
                  subprocess.run([program, "run", "--config", proxy.config], capture_output=True, timeout=60).returncode == 1)
            check("SIGTERM ends it with 0", proxy.end() == 0)
        relative_path(program, work, config)
        (proxy.state / "switchyard.db").write_bytes(b"x" * 8192)
        with running.Switchyard(program, work, None, name="damaged") as proxy:
            check("a damaged store is told", "was damaged" in proxy.status()["notices"][0] and "was damaged" in proxy.text())
            check("its generations go on above all that were acknowledged", proxy.status()["generation"] > before[1], proxy.status()["notices"])
            check("and kept", any(p.name.startswith("switchyard.db.corrupt-") for p in proxy.state.iterdir()))
            proxy.end()
        (proxy.state / "admin.token").write_text(tokens["admin"] + "\n")
        written = json.loads(proxy.config.read_text())
        written["process"]["admin"]["tokens"] = [
            {"name": role, "role": role, "sha256": hashlib.sha256(token.encode()).hexdigest()} for role, token in tokens.items()]
        proxy.config.write_text(json.dumps(written))
        with running.Switchyard(program, work, None, name="roles") as proxy:
            roles_and_guesses(proxy, tokens)
            check("no secret in the log", not any(t in proxy.text() for t in tokens.values()))
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
