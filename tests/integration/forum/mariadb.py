"""The forum on a MariaDB server of its own: what is refused at the start, what a server's faults do to those who write, moving
there and back, and migrations that stop half way."""
import contextlib
import os
import subprocess
import sys
import threading
import time
import unittest

from forums import BINARY, DEADLINE, ForumTest, until

from databases import mariadb

USER = "forum"
SERVING = "SELECT, INSERT, UPDATE, DELETE"
MIGRATING = "CREATE, ALTER, DROP, INDEX, REFERENCES"
WRITERS = 64


class OnMariadb(ForumTest):
    OPTIONS = ()

    @classmethod
    def setUpClass(cls):
        cls.server = mariadb(*cls.OPTIONS)
        cls.addClassCleanup(cls.server.remove)
        cls.server.ask(f"CREATE USER {USER}@localhost")

    def setUp(self):
        super().setUp()
        self.database = self.own_database()

    def own_database(self, grants=f"{SERVING}, {MIGRATING}", **options):
        """The address of a fresh one for a user who may do that much and is no administrator of the server."""
        address = self.server.fresh(user=USER, **options)
        self.server.ask(f"GRANT {grants} ON {self.name(address)}.* TO {USER}@localhost")
        return address

    def name(self, address=None):
        return (address or self.database).split("@/")[1].split("?")[0]

    def rows(self, sql):
        number = lambda text: int(text) if text.lstrip("-").isdigit() else text
        return [tuple(map(number, row)) for row in self.server.rows(sql, self.name())]


