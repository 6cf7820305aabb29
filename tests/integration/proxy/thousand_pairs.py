#!/usr/bin/env python3
"""A thousand bodies of 100 MiB at once, where one side is fast and the other reads slowly: the proxy holds two marks of
buffer per exchange and not more, down and up. Its own memory stays below 64 MiB in all.

The bodies do not run to their end, which would move 200 GiB: every slow side takes some MiB in turns and stops again, so
that each buffer has been full, empty and full."""
import pathlib
import resource
import selectors
import socket
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

PAIRS = 1000
BODY = 100 * 1024 * 1024
TURNS, PIECE = 3, 256 * 1024   # what each slow side takes: more than the proxy and small socket buffers hold
SLOW_BUFFER = 16 * 1024        # of the slow side's socket, so that it is the proxy that has to wait
MOST = 64 * 1024 * 1024


def own_memory(process):
    """Bytes of the process's own: stacks, heap, buffers. Pages of the program's file are not."""
    for line in pathlib.Path(f"/proc/{process.child.pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise running.Failed("no RssAnon")


def measure(what, proxy):
    bytes_ = own_memory(proxy)
    print(f"{what}: {bytes_ / 1024 / 1024:.1f} MiB")
    check(what, bytes_ <= MOST, f"{bytes_} bytes, more than {MOST}")


def allow_files(count):
    """How many this process may have open, and what its children begin with."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def in_flight(proxy):
    return sum(e["in_flight"] for e in proxy.status()["upstreams"]["app"]["endpoints"])


def slow_socket():
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BUFFER)
    one.settimeout(running.DEADLINE)
    return one


def take(sockets, amount):
    """Reads `amount` from each, all at once."""
    waiting = selectors.DefaultSelector()
    for one in sockets:
        waiting.register(one, selectors.EVENT_READ, amount)
    while waiting.get_map():
        ready = waiting.select(running.DEADLINE)
        if not ready:
            raise running.Failed(f"{len(waiting.get_map())} of {len(sockets)} pairs stand still")
        for key, _ in ready:
            piece = key.fileobj.recv(min(65536, key.data))
            if not piece:
                raise running.Failed("a pair ended early")
            if key.data == len(piece):
                waiting.unregister(key.fileobj)
            else:
                waiting.modify(key.fileobj, selectors.EVENT_READ, key.data - len(piece))


def proxy_for(switchyard, work, address):
    # As a shell or a service manager starts it: the proxy has to raise its limit by itself.
    allow_files(1024)
    proxy = running.Switchyard(switchyard, work, {
        "process": {"workers": 2},
        "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
        "upstreams": {"app": {"endpoints": [{"address": address}], "health": {"type": "none"}, "timeouts": {"idle": "10m", "response_head": "10m"}}},
        "routes": [{"name": "app", "split": {"app": 1}}]})
    allow_files(3 * PAIRS)
    return proxy


def connect(proxy):
    host, port = proxy.status()["listeners"][0]["bound"].split(":")
    sockets = []
    for _ in range(PAIRS):
        one = slow_socket()
        one.connect((host, int(port)))
        sockets.append(one)
    return sockets


def down(switchyard, yardbench, work):
    with running.Endpoint(yardbench, work, "blue", "--body", str(BODY)) as endpoint, \
            proxy_for(switchyard, work, endpoint.address) as proxy:
        measure("idle", proxy)
        clients = connect(proxy)
        for client in clients:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        running.until("every response to begin", lambda: in_flight(proxy) == PAIRS)
        for turn in range(TURNS):
            take(clients, PIECE)
            measure(f"{PAIRS} downloads, {(turn + 1) * PIECE // 1024} KiB of each taken", proxy)
        for client in clients:
            client.close()
        running.until("every pair to end", lambda: in_flight(proxy) == 0)


def push(sockets, stop):
    """The fast side: whatever the proxy takes."""
    waiting = selectors.DefaultSelector()
    piece = b"x" * 65536
    for one in sockets:
        one.setblocking(False)
        waiting.register(one, selectors.EVENT_WRITE)
    while not stop.is_set():
        for key, _ in waiting.select(0.05):
            try:
                key.fileobj.send(piece)
            except BlockingIOError:
                pass


def up(switchyard, work):
    listener = slow_socket()  # accepted connections inherit the small buffer
    listener.bind(("127.0.0.1", 0))
    listener.listen(PAIRS)
    with proxy_for(switchyard, work, "127.0.0.1:%d" % listener.getsockname()[1]) as proxy:
        clients = connect(proxy)
        for client in clients:
            client.sendall(f"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {BODY}\r\n\r\n".encode())
        taken = [listener.accept()[0] for _ in range(PAIRS)]
        stop = threading.Event()
        pushing = threading.Thread(target=push, args=(clients, stop))
        pushing.start()
        try:
            for turn in range(TURNS):
                take(taken, PIECE)
                measure(f"{PAIRS} uploads, {(turn + 1) * PIECE // 1024} KiB of each taken", proxy)
        finally:
            stop.set()
            pushing.join()
        for one in [*clients, *taken]:
            one.close()
    listener.close()


def main():
    switchyard, yardbench = sys.argv[1:3]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 3 * PAIRS:
        print(f"SKIPPED: {hard} open files are allowed at most, {3 * PAIRS} are needed (ulimit -Hn)")
        return 77
    for story in (lambda work: down(switchyard, yardbench, work), lambda work: up(switchyard, work)):
        with running.workplace() as work:
            story(pathlib.Path(work))
    return verdict()


if __name__ == "__main__":
    sys.exit(main())
