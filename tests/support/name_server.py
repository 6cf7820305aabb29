"""A name server (UDP) that answers from a table and fails as it is told to."""
import socket
import struct
import threading

NXDOMAIN, SERVFAIL = 3, 2


class NameServer:
    """`names[name]` is a list of IPv4 addresses, a code, or None for silence. A name that is not there is NXDOMAIN.
    `services[name]` is a list of (priority, weight, port, target)."""

    def __init__(self, ttl=1):
        self.names, self.services = {}, {}
        self.ttl = ttl
        self.asked = []  # names, in the order of the questions
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def questions(self, name):
        return self.asked.count(name)

    def _serve(self):
        while True:
            question, client = self.socket.recvfrom(4096)
            if not question:
                return
            reply = self._answer(question)
            if reply:
                self.socket.sendto(reply, client)

    def _answer(self, question):
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        kind = struct.unpack(">H", question[at + 1:at + 3])[0]
        name = ".".join(labels)
        self.asked.append(name)
        if kind == 33 and name in self.services:
            return self._records(question, at, 33, [struct.pack(">HHH", *s[:3]) + self._name(s[3]) for s in self.services[name]])
        known = self.names.get(name, NXDOMAIN)
        if known is None:
            return None
        code = known if isinstance(known, int) else 0
        addresses = known if isinstance(known, list) and kind == 1 else []
        records = b"".join(struct.pack(">HHHIH", 0xC00C, 1, 1, self.ttl, 4) + socket.inet_aton(a) for a in addresses)
        return question[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(addresses), 0, 0) + question[12:at + 5] + records

    @staticmethod
    def _name(name):
        return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"

    def _records(self, question, at, kind, data):
        records = b"".join(struct.pack(">HHHIH", 0xC00C, kind, 1, self.ttl, len(d)) + d for d in data)
        return question[:2] + struct.pack(">HHHHH", 0x8180, 1, len(data), 0, 0) + question[12:at + 5] + records
