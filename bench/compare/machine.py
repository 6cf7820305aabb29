"""Processes of a comparison: started pinned, measured, and ended by exactly the hands that started them."""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

DEADLINE = 20.0  # seconds for a process to listen; generous, because the machine may be busy


given_ports = set()


def free_port():
    """A port without a listener now, and another one each time: the kernel may choose one again before its program has bound it.
    The few programs that cannot bind port 0 and tell get one of these."""
    with contextlib.ExitStack() as held:
        while True:
            probe = held.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
            if port not in given_ports:
                given_ports.add(port)
                return port


def family(pid):
    """The process and all its descendants."""
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                found += family(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def cpu_seconds(pid):
    """Processor seconds, user and system, of the process and its descendants, ended children included."""
    ticks = 0
    for one in family(pid):
        try:
            fields = pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_kib(pid):
    """Proportional set size of the process and its descendants."""
    total = 0
    for one in family(pid):
        text = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total


class Started:
    def __init__(self, name, process, log):
        self.name, self.process, self.log, self.pid = name, process, log, process.pid

    def said(self):
        return pathlib.Path(self.log).read_text(errors="replace")


class Machine:
    """Starts processes in a work directory; leaving the `with` block ends them and removes the directory."""

    def __init__(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="yardbench-"))
        self.started = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.work, ignore_errors=True)

    def start(self, name, command, processors=None, env=None):
        log = self.work / f"{name}-{len(self.started)}.log"
        pinned = ["taskset", "-c", str(processors)] if processors is not None else []
        with open(log, "wb") as out:
            # No session of its own: by sessions the kernel divides a busy processor (autogroup), and a proxy must have
            # the share that its load has.
            process = subprocess.Popen([*pinned, *map(str, command)], stdout=out, stderr=subprocess.STDOUT,
                                       process_group=0, env=env)
        started = Started(name, process, log)
        self.started.append(started)
        return started

    def start_here(self, command):
        """Starts a process that speaks to this terminal; ended like the others."""
        process = subprocess.Popen(list(map(str, command)))
        self.started.append(Started(command[0], process, os.devnull))
        return process

    def wait_listening(self, started, port):
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until:
            if started.process.poll() is not None:
                raise RuntimeError(f"{started.name} ended with {started.process.returncode}:\n{started.said()}")
            try:
                socket.create_connection(("127.0.0.1", port), 0.5).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{started.name} does not listen on 127.0.0.1:{port} after {DEADLINE} s:\n{started.said()}")

    def wait_answering(self, started, port, path="/"):
        """Waits for a 200: a proxy may listen before it has found its endpoints healthy."""
        self.wait_listening(started, port)
        until = time.monotonic() + DEADLINE
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
                    answer.read()
                    return
            except OSError as error:
                if time.monotonic() > until:
                    raise RuntimeError(f"{started.name} gives no 200 after {DEADLINE} s: {error}\n{started.said()}") from error
                time.sleep(0.02)

    def wait_said(self, started, word):
        """The rest of the line that begins with `word`, once the process has printed it."""
        until = time.monotonic() + DEADLINE
        while time.monotonic() < until:
            for line in started.said().splitlines():
                if line.startswith(word):
                    return line[len(word):].strip()
            if started.process.poll() is not None:
                raise RuntimeError(f"{started.name} ended with {started.process.returncode}:\n{started.said()}")
            time.sleep(0.02)
        raise RuntimeError(f"{started.name} did not say '{word}' within {DEADLINE} s:\n{started.said()}")

    def end(self, started, sign=signal.SIGTERM):
        if started.process.poll() is None:
            try:
                self.send(started, sign)
            except ProcessLookupError:
                pass
        try:
            started.process.wait(10)
        except subprocess.TimeoutExpired:
            self.send(started, signal.SIGKILL)
            started.process.wait(10)
        if started in self.started:
            self.started.remove(started)

    @staticmethod
    def send(started, sign):
        # Each process has the group of its number, with all its children in it.
        if os.getpgid(started.pid) == started.pid:
            os.killpg(started.pid, sign)
        else:
            os.kill(started.pid, sign)

    def stop(self):
        for started in list(reversed(self.started)):
            self.end(started)
