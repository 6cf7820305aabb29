#!/usr/bin/env python3
"""One connection is one of many: clients that pipeline without end, download without end, or send a byte at a time, leave the
others of their one worker their turn, and every change its 200.

Neither do those who hold descriptors, crowd the admin API or guess tokens. The others' times are compared with those of
the same run without them.

usage: fair_worker.py SWITCHYARD YARDBENCH [REQUESTS [own]]
`own`, for figures: the worker has processor 0 before all others, and who asks comes before the greedy one on processor 1, so
that what is seen is the worker's own doing and no wait for a processor (needs two of them, and the right to real-time)."""
import contextlib
import multiprocessing
import os
import pathlib
import socket
import statistics
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

REQUESTS = 200  # of the patient client in each situation
FACTOR = 5      # its 90th percentile may be so many times that of the quiet run
FLOOR = 0.100   # ... and what a busy machine's scheduler may add to any


def greed(port, request, got):
    """Sends `request` for ever and throws away what comes; in a process of its own, so as not to slow down who measures."""
    connection = socket.create_connection(("127.0.0.1", port))

    def send():
        try:
            while True:
                connection.sendall(request)
        except OSError:
            pass
    threading.Thread(target=send, daemon=True).start()
    try:
        while came := connection.recv(1 << 20):
            got.value += len(came)
    except OSError:
        pass


def drip(port, request, count):
    """Fifty clients that send a request and then a byte each, again and again; one who is let go comes again."""
    begin = lambda: socket.create_connection(("127.0.0.1", port))  # noqa: E731
    clients = [begin() for _ in range(50)]
    for client in clients:
        client.sendall(request)
    while True:
        for place, client in enumerate(clients):
            try:
                client.sendall(b"x")
            except OSError:
                clients[place] = begin()
                clients[place].sendall(request)
            count.value += 1
            time.sleep(0.0002)


class Greedy:
    """`enough`: of what `what` counts, then it flows."""

    def __init__(self, port, request, what=greed, enough=1 << 16):
        self.got, self.enough = multiprocessing.Value("Q", 0), enough
        self.process = multiprocessing.Process(target=what, args=(port, request, self.got), daemon=True)
        self.process.start()

    def flows(self):
        return self.got.value > self.enough

    def stop(self):
        self.process.kill()
        self.process.join()


