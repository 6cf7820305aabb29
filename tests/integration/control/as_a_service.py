#!/usr/bin/env python3
"""The process as a service: a manager, played here, is told when it is ready, reads its file again and ends; it keeps the
listening sockets, and who connects between two processes waits and is answered. Sockets that a manager has bound itself
are taken by the listener that is bound to the same address."""
import array
import contextlib
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

# Its own process number takes the place of the shell's: LISTEN_PID names who the sockets are for.
FAR = 4200  # a descriptor beyond as many as a start takes
AS_SERVICE = 'export LISTEN_PID=$$; exec "$@"'


class Manager:
    """What systemd does for a service of Type=notify: hears what it says, keeps what it gives."""

    def __init__(self, work):
        self.path = str(pathlib.Path(work) / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(running.DEADLINE)
        self.store = {}  # name -> descriptors
        self.heard = []

    def next(self):
        try:
            text, attached, _, _ = self.socket.recvmsg(4096, socket.CMSG_SPACE(253 * 4))
        except TimeoutError:
            raise running.Failed(f"nothing more was told; so far: {self.heard}") from None
        lines = dict(line.split("=", 1) for line in text.decode().splitlines())
        descriptors = array.array("i")
        for _, _, data in attached:
            descriptors.frombytes(data)
        if "FDSTORE" in lines:
            for fd in descriptors:
                if self.holds(fd):
                    os.close(fd)
                else:
                    self.store.setdefault(lines["FDNAME"], []).append(fd)
        if "FDSTOREREMOVE" in lines:
            for fd in self.store.pop(lines["FDNAME"], []):
                os.close(fd)
        self.heard.append(lines)
        return lines

    def holds(self, fd):
        """As systemd: what is held already is passed over, under whatever name."""
        return any(os.path.sameopenfile(fd, each) for fds in self.store.values() for each in fds)

    def ports(self):
        """By name."""
        found = {}
        for name, fds in self.store.items():
            for fd in fds:
                with socket.socket(fileno=os.dup(fd)) as each:
                    found.setdefault(name, set()).add(each.getsockname()[1])
        return found

    def busy(self):
        """Its queue is full until it reads on."""
        taken = True
        while taken:  # by a sender of its own each time: a sender has a limit, too
            taken = False
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as noise, contextlib.suppress(BlockingIOError):
                noise.setblocking(False)
                while True:
                    noise.sendto(b"STATUS=noise", self.path)
                    taken = True

    def until(self, key):
        while True:
            lines = self.next()
            if key in lines:
                return lines

    def passed(self, *more):
        """(descriptors, names) for the next process."""
        named = [(fd, name) for name, fds in self.store.items() for fd in fds] + list(more)
        return [fd for fd, _ in named], ":".join(name for _, name in named)


class Service(running.Process):
    """As a manager starts it: sockets from descriptor 3 on, and where to tell what."""

    def __init__(self, program, work, manager, config, *sockets, keeps=True, far=None, name="service"):
        fds, names = manager.passed(*sockets)
        self.fds = fds
        environment = {**os.environ, "NOTIFY_SOCKET": manager.path, "LISTEN_FDS": str(len(fds) if far is None else FAR), "LISTEN_FDNAMES": names,
                       "FDSTORE": "64" if keeps else "0"}
        self.log = pathlib.Path(work) / f"{name}.log"
        self.handle = open(self.log, "ab")
        self.name = name
        # High copies first: what is put at 3 must not be one that is still to be put somewhere.
        high = [os.dup2(fd, 200 + i, inheritable=False) for i, fd in enumerate(fds)]

        if far is not None:
            high.append(os.dup2(far, FAR, inheritable=False))

        def place():
            for i, fd in enumerate(high[:len(fds)]):
                os.dup2(fd, 3 + i, inheritable=True)

        self.child = subprocess.Popen(["sh", "-c", AS_SERVICE, "sh", program, "run", "--config", str(config)], stdout=self.handle,
                                      stderr=subprocess.STDOUT, env=environment, cwd=work, preexec_fn=place,
                                      pass_fds=[*range(3, 3 + len(fds)), *([] if far is None else [FAR])])
        for fd in high:
            os.close(fd)


def config_of(work, port, **more):
    return {"process": {"workers": 2, "state_dir": str(pathlib.Path(work) / "state"), "admin": {"bind": "127.0.0.1:0"}, **more},
            "listeners": [{"name": "web", "bind": f"127.0.0.1:{port}"}],
            "routes": [{"name": "own", "respond": {"status": 200, "body": "here\n"}}]}


def write(work, config):
    path = pathlib.Path(work) / "switchyard.json"
    path.write_text(json.dumps(config))
    return path


def ask(port):
    connection = socket.create_connection(("127.0.0.1", port), running.DEADLINE)
    connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    return connection


def answer(connection):
    text = b""
    with connection:
        while part := connection.recv(4096):
            text += part
    return text


def a_life(program, work):
    port = running.port_to_keep()
    path = write(work, config_of(work, port))
    manager = Manager(work)
    with Service(program, work, manager, path, name="first") as first:
        told = manager.until("READY")
        check("ready, with its number", told["READY"] == "1" and told["MAINPID"] == str(first.child.pid), told)
        check("its sockets were kept before", len(manager.store.get("web", [])) == 2, manager.heard)
        check("and it answers", b"here" in answer(ask(port)))

        first.child.send_signal(signal.SIGHUP)
        told = manager.until("RELOADING")
        check("a reload is told with its moment", int(told["MONOTONIC_USEC"]) > 0, told)
        check("and its end", manager.until("READY")["READY"] == "1")
        path.write_text("{ broken")
        first.child.send_signal(signal.SIGHUP)
        manager.until("RELOADING")
        check("the end of one that is refused, too", manager.until("READY")["READY"] == "1")
        write(work, config_of(work, port))

        first.child.send_signal(signal.SIGTERM)
        told = manager.until("STOPPING")
        check("the end is told, and how long it may take", int(told["EXTEND_TIMEOUT_USEC"]) >= 30_000_000, told)
        check("it ends", first.child.wait(running.DEADLINE) == 0, first.text())

    waiting = [ask(port) for _ in range(20)]
    with Service(program, work, manager, path, name="second") as second:
        manager.until("READY")
        answers = [answer(each) for each in waiting]
        check("who came between two processes is answered", all(b"here" in each for each in answers), answers)
        check("and the same sockets are kept, no more of them", len(manager.store["web"]) == 2, manager.heard)

        second.kill()
    waiting = [ask(port) for _ in range(20)]
    with Service(program, work, manager, path, name="third") as third:
        manager.until("READY")
        answers = [answer(each) for each in waiting]
        check("after a crash as well", all(b"here" in each for each in answers), answers)

    # The next one has other listeners: no process keeps, or answers on, the old ones.
    other = running.port_to_keep()
    changed = config_of(work, other)
    changed["listeners"][0]["name"] = "other"
    path = write(work, changed)
    with Service(program, work, manager, path, name="fourth") as fourth:
        manager.until("READY")
        check("a listener that is gone is kept no longer", set(manager.store) == {"other"}, manager.heard)
        check("and said so", "no listener is bound to it" in fourth.text(), fourth.text())
        check("nobody is there", not running.accepts(port))
        check("the other one answers", b"here" in answer(ask(other)))
        changed["listeners"][0]["bind"] = f"127.0.0.1:{port}"
        write(work, changed)
        fourth.child.send_signal(signal.SIGHUP)
        running.until("the listener at its new address", lambda: running.accepts(port))
        check("the new address answers", b"here" in answer(ask(port)))
        running.until("the sockets of the new address", lambda: manager.next() and any(
            socket.socket(fileno=os.dup(fd)).getsockname()[1] == port for fd in manager.store.get("other", [])))
        check("under one name there are one address's", {socket.socket(fileno=os.dup(fd)).getsockname()[1] for fd in manager.store["other"]} == {port})
        check("it ends", fourth.end() == 0)


def workers_change(program, work):
    """Fewer workers than sockets: what is left over is closed, here and at the manager."""
    port = running.port_to_keep()
    manager = Manager(work)
    path = write(work, config_of(work, port, workers=3))
    with Service(program, work, manager, path, name="three") as three:
        manager.until("READY")
        check("a socket for each worker", len(manager.store["web"]) == 3, manager.heard)
        three.end()
    for workers in (1, 2):
        path = write(work, config_of(work, port, workers=workers))
        with Service(program, work, manager, path, name=f"with-{workers}") as service:
            manager.until("READY")
            check(f"{workers} of {workers}: no queue without a worker", all(b"here" in answer(ask(port)) for _ in range(12)))
            service.end()


def another_address(program, work):
    """What a start gives under a name stays there, though something else came under it."""
    before, after = running.port_to_keep(), running.port_to_keep()
    manager = Manager(work)
    for port in (before, after):
        path = write(work, config_of(work, port))
        with Service(program, work, manager, path, name=f"at-{port}") as service:
            manager.until("READY")
            check("what is kept is where it listens", manager.ports() == {"web": {port}}, (port, manager.ports(), manager.heard))
            service.end()
    check("nobody is where it was", not running.accepts(before))
    waiting = ask(after)
    with Service(program, work, manager, path, name="again") as service:
        manager.until("READY")
        check("who came between two processes is answered at the new address", b"here" in answer(waiting))
        service.end()


def another_name(program, work):
    """A renamed listener keeps its sockets, under the new name alone: across a restart and in a running process."""
    port = running.port_to_keep()
    manager = Manager(work)
    config = config_of(work, port)

    def named(*names):
        config["listeners"] = [{"name": name, "bind": f"127.0.0.1:{each}"} for name, each in names]
        return write(work, config)

    with Service(program, work, manager, named(("one", port)), name="one") as service:
        manager.until("READY")
        service.end()
    waiting = ask(port)
    other = running.port_to_keep()
    with Service(program, work, manager, named(("two", port)), name="two") as service:
        manager.until("READY")
        check("it takes the sockets of its address", b"here" in answer(waiting))
        check("and they are kept under its new name", manager.ports() == {"two": {port}}, manager.ports())

        def reloaded(*names):
            named(*names)
            service.child.send_signal(signal.SIGHUP)
            manager.until("RELOADING")
            manager.until("READY")
            want = {name: {each} for name, each in names}
            check(f"kept: {names}", manager.ports() == want, (manager.ports(), manager.heard))

        reloaded(("three", port))
        reloaded(("three", port), ("four", other))
        reloaded(("four", port), ("three", other))
        reloaded(("three", other))
        running.until("nobody at the address that is gone", lambda: not running.accepts(port))
        service.end()


def busy_manager(program, work):
    """One that does not read for a while holds nothing up, and hears what it has missed."""
    port, other = running.port_to_keep(), running.port_to_keep()
    manager = Manager(work)
    path = write(work, config_of(work, port))
    with Service(program, work, manager, path, name="busy") as service:
        manager.until("READY")
        manager.busy()
        write(work, {**config_of(work, port), "listeners": [{"name": "new", "bind": f"127.0.0.1:{port}"},
                                                            {"name": "web", "bind": f"127.0.0.1:{other}"}]})
        service.child.send_signal(signal.SIGHUP)
        running.until("the new listener", lambda: running.accepts(other))
        check("nobody waits for it", b"here" in answer(ask(other)))
        while manager.ports() != {"new": {port}, "web": {other}}:
            manager.next()
        check("it has what it missed", True)
        manager.busy()
        service.child.send_signal(signal.SIGTERM)
        check("nor does the end", service.child.wait(running.DEADLINE) == 0, service.text())


def mistyped(program, work):
    """More are said to be there than are: those that are there serve, and what is beyond all reason is closed."""
    manager = Manager(work)
    with socket.create_server(("127.0.0.1", 0)) as web, socket.create_server(("127.0.0.1", 0)) as beyond:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard if 0 < hard < 2 * FAR else 2 * FAR, hard))
        port, far = web.getsockname()[1], beyond.getsockname()[1]
        path = write(work, config_of(work, port))
        with Service(program, work, manager, path, (web.fileno(), "web"), far=beyond.fileno(), name="mistyped") as service:
            beyond.close()
            manager.until("READY")
            check("the socket that is there is taken", b"here" in answer(ask(port)), service.text())
            check("and its state can be written", "unwritable" not in service.text(), service.text())
            check("nobody waits on one that nobody takes from", not running.accepts(far))
            check("it ends", service.end() == 0)


