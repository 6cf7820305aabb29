#!/usr/bin/env python3
"""The process as a service: a manager, played here, is told when it is ready, reads its file again and ends; it keeps the
listening sockets, and who connects between two processes waits and is answered. Sockets that a manager has bound itself
are taken by the listener that is bound to the same address."""
import array
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

# Its own process number takes the place of the shell's: LISTEN_PID names who the sockets are for.
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
            self.store.setdefault(lines["FDNAME"], []).extend(descriptors)
        if "FDSTOREREMOVE" in lines:
            for fd in self.store.pop(lines["FDNAME"], []):
                os.close(fd)
        self.heard.append(lines)
        return lines

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

    def __init__(self, program, work, manager, config, *sockets, keeps=True, name="service"):
        fds, names = manager.passed(*sockets)
        self.fds = fds
        environment = {**os.environ, "NOTIFY_SOCKET": manager.path, "LISTEN_FDS": str(len(fds)), "LISTEN_FDNAMES": names,
                       "FDSTORE": "64" if keeps else "0"}
        self.log = pathlib.Path(work) / f"{name}.log"
        self.handle = open(self.log, "ab")
        self.name = name
        # High copies first: what is put at 3 must not be one that is still to be put somewhere.
        high = [os.dup2(fd, 200 + i, inheritable=False) for i, fd in enumerate(fds)]

        def place():
            for i, fd in enumerate(high):
                os.dup2(fd, 3 + i, inheritable=True)

        self.child = subprocess.Popen(["sh", "-c", AS_SERVICE, "sh", program, "run", "--config", str(config)], stdout=self.handle,
                                      stderr=subprocess.STDOUT, env=environment, cwd=work, preexec_fn=place,
                                      pass_fds=range(3, 3 + len(fds)) if fds else ())
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
        check("and ends", child.wait(running.DEADLINE) == 0)
    done = subprocess.run([program, "status", "--ready", "--state-dir", str(state)], capture_output=True, text=True)
    check("status --ready of one that has ended exits with 4", done.returncode == 4, done)


def main():
    program = os.path.abspath(sys.argv[1])
    for story in (a_life, workers_change, activated, nobody_listens):
        with running.workplace() as work:
            story(program, work)
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
