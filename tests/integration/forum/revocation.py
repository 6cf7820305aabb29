"""What is taken away on one instance is gone on the other with the next request, whatever state Redis is in."""
import signal
import unittest

from forums import DEADLINE, PASSWORD
from real_redis import Liar, RedisTest, ask

OTHER = "another horse"


class Revocation(RedisTest):
    def start_both(self, *flags):
        self.blue, self.green = self.start(*flags), self.start(*flags, "--colour", "green")
        self.root = self.admin(self.blue)
        self.names = 0

    def a_user(self):
        self.names += 1
        return f"user{self.names}", self.register(self.blue, f"user{self.names}")

    def log_in(self, forum, name, password=PASSWORD):
        answer = forum.client().post("/api/v1/login", {"username": name, "password": password})
        self.assertEqual(answer.status, 200, answer.body)
        return forum.client(answer.json["access_token"])

    def assert_in(self, client):
        self.assertEqual(client.get("/api/v1/me").status, 200)

    def assert_out(self, client):
        self.assert_problem(client.get("/api/v1/me"), 401, "invalid-token")
        self.assert_problem(client.post("/api/v1/posts", {"category": "general", "title": "t", "body": "b"}), 401)

    def assert_all_take_effect_everywhere(self, state):
        with self.subTest(state=state, what="log out everywhere"):
            name, here = self.a_user()
            there, other = self.log_in(self.green, name), self.log_in(self.green, name)
            for client in (here, there, other):
                self.assert_in(client)
            self.assertEqual(here.post("/api/v1/logout-everywhere").status, 204)
            for client in (there, other, here):
                self.assert_out(client)
        with self.subTest(state=state, what="change of password"):
            name, here = self.a_user()
            there = self.log_in(self.green, name)
            self.assert_in(there)
            self.assertEqual(here.post("/api/v1/me/password", {"current_password": PASSWORD, "new_password": OTHER}).status, 204)
            self.assert_out(there)
            self.assert_in(self.log_in(self.green, name, OTHER))
        with self.subTest(state=state, what="ban and role"):
            name, _ = self.a_user()
            there = self.log_in(self.green, name)
            self.write_post(there)
            ban = {"reason": "spam", "until": "2099-01-01T00:00:00Z"}
            self.assertEqual(self.root.put(f"/api/v1/users/{name}/ban", ban).status, 200)
            self.assert_problem(there.post("/api/v1/posts", {"category": "general", "title": "t", "body": "b"}), 403, "banned")
            self.assertEqual(self.root.delete(f"/api/v1/users/{name}/ban").status, 200)
            self.write_post(there)
            self.assertEqual(self.root.put(f"/api/v1/users/{name}/role", {"role": "moderator"}).status, 200)
            self.assertEqual(there.get("/api/v1/moderation-log").status, 200)
            self.assertEqual(self.root.put(f"/api/v1/users/{name}/role", {"role": "member"}).status, 200)
            self.assert_problem(there.get("/api/v1/moderation-log"), 403)

    def test_without_redis(self):
        self.start_both()
        self.assert_all_take_effect_everywhere("none")

    def test_with_a_redis_that_is_there_full_frozen_and_killed(self):
        server, port = self.start_redis("--maxmemory", "2mb", "--maxmemory-policy", "noeviction")
        self.start_both("--redis", f"127.0.0.1:{port}", "--redis-limit", "20ms")
        self.assert_all_take_effect_everywhere("there")
        ask(port, "EVAL", "for i = 1, 100000 do redis.call('set', 'fill' .. i, string.rep('x', 100)) end", "0")
        self.assert_all_take_effect_everywhere("full")
        server.send_signal(signal.SIGSTOP)
        self.assert_all_take_effect_everywhere("frozen")
        server.send_signal(signal.SIGCONT)
        server.kill()
        server.wait(DEADLINE)
        self.assert_all_take_effect_everywhere("killed")

    def test_with_somebody_in_between_who_repeats_what_was_once_true(self):
        _, port = self.start_redis()
        liar = Liar(port)
        self.addCleanup(liar.close)
        self.start_both("--redis", f"127.0.0.1:{liar.port}")
        self.assert_all_take_effect_everywhere("lying")


if __name__ == "__main__":
    unittest.main(verbosity=2)
