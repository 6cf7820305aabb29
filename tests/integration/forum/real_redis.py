"""A real redis-server for a test, and a peer in between that lies."""
import signal
import socket
import subprocess
import threading

from forums import DEADLINE, ForumTest


def encoded(words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in map(as_bytes, words))


def as_bytes(word):
    return word if isinstance(word, bytes) else word.encode()


def ask(port, *words):
    """One command in Redis' own protocol; the first line of its answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as connection:
        connection.sendall(encoded(words))
        return connection.makefile("rb").readline()


class Liar:
    """Stands between the forums and Redis: passes everything on, but answers every GET with the first value that was ever
    stored under any key, when there is one. Counts its lies."""

    def __init__(self, port):
        self.redis_port, self.lies, self.oldest = port, 0, None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, socket.create_connection(("127.0.0.1", self.redis_port), timeout=DEADLINE) as redis:
            commands, answers = connection.makefile("rb"), redis.makefile("rb")
            try:
                while words := self._command(commands):
                    redis.sendall(encoded(words))
                    answer = self._answer(answers)
                    if words[0] == b"SET" and self.oldest is None and b"page" in words[1]:
                        self.oldest = words[2]
                    if words[0] == b"GET" and self.oldest is not None:
                        self.lies += 1
                        answer = b"$%d\r\n%s\r\n" % (len(self.oldest), self.oldest)
                    connection.sendall(answer)
            except OSError:
                return

    @staticmethod
    def _command(stream):
        count = stream.readline()
        return [stream.read(int(stream.readline()[1:]) + 2)[:-2] for _ in range(int(count[1:]))] if count else None

    @staticmethod
    def _answer(stream):
        line = stream.readline()
        return line + stream.read(int(line[1:]) + 2) if line[:1] == b"$" and line[1:2] != b"-" else line


class RedisTest(ForumTest):
    def start_redis(self, *flags):
        # Any free port: taken once, given back, and asked for again until the server has it.
        for _ in range(20):
            with socket.socket() as finder:
                finder.bind(("127.0.0.1", 0))
                port = finder.getsockname()[1]
            server = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                                       "--dir", self.directory, *flags], stdout=subprocess.PIPE, text=True)
            for line in server.stdout:
                if "Ready to accept connections" in line:
                    threading.Thread(target=server.stdout.read, daemon=True).start()
                    self.addCleanup(self.end, server)
                    return server, port
            server.wait(DEADLINE)
        self.fail("no redis-server came up")

    def end(self, server):
        if server.poll() is None:
            server.send_signal(signal.SIGCONT)
            server.kill()
        server.wait(DEADLINE)

    def metric(self, forum, name):
        for line in forum.client().get("/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return int(line.split()[1])
        self.fail(name)
