"""A real redis-server beside two forums: what it helps with, and that nothing goes wrong when it is dead, slow or lies."""
import os
import signal
import socket
import subprocess
import threading
import unittest

from forums import DEADLINE, PASSWORD, ForumTest, until


def ask(port, *words):
    """One command in Redis' own protocol."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as connection:
        text = b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in map(as_bytes, words))
        connection.sendall(text)
        return connection.makefile("rb").readline()


def as_bytes(word):
    return word if isinstance(word, bytes) else word.encode()


class Redis(ForumTest):
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

    def test_what_one_instance_built_serves_the_other_and_is_never_old(self):
        _, port = self.start_redis()
        blue = self.start("--redis", f"127.0.0.1:{port}")
        green = self.start("--redis", f"127.0.0.1:{port}", "--colour", "green")
        alice = self.register(blue, "alice")
        for number in range(10):
            post = self.write_post(alice, f"number {number}")
            self.assertEqual(blue.client().get("/api/v1/posts?sort=new").json["items"][0]["id"], post)
            self.assertEqual(green.client().get("/api/v1/posts?sort=new").json["items"][0]["id"], post)
        self.assertGreaterEqual(self.metric(green, "forum_page_cache_remote_hits_total"), 10)
        self.assertEqual(green.client().get("/readyz").json["checks"]["redis"]["status"], "ok")

    def test_throttling_is_shared_by_all_instances(self):
        _, port = self.start_redis()
        flags = ("--redis", f"127.0.0.1:{port}", "--login-limit", "4", "--redis-limit", "5s")
        blue, green = self.start(*flags), self.start(*flags, "--colour", "green")
        self.register(blue, "alice")
        guess = {"username": "alice", "password": "wrong one"}
        statuses = [forum.client().post("/api/v1/login", guess).status for forum in (blue, green, blue, green, blue, green)]
        self.assertEqual(statuses, [401] * 4 + [429] * 2)

    def test_values_that_somebody_else_wrote_there_are_not_believed(self):
        _, port = self.start_redis()
        blue = self.start("--redis", f"127.0.0.1:{port}", "--page-life", "1ms")
        alice = self.register(blue, "alice")
        post = self.write_post(alice)
        honest = blue.client().get("/api/v1/posts/" + post).body

        def stored():
            # Asked for each time: what is kept lives shortly, and a slow moment keeps nothing.
            self.assertEqual(blue.client().get("/api/v1/posts/" + post).body, honest)
            return ask(port, "EVAL", "return #redis.call('keys', 'forum:page:*')", "0") != b":0\r\n"
        until(stored, "a page in Redis")
        for lie in ("", "nonsense", "1 2 3", "12345 4 \"x\"{}", "9" * 100):
            ask(port, "EVAL", "for _, k in ipairs(redis.call('keys', 'forum:page:*')) do redis.call('set', k, ARGV[1]) end return 1", "0", lie)
            self.assertEqual(blue.client().get("/api/v1/posts/" + post).body, honest)

    def test_a_redis_that_dies_hangs_fills_up_or_comes_back_never_shows(self):
        server, port = self.start_redis("--maxmemory", "2mb", "--maxmemory-policy", "noeviction")
        forum = self.start("--redis", f"127.0.0.1:{port}", "--redis-limit", "20ms", "--page-life", "1ms")
        alice = self.register(forum, "alice")
        client = forum.client()

        def all_is_well(label):
            with self.subTest(state=label):
                post = self.write_post(alice, label)
                for _ in range(3):
                    self.assertEqual(client.get("/api/v1/posts?sort=new").json["items"][0]["title"], label)
                    self.assertEqual(client.get("/api/v1/posts/" + post).status, 200)
                self.assertEqual(client.post("/api/v1/login", {"username": "alice", "password": PASSWORD}).status, 200)
                self.assertEqual(client.get("/readyz").status, 200)

        all_is_well("there")
        ask(port, "EVAL", "for i = 1, 100000 do redis.call('set', 'fill' .. i, string.rep('x', 100)) end", "0")
        all_is_well("full")
        server.send_signal(signal.SIGSTOP)
        all_is_well("hanging")
        server.send_signal(signal.SIGCONT)
        server.kill()
        server.wait(DEADLINE)
        all_is_well("gone")
        self.assertEqual(client.get("/readyz").json["checks"]["redis"]["status"], "failing")
        self.assertGreater(self.metric(forum, "forum_redis_failures_total"), 0)

    def test_something_else_listening_there_is_only_slower(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            def answer():
                while True:
                    try:
                        connection, _ = other.accept()
                    except OSError:
                        return
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    connection.close()
            threading.Thread(target=answer, daemon=True).start()
            forum = self.start("--redis", f"127.0.0.1:{other.getsockname()[1]}", "--page-life", "1ms")
            self.write_post(self.register(forum, "alice"))
            for _ in range(5):
                self.assertEqual(len(forum.client().get("/api/v1/posts").json["items"]), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