def replaced(program, work):
    """Another process takes its place: the manager hears which is the main one, and whose end is a failure; the sockets stay."""
    port = running.port_to_keep()
    manager = Manager(work)
    path = write(work, config_of(work, port))
    verb = [program, "upgrade", "--state-dir", str(pathlib.Path(work) / "state"), "--json"]

    def main_process(told):
        return int(told["MAINPID"])

    with Service(program, work, manager, path, name="replaced") as service:
        manager.until("READY")
        upgrade = subprocess.Popen([*verb, "--probation", "1m"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        told = manager.until("MAINPID")
        fresh = main_process(told)
        check("the new one speaks once it is in charge", fresh != service.child.pid and told["READY"] == "1", told)
        os.kill(fresh, signal.SIGKILL)
        told = manager.until("MAINPID")
        check("it dies on probation: the old one is the main process again", main_process(told) == service.child.pid, told)
        check("and answers", b"here" in answer(ask(port)))
        check("which is a failure", upgrade.wait(running.DEADLINE) == 1 and "goes on" in upgrade.stderr.read())
        check("its sockets are kept as before", manager.ports() == {"web": {port}}, manager.ports())

        subprocess.run([*verb, "--probation", "100ms"], check=True, timeout=running.DEADLINE, stdout=subprocess.DEVNULL)
        fresh = main_process(manager.until("MAINPID"))
        check("the old one ends when it has nothing left", service.child.wait(running.DEADLINE) == 0, service.text())
        os.kill(fresh, signal.SIGHUP)
        check("the new one hears of a reload", manager.until("RELOADING")["RELOADING"] == "1")
        manager.until("READY")
        check("the sockets are kept for the next", manager.ports() == {"web": {port}}, manager.ports())
        os.kill(fresh, signal.SIGTERM)
        check("and is told to end", manager.until("STOPPING")["STOPPING"] == "1")
        running.until("it has ended", lambda: not os.path.exists(f"/proc/{fresh}") or b"Z" in pathlib.Path(f"/proc/{fresh}/stat").read_bytes().rsplit(b")", 1)[1][:3])


def activated(program, work):
    """Bound by a .socket unit: one socket for all workers, an address of any family, a port that the kernel chose."""
    manager = Manager(work)
    web, path_socket = socket.socket(), socket.socket(socket.AF_UNIX)
    web.bind(("127.0.0.1", 0))
    place = str(pathlib.Path(work) / "web.sock")
    path_socket.bind(place)
    port = web.getsockname()[1]
    for each in (web, path_socket):
        each.listen(64)
    early = ask(port)  # before there is a process
    config = config_of(work, port)
    config["listeners"].append({"name": "local", "bind": f"unix:{place}"})
    path = write(work, config)
    with Service(program, work, manager, path, (web.fileno(), "switchyard.socket"), (path_socket.fileno(), "switchyard.socket"),
                 keeps=False, name="activated") as service:
        manager.until("READY")
        check("who came before the process is answered", b"here" in answer(early))
        local = socket.socket(socket.AF_UNIX)
        local.connect(place)
        local.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        check("so it is over the unix socket", b"here" in answer(local))
        check("nothing is given to a manager that keeps nothing", not manager.store)
        check("it ends", service.end() == 0)
    check("the manager's socket is whole", web.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1 and os.path.exists(place))
    later = ask(port)
    config["listeners"] = [{"name": "web", "bind": "127.0.0.1:0"}]
    path = write(work, config)
    with Service(program, work, manager, path, (web.fileno(), "web"), keeps=False, name="by-name") as service:
        manager.until("READY")
        check("a listener on any port takes the socket of its name", b"here" in answer(later))
        service.end()


def nobody_listens(program, work):
    """A manager that is not there, and sockets that are meant for another process, do no harm."""
    path = write(work, config_of(work, 0))
    environment = {**os.environ, "NOTIFY_SOCKET": str(pathlib.Path(work) / "nobody"), "FDSTORE": "64", "LISTEN_PID": "1", "LISTEN_FDS": "2"}
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(open(pathlib.Path(work) / "alone.log", "wb"))
        child = subprocess.Popen([program, "run", "--config", str(path)], stdout=log, stderr=log, env=environment)
        stack.callback(child.wait)
        stack.callback(child.kill)
        state = pathlib.Path(work) / "state"

        def ready():
            done = subprocess.run([program, "status", "--ready", "--state-dir", str(state)], capture_output=True, text=True)
            return done.returncode == 0 and done.stdout == "ready\n"

        running.until("status --ready", ready)
        check("it serves all the same", True)
        child.send_signal(signal.SIGTERM)
        code = child.wait(running.DEADLINE)
        check("and ends", code == 0, (code, pathlib.Path(log.name).read_text()))
    done = subprocess.run([program, "status", "--ready", "--state-dir", str(state)], capture_output=True, text=True)
    check("status --ready of one that has ended exits with 4", done.returncode == 4, done)


def main():
    program = os.path.abspath(sys.argv[1])
    for story in (a_life, workers_change, another_address, another_name, busy_manager, replaced, activated, mistyped, nobody_listens):
        with running.workplace() as work:
            story(program, work)
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
