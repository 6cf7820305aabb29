"""A real redis-server beside two forums: what it helps with, and that nothing goes wrong when it is dead, slow or lies."""
import signal
import socket
import threading
import unittest

from forums import DEADLINE, PASSWORD, until
from real_redis import Liar, RedisTest, ask


class Redis(RedisTest):
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
        flags = ("--redis", f"127.0.0.1:{port}", "--redis-limit", "5s")
        blue, green = self.start(*flags), self.start(*flags, "--colour", "green")
        alice = self.register(blue, "alice")
        post = "/api/v1/posts/" + self.write_post(alice)
        pages = "local pages = redis.call('keys', 'forum:page:*') "
        keep_one = "redis.call('set', 'older', redis.call('get', pages[1])) return #pages"
        self.assertEqual(blue.client().get(post).status, 200)
        self.assertEqual(ask(port, "EVAL", pages + keep_one, "0"), b":1\r\n")
        lies = ["''", "'nonsense'", "'1 2 3'", "string.rep('9', 100)", "string.rep('x', 32) .. '3 \"1\"{}'",
                "redis.call('get', 'older')", "string.sub(redis.call('get', k), 1, -2)", "redis.call('get', k) .. ' '"]
        for number, lie in enumerate(lies):
            with self.subTest(lie=lie):
                self.assertEqual(alice.patch(post, {"title": f"edit {number}"}).status, 200)
                honest = blue.client().get(post)
                told = ask(port, "EVAL", pages + f"for _, k in ipairs(pages) do redis.call('set', k, {lie}) end return #pages", "0")
                self.assertGreater(int(told[1:]), 0)
                seen = green.client().get(post)
                self.assertEqual((seen.json["title"], seen.body), (f"edit {number}", honest.body))
        self.assertEqual(self.metric(green, "forum_page_cache_remote_hits_total"), 0)

    def test_somebody_in_between_who_repeats_what_was_once_true_is_not_believed(self):
        _, port = self.start_redis()
        liar = Liar(port)
        self.addCleanup(liar.close)
        flags = ("--redis", f"127.0.0.1:{liar.port}", "--redis-limit", "5s")
        blue, green = self.start(*flags), self.start(*flags, "--colour", "green")
        alice = self.register(blue, "alice")
        for number in range(5):
            post = self.write_post(alice, f"number {number}")
            for forum in (blue, green):
                self.assertEqual(forum.client().get("/api/v1/posts?sort=new").json["items"][0]["id"], post)
                self.assertEqual(forum.client().get("/api/v1/posts/" + post).json["title"], f"number {number}")
        self.assertGreater(liar.lies, 5)

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

    def fake_redis(self, answer):
        """`answer(connection)` for each connection, until it returns or the other side is gone."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def serve(connection):
            with connection:
                try:
                    answer(connection)
                except OSError:
                    pass

        def accept():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return server.getsockname()[1]

    def test_an_answer_without_end_is_given_up_before_it_fills_the_memory(self):
        taken = []

        def endless(connection):
            connection.recv(65536)
            sent = connection.send(b"$1000000000\r\n")
            taken.append(sent)
            while True:
                taken[-1] += connection.send(b"y" * 65536)

        forum = self.start("--redis", f"127.0.0.1:{self.fake_redis(endless)}", "--redis-limit", "30s", "--page-life", "1ms")
        self.assertEqual(forum.client().get("/api/v1/categories").status, 200)
        self.assertEqual(forum.client().get("/api/v1/posts").status, 200)
        self.assertGreaterEqual(self.metric(forum, "forum_redis_failures_total"), 1)
        self.assertLess(max(taken), 64 * 1024 * 1024)

    def test_an_answer_that_drips_is_given_up_at_the_deadline_of_the_call(self):
        over = threading.Event()
        self.addCleanup(over.set)

        def drip(connection):
            connection.recv(65536)
            while not over.wait(0.005):
                connection.send(b"$")

        forum = self.start("--redis", f"127.0.0.1:{self.fake_redis(lambda c: (c.recv(65536), c.send(b'$900000' + bytes([13, 10])), drip(c)))}",
                           "--redis-limit", "50ms", "--page-life", "1ms")
        self.assertEqual(forum.client().get("/api/v1/posts").status, 200)  # by the old reckoning it never came
        self.assertGreaterEqual(self.metric(forum, "forum_redis_failures_total"), 1)

    def test_a_redis_that_is_slower_than_doing_without_is_left_out(self):
        def slow(connection):
            while connection.recv(65536):
                threading.Event().wait(0.02)
                connection.send(b"$-1\r\n")

        forum = self.start("--redis", f"127.0.0.1:{self.fake_redis(slow)}", "--redis-limit", "30ms", "--page-life", "1ms", "--seed-posts", "10")
        client = forum.client()
        for number in range(300):
            self.assertEqual(client.get(f"/api/v1/posts?limit={1 + number % 100}").status, 200)
        self.assertLess(self.metric(forum, "forum_redis_calls_total"), 150)


if __name__ == "__main__":
    unittest.main(verbosity=2)
