"""Registering, logging in, staying logged in, and getting out everywhere."""
import concurrent.futures
import http.client
import json
import threading
import unittest

from forums import DEADLINE, PASSWORD, ForumTest


class Accounts(ForumTest):
    def test_a_user_registers_logs_in_and_changes_their_password(self):
        forum = self.start()
        alice = self.register(forum, "Alice")
        self.assertEqual(alice.get("/api/v1/me").json["user"]["role"], "member")
        self.assert_problem(forum.client().post("/api/v1/register", {"username": "ALICE", "password": PASSWORD}), 409, "name-taken")
        self.assert_problem(forum.client().post("/api/v1/login", {"username": "alice", "password": "wrong one"}), 401, "wrong-login")
        self.assert_problem(forum.client().post("/api/v1/login", {"username": "nobody", "password": "wrong one"}), 401, "wrong-login")
        again = forum.client().post("/api/v1/login", {"username": "alice", "password": PASSWORD})
        self.assertEqual(again.status, 200)
        self.assertEqual(again.headers["Cache-Control"], "no-store")
        for scheme, status in (("Bearer", 200), ("bearer", 200), ("BEARER", 200), ("Basic", 401), ("Bear", 401), ("", 401)):
            seen = forum.client().get("/api/v1/me", headers={"Authorization": f"{scheme} {again.json['access_token']}"})
            self.assertEqual((scheme, seen.status, seen.headers["WWW-Authenticate"]), (scheme, status, "Bearer" if status == 401 else None))
        wrong = alice.post("/api/v1/me/password", {"current_password": "no", "new_password": "another horse"})
        self.assert_problem(wrong, 403, "wrong-password")
        changed = alice.post("/api/v1/me/password", {"current_password": PASSWORD, "new_password": "another horse"})
        self.assertEqual(changed.status, 204)
        self.assert_problem(alice.get("/api/v1/me"), 401, "invalid-token")
        self.assert_problem(forum.client(again.json["access_token"]).get("/api/v1/me"), 401)
        self.assertEqual(forum.client().post("/api/v1/login", {"username": "alice", "password": "another horse"}).status, 200)

    def test_a_refresh_token_works_once_and_its_second_use_ends_the_session(self):
        blue = self.start()
        green = self.start("--colour", "green")
        alice = self.register(blue, "alice")
        first = alice.refresh_token
        fresh = green.client().post("/api/v1/refresh", {"refresh_token": first})
        self.assertEqual(fresh.status, 200)
        self.assertEqual(blue.client(fresh.json["access_token"]).get("/api/v1/me").status, 200)
        self.assert_problem(blue.client().post("/api/v1/refresh", {"refresh_token": first}), 401, "refresh-token-reused")
        # Both holders are out, on both instances: the token made from it and every access token.
        self.assert_problem(green.client().post("/api/v1/refresh", {"refresh_token": fresh.json["refresh_token"]}), 401)
        self.assert_problem(green.client(fresh.json["access_token"]).get("/api/v1/me"), 401)
        self.assert_problem(green.client().post("/api/v1/refresh", {"refresh_token": "made up"}), 401, "invalid-refresh-token")

    def test_logging_out_everywhere_ends_every_session_on_every_instance_at_once(self):
        blue = self.start()
        green = self.start("--colour", "green")
        here = self.register(blue, "alice")
        there = green.client(green.client().post("/api/v1/login", {"username": "alice", "password": PASSWORD}).json["access_token"])
        self.assertEqual(there.get("/api/v1/me").status, 200)
        self.assertEqual(there.post("/api/v1/logout").status, 204)
        self.assert_problem(there.get("/api/v1/me"), 401)
        self.assertEqual(here.get("/api/v1/me").status, 200)
        there.token = green.client().post("/api/v1/login", {"username": "alice", "password": PASSWORD}).json["access_token"]
        self.assertEqual(here.post("/api/v1/logout-everywhere").status, 204)
        self.assert_problem(there.get("/api/v1/me"), 401)
        self.assert_problem(blue.client().post("/api/v1/refresh", {"refresh_token": here.refresh_token}), 401)

    def test_the_first_admin_comes_from_a_set_up_token_that_works_once(self):
        blue = self.start()
        green = self.start("--colour", "green")
        made_up = {"username": "mallory", "password": PASSWORD, "setup_token": "guess"}
        self.assert_problem(blue.client().post("/api/v1/register", made_up), 403, "bad-setup-token")
        self.assertEqual(blue.client().get("/api/v1/users/mallory").status, 404)
        root = self.admin(blue)
        self.assertEqual(root.get("/api/v1/me").json["user"]["role"], "admin")
        late = {"username": "late", "password": PASSWORD, "setup_token": green.setup_token}
        self.assert_problem(green.client().post("/api/v1/register", late), 403)
        green.stop()
        self.assertIsNone(self.start("--colour", "green").setup_token)

    def test_keys_rotate_and_both_instances_take_old_and_new_tokens(self):
        blue = self.start()
        green = self.start("--colour", "green")
        root = self.admin(blue)
        old = root.token
        kid = root.post("/api/v1/signing-keys").json["kid"]
        login = {"username": "root", "password": PASSWORD}
        fresh = blue.client().post("/api/v1/login", login).json["access_token"]
        for forum in (blue, green):
            for token in (old, fresh):
                self.assertEqual(forum.client(token).get("/api/v1/me").status, 200)
        rotated = self.run_verb("keys", "rotate", "--database", self.database)
        self.assertEqual(rotated.returncode, 0, rotated.stderr)
        self.assertNotIn(kid, rotated.stdout)
        self.assertEqual(green.client(fresh).get("/api/v1/me").status, 200)

    def test_guessing_passwords_is_throttled_per_account_and_address(self):
        forum = self.start("--login-limit", "3")
        self.register(forum, "alice")
        guess = {"username": "alice", "password": "wrong one"}
        right = {"username": "alice", "password": PASSWORD}
        self.assertEqual([forum.client().post("/api/v1/login", guess).status for _ in range(3)], [401] * 3)
        blocked = forum.client().post("/api/v1/login", right)
        self.assert_problem(blocked, 429, "too-many")
        self.assertGreater(int(blocked.headers["Retry-After"]), 0)
        elsewhere = forum.client().post("/api/v1/login", right, headers={"X-Forwarded-For": "203.0.113.9"})
        self.assertEqual(elsewhere.status, 200)

    def test_people_who_log_in_rightly_are_never_too_many_for_their_account_or_address(self):
        forum = self.start()
        self.register(forum, "alice")
        log_in = lambda name, password: forum.client().post("/api/v1/login", {"username": name, "password": password}).status
        with concurrent.futures.ThreadPoolExecutor(30) as pool:
            self.assertEqual(set(pool.map(log_in, ["alice"] * 105, [PASSWORD] * 105)), {200})
            # What fails is counted, whoever is tried.
            self.assertEqual(set(pool.map(log_in, [f"nobody{number}" for number in range(100)], ["wrong"] * 100)), {401})
        self.assertEqual(log_in("nobody", "wrong"), 429)

    def test_of_several_addresses_only_the_one_that_the_proxy_added_counts(self):
        forum = self.start("--login-limit", "3")
        self.register(forum, "alice")

        def guess(*forwarded):
            connection = http.client.HTTPConnection("127.0.0.1", forum.port, timeout=DEADLINE)
            body = json.dumps({"username": "alice", "password": "wrong one"})
            connection.putrequest("POST", "/api/v1/login")
            for value in forwarded:
                connection.putheader("X-Forwarded-For", value)
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body.encode())
            status = connection.getresponse().status
            connection.close()
            return status

        # What stands in front was sent by the caller, in the same line or in one of its own.
        self.assertEqual([guess(f"198.51.100.{n}, 203.0.113.9") for n in range(2)], [401] * 2)
        self.assertEqual(guess("198.51.100.7", "203.0.113.9"), 401)
        self.assertEqual(guess("198.51.100.8", "203.0.113.9"), 429)
        self.assertEqual(guess("203.0.113.9", "198.51.100.8"), 401)

    def test_a_login_under_way_with_the_old_password_does_not_outlive_its_change(self):
        forum = self.start("--login-limit", "0")
        alice = self.register(forum, "alice")
        login = {"username": "alice", "password": PASSWORD}
        changed, tokens, refused = threading.Event(), [], []

        def log_in():
            client = forum.client()
            while not refused or not changed.is_set():
                answer = client.post("/api/v1/login", login)
                if answer.status != 200:
                    refused.append(answer.status)
                    return
                tokens.append(answer.json["access_token"])

        threads = [threading.Thread(target=log_in) for _ in range(6)]
        for thread in threads:
            thread.start()
        self.assertEqual(alice.post("/api/v1/me/password", {"current_password": PASSWORD, "new_password": "another horse"}).status, 204)
        changed.set()
        for thread in threads:
            thread.join(DEADLINE)
        self.assertEqual(set(refused), {401})
        self.assertEqual({forum.client(token).get("/api/v1/me").status for token in tokens}, {401})

    def test_guessing_the_current_password_with_a_stolen_token_is_throttled_like_a_login(self):
        forum = self.start("--login-limit", "3")
        alice = self.register(forum, "alice")
        guess = {"current_password": "wrong one", "new_password": "another horse"}
        self.assertEqual([alice.post("/api/v1/me/password", guess).status for _ in range(4)], [403] * 3 + [429])

    def test_a_profile_edit_that_saw_an_older_one_is_refused(self):
        forum = self.start()
        alice = self.register(forum, "alice")
        tag = alice.get("/api/v1/me").headers["ETag"]
        first = alice.patch("/api/v1/me", {"display_name": "Alice L."}, headers={"If-Match": tag})
        self.assertEqual(first.json["user"]["display_name"], "Alice L.")
        self.assert_problem(alice.patch("/api/v1/me", {"about": "x"}, headers={"If-Match": tag}), 412)
        self.assertEqual(forum.client().get("/api/v1/users/ALICE").json["display_name"], "Alice L.")


if __name__ == "__main__":
    unittest.main(verbosity=2)
