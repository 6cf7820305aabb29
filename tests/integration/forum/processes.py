"""Three processes (blue, green, blue) on one database: races, lost processes, and what must survive both."""
import http.client
import os
import random
import threading
import unittest

from forums import DEADLINE, SERVER, ForumTest

THREADS = 16
VOTES_EACH = 25
POSTS_EACH = 10
KILLS = int(os.environ.get("FORUM_KILLS", "5"))
WRITERS = 8


class Together(ForumTest):
    def run_threads(self, work):
        failures = []

        def guarded(number):
            try:
                work(number)
            except Exception as failure:  # told below, with every other one
                failures.append(failure)

        threads = [threading.Thread(target=guarded, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE * 2)
        self.assertEqual(failures, [])

    def test_sixteen_threads_vote_and_post_on_three_processes(self):
        forums = [self.start("--colour", colour, "--version-label", label)
                  for colour, label in (("blue", "v1"), ("green", "v2"), ("blue", "v1"))]
        users = [self.register(forums[n % 3], f"user{n}") for n in range(4)]
        targets = [self.write_post(users[0], f"target {n}") for n in range(3)]
        acknowledged = [[] for _ in range(THREADS)]

        def work(number):
            # Four threads share one user, on different processes: their votes meet.
            token = users[number % 4].token
            chooser = random.Random(number)
            clients = [forum.client(token) for forum in forums]
            for turn in range(VOTES_EACH):
                client = clients[(number + turn) % 3]
                answer = client.put(f"/api/v1/posts/{targets[turn % 3]}/vote", {"value": chooser.choice((1, 1, -1))})
                self.assertEqual(answer.status, 200, answer.body)
                if turn < POSTS_EACH:
                    acknowledged[number].append(self.write_post(client, f"{number}/{turn}"))
            for client in clients:
                client.close()

        self.run_threads(work)
        kept = {row[0] for row in self.rows("SELECT public_id FROM posts")}
        votes = self.rows("SELECT post_id, count(*), count(DISTINCT user_id), sum(value) FROM post_votes GROUP BY post_id")
        scores = dict(self.rows("SELECT id, score FROM posts WHERE id IN (SELECT post_id FROM post_votes)"))
        self.assert_sound()
        mine = [post for posts in acknowledged for post in posts]
        self.assertEqual(len(mine), THREADS * POSTS_EACH)
        self.assertEqual(set(mine) - kept, set())
        self.assertEqual(len(kept), len(mine) + len(targets))
        for post, count, voters, total in votes:
            self.assertEqual((count, voters), (4, 4))
            self.assertEqual(scores[post], total)

    def test_sixteen_threads_send_the_same_request_and_one_post_comes_of_it(self):
        forums = [self.start(), self.start("--colour", "green")]
        alice = self.register(forums[0], "alice")
        bodies = []

        def work(number):
            for turn in range(5):
                answer = forums[(number + turn) % 2].client(alice.token).post(
                    "/api/v1/posts", {"category": "general", "title": f"turn {turn}", "body": "b"}, headers={"Idempotency-Key": f"k{turn}"})
                self.assertEqual(answer.status, 201, answer.body)
                bodies.append(answer.body)

        self.run_threads(work)
        self.assertEqual(len(set(bodies)), 5)
        self.assertEqual(len(alice.get("/api/v1/posts").json["items"]), 5)


class Killed(ForumTest):
    def test_no_acknowledged_post_is_lost_when_a_process_is_killed_at_any_moment(self):
        survivor = self.start("--colour", "green")
        alice = self.register(survivor, "alice")
        chooser = random.Random(KILLS)
        acknowledged = set()
        for round_number in range(KILLS):
            victim = self.start()
            posts = [[] for _ in range(WRITERS)]
            enough = threading.Event()
            goal = chooser.randrange(1, 120)

            def write(number):
                # Half of the writers lose their process, the others go on beside it.
                client = (victim if number % 2 == 0 else survivor).client(alice.token)
                try:
                    while not enough.is_set() or number % 2 == 0:
                        post = self.write_post(client, f"{round_number}/{number}/{len(posts[number])}")
                        posts[number].append(post)
                        self.assertEqual(client.post(f"/api/v1/posts/{post}/comments", {"body": "words"}).status, 201)
                        if sum(map(len, posts)) >= goal:
                            enough.set()
                except (OSError, http.client.HTTPException):
                    if number % 2 == 1:
                        raise
                client.close()

            writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
            for writer in writers:
                writer.start()
            self.assertTrue(enough.wait(DEADLINE))
            victim.kill()
            for writer in writers:
                writer.join(DEADLINE)
                self.assertFalse(writer.is_alive())
            for mine in posts:
                acknowledged.update(mine)
            kept = {row[0] for row in self.rows("SELECT public_id FROM posts")}
            self.assertEqual(acknowledged - kept, set(), f"round {round_number}")
        survivor.kill()
        self.assert_sound()
        for kind in ("post", "comment"):
            self.assertEqual(self.rows(f"SELECT count(*) FROM {kind}_search"), self.rows(f"SELECT count(*) FROM {kind}s"))
            if not SERVER:
                self.rows(f"INSERT INTO {kind}_search ({kind}_search) VALUES ('integrity-check')")
        again = self.start()
        for post in list(acknowledged)[:20]:
            self.assertEqual(again.client().get("/api/v1/posts/" + post).status, 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