class Refused(OnMariadb):
    def refused(self, *words, database=None, env=None):
        done = subprocess.run([BINARY, "serve", "--port", "0", "--database", database or self.database], capture_output=True, text=True,
                              timeout=DEADLINE, check=False, env={**os.environ, **(env or {})})
        self.assertIn(done.returncode, (1, 2), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        return done.stderr

    @contextlib.contextmanager
    def set_to(self, **values):
        before = {name: self.server.rows(f"SELECT @@global.{name}")[0][0] for name in values}
        write = lambda name, value: self.server.ask(f"SET GLOBAL {name} = " + (value if value.lstrip("-").isdigit() else f"'{value}'"))
        for name, value in values.items():
            write(name, value)
        try:
            yield
        finally:
            for name, value in before.items():
                write(name, value)

    def test_all_that_is_wrong_with_a_server_is_told_at_once_with_place_and_cure(self):
        database = self.own_database(collation="utf8mb4_general_ci")
        with self.set_to(sql_mode="NO_ENGINE_SUBSTITUTION", innodb_flush_log_at_trx_commit="2", max_connections="40"):
            told = self.refused("collation of the database is utf8mb4_general_ci", "ALTER DATABASE", "sql_mode of the server is not strict",
                                "innodb_flush_log_at_trx_commit is 2", "durability=server", "24 connections each", "are 58", "lets in 40",
                                "raise max_connections", database=database)
        self.assertEqual(self.server.rows("SHOW TABLES", self.name(database)), [])  # nothing was made there
        self.assertIn(self.server.socket, told)

    def test_a_server_may_be_trusted_with_its_own_durability(self):
        with self.set_to(innodb_flush_log_at_trx_commit="2"):
            self.refused("innodb_flush_log_at_trx_commit is 2")
            self.assertEqual(self.start(database=self.database + "&durability=server").stop(), 0)

    def test_a_user_without_the_rights_is_told_which(self):
        self.refused("GRANT them", "--auto-migrate false", database=self.own_database(grants="SELECT"))
        reading = self.own_database()
        self.assertEqual(self.start(database=reading).stop(), 0)
        self.server.ask(f"REVOKE INSERT, UPDATE ON {self.name(reading)}.* FROM {USER}@localhost")
        self.refused("may not INSERT", "may not UPDATE", "GRANT SELECT, INSERT, UPDATE, DELETE", database=reading)

    def test_serving_needs_fewer_rights_than_migrating(self):
        self.assertEqual(self.run_verb("migrate", "up", "--database", self.database).returncode, 0)
        self.server.ask(f"REVOKE {MIGRATING} ON {self.name()}.* FROM {USER}@localhost")
        forum = self.start("--auto-migrate", "false")
        self.write_post(self.register(forum, "alice"))

    def test_an_address_that_cannot_be_one_is_refused(self):
        for address, word in (("mariadb://@/forum?socket=/x", "the user is missing"), ("mariadb://u@host", "the name of the database"),
                              ("mariadb://u@/forum", "a host or a socket"), ("mariadb://u@h:0/forum", "the port must be"),
                              ("mariadb://u@db.example/forum", "TLS is needed"), ("mariadb://u@/f?socket=/x&connections=3", "from 12"),
                              ("mariadb://u@/f?socket=/x&pool=3", "no option 'pool'"), ("mysql://u@h/f", "no engine for mysql://"),
                              (f"mariadb://root@/nothing?socket={self.server.socket}", "CREATE DATABASE"),
                              (f"mariadb://{USER}@/nothing?socket={self.server.socket}x", "connecting to MariaDB at")):
            with self.subTest(address=address):
                self.refused(word, database=address)

    def test_a_password_is_shown_nowhere(self):
        secret = "hunter-2-hunter"
        self.server.ask(f"CREATE USER keeper@localhost IDENTIFIED BY '{secret}'; GRANT ALL ON {self.name()}.* TO keeper@localhost")
        address = self.database.replace(USER + "@", "keeper@")
        told = self.refused("the address holds a password", "FORUM_DATABASE_PASSWORD_FILE", database=address.replace("keeper@", f"keeper:{secret}@"))
        told += self.run_verb("config", "--database", address.replace("keeper@", f"keeper:{secret}@")).stderr
        told += self.run_verb("migrate", "status", "--database", address.replace("keeper@", f"keeper:{secret}@")).stderr
        told += self.refused("FORUM_DATABASE_PASSWORD", database=address)
        told += self.refused("FORUM_DATABASE_PASSWORD", database=address, env={"FORUM_DATABASE_PASSWORD": secret + "x"})
        forum = self.start(database=address, env={"FORUM_DATABASE_PASSWORD": secret})
        self.write_post(self.register(forum, "alice"))
        self.assertEqual(forum.stop(), 0)
        path = os.path.join(self.directory, "secret")
        with open(path, "w") as out:
            out.write(secret + "\n")
        again = self.start(database=address, env={"FORUM_DATABASE_PASSWORD_FILE": path})
        listed = subprocess.run([BINARY, "config", "--database", address], capture_output=True, text=True, check=True,
                                env={**os.environ, "FORUM_DATABASE_PASSWORD": secret}).stdout
        self.assertEqual(again.stop(), 0)
        self.assertNotIn(secret, told + listed + "".join(forum.lines + again.lines))

    def test_a_backup_of_a_server_is_its_own_tools_work(self):
        done = self.run_verb("backup", "--database", self.database, "--to", os.path.join(self.directory, "x"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("mariadb-dump --single-transaction", done.stderr)


class Ledger:
    """What writers were answered: every post by its title."""

    def __init__(self, test, forum, token, writers=WRITERS):
        self.test, self.forum, self.token = test, forum, token
        self.stopping = threading.Event()
        self.answers = [[] for _ in range(writers)]
        self.threads = [threading.Thread(target=self._write, args=(number,)) for number in range(writers)]
        for thread in self.threads:
            thread.start()

    def _write(self, number):
        client = self.forum.client(self.token)
        while not self.stopping.is_set():
            title = f"{number}/{len(self.answers[number])}"
            try:
                answer = client.post("/api/v1/posts", {"category": "general", "title": title, "body": "words"})
                status = answer.status if answer.status != 500 else answer.json["type"]
            except Exception as failure:  # the forum itself never goes
                status = repr(failure)
            self.answers[number].append((title, status))
            if status != 201:
                self.stopping.wait(0.02)
        client.close()

    def count(self, status):
        return sum(1 for mine in self.answers for _, one in list(mine) if one == status)

    def more(self, status, by=WRITERS):
        wanted = self.count(status) + by
        until(lambda: self.count(status) >= wanted, f"{by} more answers {status}")

    def settle(self):
        """Stops, and holds what is in the database against what was answered."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(DEADLINE)
        titles = [row[0] for row in self.test.rows("SELECT title FROM posts")]
        kept = set(titles)
        self.test.assertEqual(len(titles), len(kept), "a post is there twice")
        by_status = {}
        for mine in self.answers:
            for title, status in mine:
                by_status.setdefault(status, set()).add(title)
        known = {201, 503, "/problems/outcome-unknown"}
        self.test.assertEqual({status for status in by_status if status not in known}, set())
        self.test.assertEqual(by_status.get(201, set()) - kept, set(), "an acknowledged post is lost")
        self.test.assertEqual(by_status.get(503, set()) & kept, set(), "a post is there that was answered with: nothing was changed")
        return {status: len(titles) for status, titles in by_status.items()}


class Faults(OnMariadb):
    def setUp(self):
        super().setUp()
        self.forum = self.start()
        self.alice = self.register(self.forum, "alice")

    def metric(self, name):
        text = self.forum.client().get("/metrics").body.decode()
        return float(next(line.split()[1] for line in text.splitlines() if line.startswith(name + " ")))

    def assert_works(self):
        until(lambda: self.forum.client().get("/readyz").status == 200, "readiness")
        self.assertEqual(self.forum.client().get("/livez").status, 200)
        post = self.write_post(self.alice, title="after it all")
        self.assertEqual(self.forum.client().get("/api/v1/posts?sort=new").json["items"][0]["id"], post)

    def test_a_server_that_is_killed_under_64_writers_loses_and_doubles_nothing(self):
        ledger = Ledger(self, self.forum, self.alice.token)
        for _ in range(int(os.environ.get("FORUM_KILLS", "3"))):
            ledger.more(201, 300)
            self.server.kill()
            ledger.more(503)
            self.assertEqual(self.forum.client().get("/livez").status, 200)
            self.assertEqual(self.forum.client().get("/readyz").status, 503)
            self.server.start()
            ledger.more(201)
        print("killed:", ledger.settle(), "resolved:", self.metric("forum_store_unknown_commits_resolved_total"), file=sys.stderr)
        self.assert_works()

    def test_a_server_that_is_restarted_is_found_again(self):
        ledger = Ledger(self, self.forum, self.alice.token, 8)
        ledger.more(201)
        self.server.stop()
        ledger.more(503, 8)
        self.server.start()
        ledger.more(201)
        ledger.settle()
        self.assert_works()

    def test_a_server_that_is_frozen_makes_changes_wait_and_then_refuses_them(self):
        ledger = Ledger(self, self.forum, self.alice.token, 8)
        ledger.more(201)
        self.server.freeze()
        try:
            ledger.more(503, 8)
            self.assertEqual(self.forum.client().get("/livez").status, 200)
        finally:
            self.server.thaw()
        ledger.more(201)
        print("frozen:", ledger.settle(), file=sys.stderr)
        self.assert_works()

    def test_a_server_that_takes_no_changes_is_read_only_and_says_so(self):
        post = self.write_post(self.alice)
        self.server.ask("SET GLOBAL read_only = 1")
        try:
            answer = self.alice.post("/api/v1/posts", {"category": "general", "title": "no", "body": "no"})
            self.assert_problem(answer, 503, "busy")
            self.assertEqual(self.forum.client().get("/api/v1/posts/" + post).status, 200)
            ready = self.forum.client().get("/readyz")
            self.assertEqual((ready.status, ready.json["status"]), (200, "reading only"))
        finally:
            self.server.ask("SET GLOBAL read_only = 0")
        self.assertEqual(self.rows("SELECT count(*) FROM posts"), [(1,)])
        self.assert_works()
        self.assertEqual(self.forum.client().get("/readyz").json["status"], "ready")

    def test_a_full_disk_refuses_changes_and_is_got_over(self):
        # Files that may not grow any more; the server has written what it has room for.
        largest = max(entry.stat().st_size for entry in os.scandir(self.server.directory + "/data") if entry.is_file())
        self.server.let_files_grow_to(largest)
        kept, refused = [], 0
        try:
            end = time.monotonic() + DEADLINE
            while refused < 3 and time.monotonic() < end:
                answer = self.alice.post("/api/v1/posts", {"category": "general", "title": f"{len(kept)}", "body": "words " * 6_000})
                self.assertIn(answer.status, (201, 503), answer.body)
                if answer.status == 201:
                    kept.append(answer.json["id"])
                else:
                    refused += 1
            self.assertEqual(refused, 3)
            self.assertEqual(self.forum.client().get("/api/v1/posts/" + kept[-1]).status, 200)
            ready = self.forum.client().get("/readyz")
            self.assertEqual((ready.status, ready.json["status"]), (200, "reading only"))
        finally:
            self.server.let_files_grow_to("unlimited")
        self.assert_works()
        self.assertLessEqual(set(kept), {row[0] for row in self.rows("SELECT public_id FROM posts")})

    def test_without_a_connection_it_answers_busy_and_goes_on_when_there_is_one(self):
        self.write_post(self.alice)
        self.server.ask(f"ALTER USER {USER}@localhost WITH MAX_USER_CONNECTIONS 1")
        try:
            for (thread,) in self.server.rows(f"SELECT id FROM information_schema.processlist WHERE user = '{USER}'"):
                self.server.ask(f"KILL {thread}", check=False)
            statuses = set()
            end = time.monotonic() + DEADLINE
            while 503 not in statuses and time.monotonic() < end:
                statuses.add(self.alice.post("/api/v1/posts", {"category": "general", "title": "t", "body": "b"}).status)
                statuses.add(self.forum.client().get("/api/v1/posts?sort=new&limit=3").status)
            self.assertLessEqual(statuses, {200, 201, 503})
        finally:
            self.server.ask(f"ALTER USER {USER}@localhost WITH MAX_USER_CONNECTIONS 0")
        self.assert_works()

    def hand_made(self):
        """A session of a person at the server; what is written to it runs at once."""
        return subprocess.Popen(["mariadb", "--no-defaults", "--socket=" + self.server.socket, "--user=root", "--unbuffered", "--batch",
                                 "--skip-column-names", "--force", self.name()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def test_a_deadlock_with_a_hand_made_session_is_run_again(self):
        post = self.write_post(self.alice)
        hand = self.hand_made()

        def say(sql):
            hand.stdin.write(sql + " SELECT 'said';\n")
            hand.stdin.flush()
            return hand.stdout.readline()

        # With so many changes of its own the server lets it live and undoes the forum's transaction.
        say("BEGIN; INSERT INTO moderation_log (actor_id, action, subject, created_at) SELECT 1, 'x', 'y', seq FROM seq_1_to_3000;")
        say(f"UPDATE posts SET locked = 0, edited_at = NULL, pinned = 1 WHERE public_id = '{post}';")
        voted = []
        voting = threading.Thread(target=lambda: voted.append(self.alice.put(f"/api/v1/posts/{post}/vote", {"value": 1})))
        voting.start()
        waits = "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
        until(lambda: self.server.rows(waits) == [("1",)], "the vote waits for the post")
        say("SELECT turn FROM writer_turn WHERE id = 1 FOR UPDATE;")
        say("COMMIT;")
        voting.join(DEADLINE)
        hand.stdin.close()
        hand.wait(DEADLINE)
        hand.stdout.close()
        self.assertEqual((voted[0].status, voted[0].json["score"]), (200, 1))
        self.assertGreaterEqual(self.metric("forum_store_retries_total"), 1)
        self.assertEqual(self.rows("SELECT score, (SELECT count(*) FROM post_votes) FROM posts"), [(1, 1)])

    def test_a_turn_that_another_program_keeps_makes_changes_wait_no_longer_than_their_patience(self):
        hand = self.hand_made()
        hand.stdin.write("BEGIN; SELECT turn FROM writer_turn WHERE id = 1 FOR UPDATE; SELECT 'held';\n")
        hand.stdin.flush()
        hand.stdout.readline()
        hand.stdout.readline()
        begin = time.monotonic()
        answer = self.alice.post("/api/v1/posts", {"category": "general", "title": "late", "body": "b"})
        self.assert_problem(answer, 503, "busy")
        self.assertLess(time.monotonic() - begin, 12)
        hand.stdin.close()
        hand.wait(DEADLINE)
        hand.stdout.close()
        self.assert_works()
        self.assertEqual(self.rows("SELECT count(*) FROM posts WHERE title = 'late'"), [(0,)])


class Moved(OnMariadb):
    def fill(self, forum):
        alice = self.admin(forum, "alice")
        bob = self.register(forum, "bob")
        posts = [self.write_post(alice, title=f"Title {n}", body=f"walnut 数据库 number {n}", tags=["été", "标签"]) for n in range(30)]
        comment = bob.post(f"/api/v1/posts/{posts[0]}/comments", {"body": "a comment about hazelnuts"}).json["id"]
        bob.post(f"/api/v1/posts/{posts[0]}/comments", {"body": "below", "parent": comment})
        bob.put(f"/api/v1/posts/{posts[1]}/vote", {"value": 1})
        alice.patch("/api/v1/posts/" + posts[2], {"title": "edited 𝄞 é"})
        alice.delete("/api/v1/posts/" + posts[3])
        bob.post(f"/api/v1/posts/{posts[4]}/reports", {"reason": "spam"})
        return alice, posts

    def pages(self, forum, token, posts):
        client = forum.client(token)
        asked = ["/api/v1/posts?limit=100", "/api/v1/posts?sort=top", "/api/v1/posts?tag=été", "/api/v1/me", "/api/v1/reports",
                 f"/api/v1/posts/{posts[0]}", f"/api/v1/posts/{posts[2]}", f"/api/v1/posts/{posts[2]}/history", "/api/v1/notifications"]
        found = {path: (lambda a: (a.status, a.json))(client.get(path)) for path in asked}
        for page in found.values():
            page[1].pop("next", None)  # sealed for one database
        for word in ("walnut", "数据", "hazelnuts", "edited"):
            found[word] = sorted(item["id"] for item in client.get("/api/v1/search?q=" + word + "&limit=100").json["items"])
        return found

    def test_a_forum_moves_to_a_server_and_back_and_shows_the_same(self):
        files = [os.path.join(self.directory, name) for name in ("one.db", "two.db")]
        forum = self.start(database=files[0])
        alice, posts = self.fill(forum)
        before = self.pages(forum, alice.token, posts)
        self.assertEqual(forum.stop(), 0)
        for source, target in (("sqlite:" + files[0], self.database), (self.database, "sqlite:" + files[1])):
            done = self.run_verb("copy", "--from", source, "--to", target)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("copied 30 rows of posts", done.stdout)
            moved = self.start(database=target)
            # The login, too: its session and the keys came along.
            self.assertEqual(self.pages(moved, alice.token, posts), before)
            self.assertEqual(moved.stop(), 0)
        again = self.run_verb("copy", "--from", "sqlite:" + files[0], "--to", self.database)
        self.assertEqual(again.returncode, 1)
        self.assertIn("holds a forum already", again.stderr)
        missing = self.run_verb("copy", "--from", "sqlite:" + files[0] + "x", "--to", self.database)
        self.assertIn("there is no database", missing.stderr)


class Migrated(OnMariadb):
    def steps(self, *texts):
        directory = os.path.join(self.directory, f"steps{len(os.listdir(self.directory))}")
        os.mkdir(directory)
        for number, text in enumerate(texts, 4):
            with open(os.path.join(directory, f"{number:04d}_next.sql"), "w") as out:
                out.write("-- phase: expand\n" + text)
        return directory

    def up(self, directory, **more):
        return subprocess.run([BINARY, "migrate", "up", "--database", self.database, "--directory", directory], capture_output=True,
                              text=True, timeout=DEADLINE, check=False, **more)

    def test_a_step_that_fails_half_way_goes_on_there(self):
        bad = self.steps("CREATE TABLE IF NOT EXISTS one (x INT PRIMARY KEY);\nINSERT INTO one VALUES (1);\nCREATE TABLE two (x NOTHING);")
        done = self.up(bad)
        self.assertEqual(done.returncode, 1)
        self.assertIn("migration 0004_next stopped at statement 3 of 3", done.stderr)
        self.assertEqual(self.rows("SELECT finished FROM schema_progress"), [(2,)])
        with open(os.path.join(bad, "0004_next.sql"), "w") as out:
            out.write("-- phase: expand\nCREATE TABLE IF NOT EXISTS one (x INT PRIMARY KEY);\nINSERT INTO one VALUES (1);\n"
                      "CREATE TABLE IF NOT EXISTS two (x INT);")
        again = self.up(bad)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(self.rows("SELECT count(*) FROM one"), [(1,)])  # the second statement was not run twice
        self.assertEqual(self.rows("SELECT count(*) FROM schema_progress"), [(0,)])

    def test_a_program_that_is_killed_between_two_statements_is_followed_by_one_that_finishes(self):
        self.run_verb("migrate", "up", "--database", self.database)
        directory = self.steps("CREATE TABLE IF NOT EXISTS one (x INT);\nSELECT sleep(30) INTO @slept;\nCREATE TABLE IF NOT EXISTS two (x INT);")
        first = subprocess.Popen([BINARY, "migrate", "up", "--database", self.database, "--directory", directory],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        sleeping = "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT sleep%' AND user = 'forum'"
        until(lambda: self.server.rows(sleeping), "the first program is between the two")
        first.kill()
        first.wait(DEADLINE)
        for (thread,) in self.server.rows(sleeping):
            self.server.ask(f"KILL {thread}", check=False)
        with open(os.path.join(directory, "0004_next.sql"), "w") as out:
            out.write("-- phase: expand\nCREATE TABLE IF NOT EXISTS one (x INT);\nDO 1;\nCREATE TABLE IF NOT EXISTS two (x INT);")
        second = self.up(directory)
        self.assertEqual(second.returncode, 0, second.stderr)
        self.assertIn("applied 0004_next", second.stdout)

    def test_a_long_reading_makes_a_migration_wait_and_no_other_reading(self):
        forum = self.start()
        alice = self.register(forum, "alice")
        post = self.write_post(alice)
        hand = subprocess.Popen(["mariadb", "--no-defaults", "--socket=" + self.server.socket, "--user=root", "--unbuffered", "--batch",
                                 "--skip-column-names", self.name()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        hand.stdin.write("BEGIN; SELECT count(*) FROM posts;\n")
        hand.stdin.flush()
        hand.stdout.readline()
        migrating = threading.Thread(target=lambda: done.append(self.up(directory)))
        done = []
        directory = self.steps("ALTER TABLE posts ADD COLUMN IF NOT EXISTS language VARCHAR(8), ALGORITHM=INSTANT;")
        migrating.start()
        waiting = "SELECT count(*) FROM information_schema.processlist WHERE state LIKE 'Waiting for table metadata lock%'"
        until(lambda: self.server.rows(waiting) == [("1",)], "the migration waits")
        # It stands before the table for two seconds at most; a reading behind it is answered within its own limit.
        until(lambda: self.server.rows(waiting) == [("0",)], "the migration steps back")
        self.assertEqual(forum.client().get(f"/api/v1/posts/{post}/comments").status, 200)
        hand.stdin.close()
        hand.wait(DEADLINE)
        hand.stdout.close()
        migrating.join(DEADLINE)
        self.assertEqual(done[0].returncode, 0, done[0].stderr)
        self.write_post(alice)

    def check(self, directory):
        return self.run_verb("migrate", "check", "--directory", directory, "--scratch", self.server.address("mysql"))

    def test_steps_are_tried_on_a_scratch_database_of_the_server(self):
        own = self.run_verb("migrate", "check", "--scratch", self.server.address("mysql"))
        self.assertEqual(own.returncode, 0, own.stdout + own.stderr)
        good = self.check(self.steps("ALTER TABLE posts ADD COLUMN IF NOT EXISTS language VARCHAR(8), ALGORITHM=INSTANT;\n"
                                     "CREATE TABLE IF NOT EXISTS links (id BIGINT PRIMARY KEY, url TEXT NOT NULL);"))
        self.assertEqual(good.returncode, 0, good.stdout + good.stderr)
        for sql, word in (("ALTER TABLE posts ADD COLUMN language TEXT, ALGORITHM=INSTANT", "cannot be run twice"),
                          ("ALTER TABLE posts ADD COLUMN IF NOT EXISTS language TEXT", "say ALGORITHM=INSTANT"),
                          ("CREATE TABLE links (x INT)", "cannot be run twice"),
                          ("INSERT INTO categories (slug, name, created_at) VALUES ('x', 'y', 0)", "cannot be run twice"),
                          ("ALTER TABLE posts DROP COLUMN IF EXISTS locked, ALGORITHM=INSTANT", "removes or renames posts.locked"),
                          ("ALTER TABLE posts ADD COLUMN IF NOT EXISTS must INT NOT NULL, ALGORITHM=INSTANT", "NOT NULL without a default"),
                          ("ALTER TABLE users ADD UNIQUE INDEX IF NOT EXISTS one (role), ALGORITHM=NOCOPY, LOCK=NONE", "adds the unique index one"),
                          ("DROP TABLE IF EXISTS allowances", "removes or renames allowances"),
                          ("UPDATE posts SET score = 0", "UPDATE of every row of posts"),
                          ("SET GLOBAL read_only = 1", "SET has no place"), ("COMMIT", "COMMIT has no place")):
            with self.subTest(sql=sql):
                bad = self.check(self.steps(sql + ";"))
                self.assertEqual(bad.returncode, 1)
                self.assertIn(word, bad.stdout + bad.stderr)
        self.assertEqual(self.server.rows("SHOW DATABASES LIKE 'forum\\_check%'"), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
