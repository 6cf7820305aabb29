#!/usr/bin/env python3
"""The event stream resumes with Last-Event-ID across connections that are cut in the middle of an event, without gap or
repetition; across a restart it says that some are gone, and goes on."""
import json
import pathlib
import random
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
import running  # noqa: E402
from checks import check, verdict  # noqa: E402

CHANGES = 150  # each waits for the disk
SEED = 20261121


class Stream:
    """One connection to the events, read byte by byte if wanted, and cut at will."""

    def __init__(self, proxy, after):
        host, port = proxy.admin.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), running.DEADLINE)
        resume = f"Last-Event-ID: {after}\r\n" if after is not None else ""
        self.socket.sendall(f"GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {proxy.token}\r\n{resume}\r\n".encode())
        self.pending = b""
        self.last_event = time.monotonic()
        while b"\r\n\r\n" not in self.pending:
            self.more(1)  # the head and no more: what follows is counted
        head, self.pending = self.pending, b""
        if not head.startswith(b"HTTP/1.1 200 ") or b"text/event-stream" not in head:
            raise running.Failed(f"no stream: {head}")

    def more(self, size=65536):
        piece = self.socket.recv(size)
        if not piece:
            raise running.Failed(f"the stream ended: {self.pending!r}")
        if time.monotonic() > self.last_event + running.DEADLINE:  # signs of life are no events
            raise running.Failed(f"no event for {running.DEADLINE:.0f} s: {self.pending!r}")
        self.pending += piece
        return len(piece)

    def take(self):
        """The events that are whole by now, as (id, kind, data); what is begun is kept."""
        out = []
        while b"\n\n" in self.pending:
            block, _, self.pending = self.pending.partition(b"\n\n")
            fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if not line.startswith(":"))
            if fields:
                out.append((int(fields.get("id", 0)), fields["event"], json.loads(fields["data"])))
                self.last_event = time.monotonic()
        return out

    def next(self, wanted):
        """Reads until `wanted` of the events holds for one; all that were read."""
        out = self.take()
        while not any(wanted(event) for event in out):
            self.more()
            out += self.take()
        return out


def split(proxy, blue, green):
    """In force with the answer; that a worker is late is no failure here."""
    status, answer, _ = proxy.call("PUT", "/v1/routes/app/split", {"blue": blue, "green": green})
    if status not in (200, 202):
        raise running.Failed(f"split {blue} : {green} was answered {status}: {answer}")


class Operator(threading.Thread):
    """Makes the changes, and keeps what went wrong for the thread that reads."""

    def __init__(self, proxy):
        super().__init__()
        self.proxy, self.trouble = proxy, None
        self.start()

    def run(self):
        try:
            for n in range(CHANGES):
                split(self.proxy, n + 1, 1)
        except Exception as trouble:  # whatever it is, the reader must not wait for more
            self.trouble = trouble

    def ended_well(self):
        self.join()
        if self.trouble:
            raise running.Failed(f"the operator's change failed: {self.trouble!r}")


def across_cuts(proxy, dice):
    """Reads a random number of bytes, cuts, resumes after the last whole event, until the last change was told."""
    last_generation = proxy.status()["generation"] + CHANGES
    changes = Operator(proxy)
    seen, after, cuts = [], 0, 0

    def more_to_come():
        return not changes.trouble and (not seen or seen[-1][2].get("generation") != last_generation)

    while more_to_come():
        stream = Stream(proxy, after)
        left = dice.randrange(1, 4000)
        while left > 0 and more_to_come():
            left -= stream.more(min(left, 700))
            seen += [event for event in stream.take() if event[1] == "change"]
            after = seen[-1][0] if seen else after
        stream.socket.close()
        cuts += 1
    changes.ended_well()
    generations = [event[2]["generation"] for event in seen]
    check("every change is told once, in order", generations == list(range(generations[0], last_generation + 1)), generations)
    check("from the first on", generations[0] == last_generation - CHANGES + 1, generations[0])
    check("ids grow", all(a[0] < b[0] for a, b in zip(seen, seen[1:])))
    return after, cuts


def across_restart(proxy, after):
    proxy.healthy("blue")  # before its first check the guard refuses to send traffic there
    stream = Stream(proxy, after)
    split(proxy, 1, 0)
    events = stream.next(lambda event: event[1] == "change")
    check("after a restart the first word is a gap", events[0][1] == "gap", events)
    check("then what is new, with a higher id", events[-1][0] > after, events)
    stream.socket.close()
    # Asked for nothing in particular, nothing is missed.
    events = Stream(proxy, 0).next(lambda event: event[1] == "change")
    check("after 0 there is no gap", all(event[1] != "gap" for event in events), events)
    # An id that is yet to come is from before a restart at which the clock was put back.
    events = Stream(proxy, 2 ** 62).next(lambda event: event[1] == "change")
    check("an id from the future is a gap", events[0][1] == "gap", events)


def slow_reader(proxy):
    """One that does not read must not be waited for."""
    stream = Stream(proxy, 0)
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    before = proxy.status()["generation"]
    for n in range(50):
        split(proxy, n + 1, 2)
    check("changes go on", proxy.status()["generation"] == before + 50)
    stream.socket.close()


def main(program, yardbench):
    with running.workplace() as work, running.Endpoint(yardbench, work, "blue") as blue:
        with running.Switchyard(program, work, running.blue_green([blue.address], [blue.address])) as proxy:
            after, cuts = across_cuts(proxy, random.Random(SEED))
            slow_reader(proxy)
            check("a wrong id is refused", proxy.call("GET", "/v1/events", Last_Event_ID="x")[0] == 400)
            proxy.kill()
        with running.Switchyard(program, work, None, name="again") as proxy:
            across_restart(proxy, after)
            check("it ends in order", proxy.end() == 0)
    check("the stream was cut often enough to say something", cuts >= 5, cuts)
    print(f"{CHANGES} changes over {cuts} connections")
    return verdict()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
