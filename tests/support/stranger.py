"""A program that is to take a Switchyard's place and does not do as it should: it speaks the line on descriptor 3
(control/upgrade/wire.h) as far as it is told, and then hangs, ends or talks nonsense.

usage: stranger.py AS_FAR_AS THEN"""
import array
import json
import os
import signal
import socket
import sqlite3
import struct
import sys
import time

HEAD = struct.Struct("<IIHH")  # length of the message, its descriptors, protocol, nothing


class Line:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, fileno=3)
        self.held = []

    def say(self, protocol=1, **message):
        text = json.dumps(message).encode()
        self.socket.send(HEAD.pack(len(text), 0, protocol, 0) + text)

    def hear(self):
        text = b""
        while True:
            packet, more, _, _ = self.socket.recvmsg(65536, socket.CMSG_SPACE(253 * 4))
            if not packet:
                sys.exit(1)
            for _, _, octets in more:
                descriptors = array.array("i")
                descriptors.frombytes(octets[:len(octets) - len(octets) % descriptors.itemsize])
                self.held += descriptors  # what was given to it stays open, as with a program that hangs
            text += packet[HEAD.size:]
            if len(text) == HEAD.unpack(packet[:HEAD.size])[0]:
                return json.loads(text)


def newer_format(path, min_reader):
    """What a newer version makes of a state."""
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE of_a_newer_version (word TEXT)")
        db.execute("PRAGMA user_version = 999")
        db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('min_reader', ?)", (str(min_reader),))


def main():
    as_far_as, then = sys.argv[1:3]
    line = Line()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for phase in ("nothing", "hello", "ready", "serving", "alive"):
        if phase == "hello":
            line.say(type="hello", version="another", pid=os.getpid(), something_new={"it": "knows"})
        elif phase == "ready":
            while (asked := line.hear())["type"] != "rehearse":
                pass
            if then == "contract":
                newer_format(asked["copy"], 999)
            if then == "refuse":
                line.say(type="refused", why="/routes/0/mirror: this version knows no such key")
            line.say(type="ready", report="fine")
        elif phase == "serving":
            while (given := line.hear())["type"] != "state":
                pass
            if then == "expand":
                newer_format(os.path.join(given["state_dir"], "switchyard.db"), 1)
            line.say(type="serving")
        elif phase == "alive":
            line.say(type="alive")
        if phase == as_far_as:
            break
    if then == "babble":
        line.say(type="of_another_world")
    elif then == "protocol":
        line.say(protocol=9, type="hello", version="later")
    elif then == "older":
        line.say(protocol=0, type="hello", version="earlier")
    elif then in ("end", "expand"):
        sys.exit(5)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main()