def answer(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        got = connection.recv(65536)
        if not got:
            raise running.Failed(f"the connection ended: {head!r}")
        head += got
    return head


def is_worker(thread):
    return (thread / "comm").read_text().startswith("worker")


@contextlib.contextmanager
def first_on(processor, *ids):
    """These threads (0: this one) come before all others that are no real-time threads, on that processor."""
    before = {each: os.sched_getaffinity(each) for each in ids}
    for each in ids:
        os.sched_setaffinity(each, {processor})
        os.sched_setscheduler(each, os.SCHED_FIFO, os.sched_param(10))
    try:
        yield
    finally:
        for each in ids:
            os.sched_setscheduler(each, os.SCHED_OTHER, os.sched_param(0))
            os.sched_setaffinity(each, before[each])


def threads_of(process):
    return list(pathlib.Path(f"/proc/{process}/task").iterdir())


def patient(port):
    """The times of one request after the other on a kept connection."""
    times = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(running.DEADLINE)
        for _ in range(REQUESTS):
            begun = time.monotonic()
            connection.sendall(b"GET /own HTTP/1.1\r\nHost: a\r\n\r\n")
            check("the patient one is answered", answer(connection).startswith(b"HTTP/1.1 200"))
            times.append(time.monotonic() - begun)
    return statistics.quantiles(times, n=10)[8]


class Crowd:
    """Connections that are open and say `first`, and then nothing."""

    def __init__(self, port, count, first=b""):
        self.sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
        for each in self.sockets:
            each.sendall(first)

    def flows(self):
        return True

    def stop(self):
        for each in self.sockets:
            each.close()


class Guesser:
    """Fifty wrong tokens a second."""

    def __init__(self, port):
        self.port, self.guessed, self.over = port, 0, threading.Event()
        self.thread = threading.Thread(target=self.guess)
        self.thread.start()

    def guess(self):
        while not self.over.wait(1 / 50):
            with socket.create_connection(("127.0.0.1", self.port)) as connection:
                connection.sendall(b"GET /v1/status HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer 0\r\nConnection: close\r\n\r\n")
                self.guessed += answer(connection)[9:12] in (b"401", b"429")

    def flows(self):
        return self.guessed > 20

    def stop(self):
        self.over.set()
        self.thread.join()


def story(switchyard, yardbench, work, own):
    with running.Endpoint(yardbench, work, "blue", "--body", "8388608") as blue, running.Endpoint(yardbench, work, "green") as green:
        config = running.blue_green([blue.address], [green.address])
        config["process"]["workers"] = 1
        config["routes"][0]["match"] = {"hosts": ["app"]}
        config["routes"].append({"name": "own", "match": {"path_exact": "/own"}, "respond": {"status": 200, "body": "hi"}})
        with running.Switchyard(switchyard, work, config) as proxy:
            proxy.healthy("blue", "green")
            port, admin = (int(url.rsplit(":", 1)[1]) for url in (proxy.url(), proxy.admin))
            stack = contextlib.ExitStack()
            asked = contextlib.nullcontext
            if own:
                for thread in threads_of(blue.child.pid):
                    os.sched_setaffinity(int(thread.name), {1})
                stack.enter_context(first_on(0, *(int(t.name) for t in threads_of(proxy.child.pid) if is_worker(t))))
                asked = lambda: first_on(1, 0)  # noqa: E731
            with asked():
                quiet = patient(port)
            print(f"quiet: p90 {quiet * 1000:.3f} ms")
            situations = {
                "a pipeline of requests that nobody takes":
                    lambda: Greedy(port, b"GET / HTTP/1.1\r\nHost: nobody\r\n\r\n" * 2000),
                "a pipeline of large downloads": lambda: Greedy(port, b"GET / HTTP/1.1\r\nHost: app\r\n\r\n" * 20),
                "fifty that drip a body": lambda: Greedy(
                    port, b"POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 100000000\r\n\r\n", drip, 200),
                "fifty that drip a head": lambda: Greedy(port, b"GET / HTTP/1.1\r\nHost: app\r\nX-Long: ", drip, 200),
                "60 that hold descriptors": lambda: Crowd(port, 60, b"GET / HTTP/1.1\r\nHost: no"),
                "600 idle ones on the admin port": lambda: Crowd(admin, 600),
                "50 wrong tokens a second": lambda: Guesser(admin),
            }
            for title, begin in situations.items():
                beside = begin()
                try:
                    if own and isinstance(beside, Greedy):
                        os.sched_setaffinity(beside.process.pid, {1})
                    running.until(f"{title}: it flows", beside.flows)
                    with asked():
                        p90 = patient(port)
                    print(f"{title}: p90 {p90 * 1000:.3f} ms, {p90 / quiet:.1f} times quiet")
                    check(f"{title}: the others' p90", p90 <= FACTOR * quiet + FLOOR, f"{p90:.4f} s, quiet {quiet:.4f} s")
                    for weight in (1, 2, 3):
                        status, receipt, _ = proxy.call("PUT", "/v1/routes/app/split", {"blue": 1000, "green": weight})
                        check(f"{title}: a change is adopted", status == 200, (status, receipt))
                finally:
                    beside.stop()
            stack.close()


def main(switchyard, yardbench, requests=REQUESTS, own=""):
    """`requests`: more of them for a figure that is to be recorded."""
    global REQUESTS
    REQUESTS = int(requests)
    with running.workplace() as work:
        story(switchyard, yardbench, work, own == "own")
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
