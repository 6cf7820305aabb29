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

    def later(self, seconds):
        """As if that much time had gone by since the refresh tokens were used."""
        self.rows(f"UPDATE refresh_tokens SET used_at = used_at - {seconds * 1_000}")

    def test_a_lost_answer_to_a_refresh_and_a_second_tab_get_what_was_answered(self):
        blue = self.start()
        green = self.start("--colour", "green")
        alice = self.register(blue, "alice")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda n: (blue, green)[n % 2].client().post("/api/v1/refresh", {"refresh_token": alice.refresh_token}), range(8)))
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertEqual(len({answer.json["refresh_token"] for answer in answers}), 1)
        self.assertEqual({green.client(answer.json["access_token"]).get("/api/v1/me").status for answer in answers}, {200})
        self.assertEqual(blue.client().post("/api/v1/refresh", {"refresh_token": answers[0].json["refresh_token"]}).status, 200)
        self.assertEqual(self.rows("SELECT count(*) FROM refresh_tokens"), [(3,)])

    def test_a_key_that_was_changed_in_between_does_not_lose_an_answer(self):
        forum = self.start()
        alice = self.register(forum, "alice")
        first = forum.client().post("/api/v1/refresh", {"refresh_token": alice.refresh_token})
        self.assertEqual(self.admin(forum).post("/api/v1/signing-keys").status, 201)
        again = forum.client().post("/api/v1/refresh", {"refresh_token": alice.refresh_token})
        self.assertEqual((again.status, again.json["refresh_token"]), (200, first.json["refresh_token"]))

    def test_a_registration_whose_answer_was_lost_is_answered_again_to_whom_it_belongs(self):
        blue = self.start()
        green = self.start("--colour", "green")
        account = {"username": "alice", "password": PASSWORD}
        key = {"Idempotency-Key": "one-of-a-kind"}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda n: (blue, green)[n % 2].client().post("/api/v1/register", account, headers=key), range(4)))
        self.assertEqual({answer.status for answer in answers}, {201})
        self.assertEqual(len({answer.json["user"]["id"] for answer in answers}), 1)
        self.assertEqual(sum("Idempotency-Replayed" in answer.headers for answer in answers), 3)
        for body, headers in ((account, {}), (account, {"Idempotency-Key": "another"}), ({**account, "password": "wrong horse"}, key)):
            self.assert_problem(blue.client().post("/api/v1/register", body, headers=headers), 409, "name-taken")
        self.assert_problem(blue.client().post("/api/v1/register", account, headers={"Idempotency-Key": "no spaces"}), 400, "bad-idempotency-key")

    def test_limits_by_address_count_a_network_and_strangers_do_not_lock_out_an_owner(self):
        forum = self.start("--registration-limit", "3", "--login-limit", "100")
        owner = {"X-Forwarded-For": "198.51.100.1"}
        self.assertEqual(forum.client().post("/api/v1/register", {"username": "ownerly", "password": PASSWORD}, headers=owner).status, 201)
        statuses = [forum.client().post("/api/v1/register", {"username": f"user{n}", "password": PASSWORD},
                                        headers={"X-Forwarded-For": f"2001:db8:1:1::{n:x}"}).status for n in range(5)]
        self.assertEqual(statuses, [201] * 3 + [429] * 2)
        log_in = lambda address, password: forum.client().post("/api/v1/login", {"username": "ownerly", "password": password},
                                                               headers={"X-Forwarded-For": address}).status
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            failed = list(pool.map(lambda n: log_in(f"192.0.2.{n}", "wrong one"), range(60)))
        self.assertEqual((failed.count(401), failed.count(429)), (50, 10))
        self.assertEqual(log_in("192.0.2.200", PASSWORD), 429)
        self.assertEqual(log_in("198.51.100.1", PASSWORD), 200)

    def test_a_proxy_on_another_machine_is_believed_when_it_is_named(self):
        forum = self.start("--login-limit", "2", "--trusted-proxies", "127.0.0.1, 10.0.0.0/8")
        self.register(forum, "alice")
        guess = lambda forwarded: forum.client().post("/api/v1/login", {"username": "alice", "password": "wrong one"},
                                                      headers={"X-Forwarded-For": forwarded}).status
        self.assertEqual([guess(f"203.0.113.9, 10.1.2.{n}") for n in range(3)], [401, 401, 429])
        self.assertEqual(guess("203.0.113.10, 10.1.2.3"), 401)

    def test_a_refresh_token_works_once_and_its_second_use_ends_the_session(self):
        blue = self.start()
        green = self.start("--colour", "green")
        alice = self.register(blue, "alice")
        first = alice.refresh_token
        fresh = green.client().post("/api/v1/refresh", {"refresh_token": first})
        self.assertEqual(fresh.status, 200)
        self.assertEqual(blue.client(fresh.json["access_token"]).get("/api/v1/me").status, 200)
        self.later(31)
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
            # What fails is counted, whichever account is tried.
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
