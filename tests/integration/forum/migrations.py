"""Blue at one schema version and green at the next, on one database at the same time."""
import contextlib
import os
import re
import sqlite3
import sys
import threading
import unittest

from forums import DEADLINE, ForumTest, until

HERE = os.path.dirname(os.path.abspath(__file__))
# The program of the release before: the one built beside this one, or a real old one that was kept.
PREVIOUS = os.environ.get("FORUM_PREVIOUS") or sys.argv[1]
del sys.argv[1]
RELEASED = os.path.join(HERE, "../../../forum/store/releases")

EXPAND = """-- phase: expand
ALTER TABLE posts ADD COLUMN language TEXT NOT NULL DEFAULT '';
CREATE TABLE post_links (post_id INTEGER NOT NULL REFERENCES posts (id), url TEXT NOT NULL, PRIMARY KEY (post_id, url));
CREATE INDEX posts_by_language ON posts (language, id DESC);
"""
MIGRATE = """-- phase: migrate
UPDATE posts SET language = 'zh' WHERE body GLOB '*[一-鿿]*';
"""
CONTRACT = """-- phase: contract
-- oldest-program: {oldest}
ALTER TABLE posts DROP COLUMN {column};
"""


class Migrations(ForumTest):
    def newest(self):
        return max(int(name[:4]) for name in os.listdir(os.path.join(HERE, "../../../forum/store/migrations"))
                   if name.endswith(".sql"))

    def steps(self, *texts):
        """A directory with the migrations that the next release would bring."""
        directory = os.path.join(self.directory, f"steps{len(os.listdir(self.directory))}")
        os.mkdir(directory)
        for number, text in enumerate(texts, self.newest() + 1):
            with open(os.path.join(directory, f"{number:04d}_next.sql"), "w") as out:
                out.write(text)
        return directory

    @contextlib.contextmanager
    def writing(self, forum, user):
        """Four clients that write, vote, edit and read back without a pause; (posts written, failures)."""
        stop = threading.Event()
        written, failures = [], []

        def write():
            client = forum.client(user.token)
            while not stop.is_set():
                try:
                    post = self.write_post(client, body="正文 text")
                    client.put(f"/api/v1/posts/{post}/vote", {"value": 1})
                    client.patch("/api/v1/posts/" + post, {"title": "edited"})
                    self.assertEqual(client.get("/api/v1/posts/" + post).json["title"], "edited")
                    written.append(post)
                except Exception as failure:
                    failures.append(failure)
                    return

        writers = [threading.Thread(target=write) for _ in range(4)]
        for writer in writers:
            writer.start()
        try:
            yield written, failures
        finally:
            stop.set()
            for writer in writers:
                writer.join(DEADLINE)

    def test_status_up_and_check(self):
        open(self.database, "w").close()  # what is not there is an error; an empty file is a database without a schema
        status = self.run_verb("migrate", "status", "--database", self.database)
        self.assertIn("schema version 0", status.stdout)
        self.assertIn("pending 0001_initial", status.stdout)
        self.assertIn("applied 0001_initial", self.run_verb("migrate", "up", "--database", self.database).stdout)
        self.assertNotIn("applied", self.run_verb("migrate", "up", "--database", self.database).stdout)
        own = self.run_verb("migrate", "check")
        self.assertEqual(own.returncode, 0, own.stdout)
        good = self.run_verb("migrate", "check", "--directory", self.steps(EXPAND, MIGRATE))
        self.assertEqual(good.returncode, 0, good.stdout)
        for column in ("title", "hot"):
            bad = self.run_verb("migrate", "check", "--directory", self.steps(CONTRACT.format(oldest=self.newest(), column=column)))
            self.assertEqual(bad.returncode, 1)
            self.assertRegex(bad.stdout, "breaks a statement of the release|cannot be applied")
        renamed = self.run_verb("migrate", "check", "--directory", self.steps("-- phase: expand\nALTER TABLE posts RENAME COLUMN body TO text;"))
        self.assertIn("removes or renames posts.body", renamed.stdout)

    def test_a_program_without_auto_migrate_refuses_an_old_database_and_says_what_to_do(self):
        with self.assertRaisesRegex(RuntimeError, "run `forum migrate up`"):
            self.start("--auto-migrate", "false")

    def test_the_running_version_goes_on_writing_while_the_next_one_migrates_under_it(self):
        blue = self.start()
        alice = self.register(blue, "alice")
        steps = self.steps(EXPAND, MIGRATE)
        with self.writing(blue, alice) as (written, failures):
            up = self.run_verb("migrate", "up", "--database", self.database, "--directory", steps)
            reached = len(written)
            until(lambda: len(written) > reached + 40 or failures, "posts on the new schema")
        self.assertEqual(up.returncode, 0, up.stderr)
        self.assertEqual(failures, [])
        # The older program also starts on the newer schema: a rollback needs no migration.
        again = self.start("--colour", "green")
        for post in written[:3] + written[-3:]:
            self.assertEqual(again.client().get("/api/v1/posts/" + post).json["title"], "edited")
        with sqlite3.connect(self.database) as database:
            kept = {row[0] for row in database.execute("SELECT public_id FROM posts")}
            self.assertEqual(set(written) - kept, set())
            self.assertGreater(database.execute("SELECT count(*) FROM posts WHERE language = ''").fetchone()[0], 0)

    def test_the_recorded_statements_are_those_of_this_program(self):
        name = f"{self.newest():04d}_statements.sql"
        with open(os.path.join(RELEASED, name)) as recorded:
            self.assertEqual(recorded.read(), self.run_verb("migrate", "statements").stdout,
                             f"run: forum migrate statements > forum/store/releases/{name}")

    def recorded(self, version):
        with open(os.path.join(RELEASED, f"{version:04d}_statements.sql")) as recorded:
            return {line.strip() for line in recorded if line.strip() and not line.startswith("--")}

    def test_the_program_of_the_release_before_asks_for_what_was_recorded_of_that_release(self):
        printed = self.run_verb("migrate", "statements", binary=PREVIOUS).stdout
        # What the linter and the engine ask is about the schema, transactions and the file, and not of what a release put into it.
        own = re.compile(r"sqlite_schema|pragma_|schema_migrations|^(BEGIN|COMMIT|PRAGMA|RELEASE|ROLLBACK|SAVEPOINT)\b")
        of_tables = lambda lines: {line for line in lines if not own.search(line)}
        asked = of_tables(line for line in printed.splitlines() if not line.startswith("--"))
        released = of_tables(self.recorded(self.newest() - 1))
        # A text may be corrected or added without a new schema; the program built beside this one then has it too. So it has
        # to work on the schema of that release.
        added = asked - released
        self.assertEqual(added - self.recorded(self.newest()), set())
        self.assertLessEqual(len(released - asked), len(added) + 1)  # of two looks for edits that the index missed there is one
        self.assertLessEqual(len(added), 48)  # with schema version 3 the texts became such that other engines know them
        old = os.path.join(self.directory, "old.db")
        self.assertEqual(self.run_verb("migrate", "up", "--database", old, binary=PREVIOUS).returncode, 0)
        with sqlite3.connect(old) as database:
            for statement in added:
                marks = max([int(number) for number in re.findall(r"\?(\d+)", statement)], default=statement.count("?"))
                database.execute("EXPLAIN " + statement, (None,) * marks)
        self.assertIn(f"this program knows {self.newest() - 1},", self.run_verb(
            "migrate", "up", "--database", self.database, binary=PREVIOUS).stdout)

    def test_blue_at_one_schema_version_and_green_at_the_next_run_on_one_database(self):
        blue = self.start(binary=PREVIOUS)
        alice = self.register(blue, "alice")
        status = self.run_verb("migrate", "status", "--database", self.database).stdout
        self.assertIn(f"schema version {self.newest() - 1}, this program knows {self.newest()}", status)
        early = self.write_post(alice, title="before the release")
        with self.writing(blue, alice) as (of_blue, failures):
            until(lambda: len(of_blue) > 10 or failures, "posts by blue on its own schema")
            green = self.start("--colour", "green")  # migrates under blue's writes
            with self.writing(green, alice) as (of_green, more_failures):
                reached = len(of_blue)
                until(lambda: (len(of_blue) > reached + 40 and len(of_green) > 40) or failures or more_failures,
                      "posts by both on the new schema")
        self.assertEqual((failures, more_failures), ([], []))
        self.assertEqual(len(green.log("migrated")), 1)
        # Each shows what the other wrote, and so does an older program that starts now: a way back needs no migration.
        again = self.start(binary=PREVIOUS)
        for forum in (blue, green, again):
            self.assertEqual(forum.client().get("/api/v1/posts/" + early).status, 200)
            for post in of_blue[:3] + of_blue[-3:] + of_green[:3] + of_green[-3:]:
                shown = forum.client().get("/api/v1/posts/" + post).json
                self.assertEqual((shown["title"], shown["score"]), ("edited", 1))
        newest = self.write_post(green.client(alice.token), title="by green")
        self.assertEqual(blue.client().get("/api/v1/posts?sort=new").json["items"][0]["id"], newest)
        for forum in (blue, green, again):
            self.assertEqual(forum.stop(), 0)
        with sqlite3.connect(self.database) as database:
            kept = {row[0] for row in database.execute("SELECT public_id FROM posts")}
            self.assertEqual(kept, {early, newest, *of_blue, *of_green} | kept)
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone()[0], "ok")

    def test_what_blue_takes_without_counting_it_green_bounds_from_its_own_first(self):
        blue = self.start("--daily-texts", "3", binary=PREVIOUS)
        alice = self.register(blue, "alice")
        post = self.write_post(alice)
        green = self.start("--colour", "green", "--daily-texts", "3")
        comment = lambda forum: forum.client(alice.token).post(f"/api/v1/posts/{post}/comments", {"body": "c"}).status
        self.assertEqual([comment(green) for _ in range(4)], [201, 201, 201, 429])
        self.assertEqual(comment(blue), 201)
        self.assertEqual(comment(green), 429)

    def test_every_statement_ever_released_works_on_this_schema(self):
        self.run_verb("migrate", "up", "--database", self.database)
        for version in range(1, self.newest() + 1):
            self.assert_statements_work(self.recorded(version))

    def test_every_statement_of_the_release_before_works_on_the_next_schema(self):
        self.run_verb("migrate", "up", "--database", self.database, "--directory", self.steps(EXPAND, MIGRATE))
        self.assert_statements_work(self.recorded(self.newest()))

    def assert_statements_work(self, statements):
        self.assertGreater(len(statements), 60)
        with sqlite3.connect(self.database) as database:
            for own in ("search_rank", "search_share"):  # the program's own, see forum/store/search_rank.h
                database.create_function(own, -1, lambda *_: 0)
            for statement in statements:
                if statement.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
                    with self.subTest(statement=statement):
                        numbered = max([int(n) for n in re.findall(r"\?(\d+)", statement)], default=0)
                        count = numbered or statement.count("?")
                        database.execute("EXPLAIN " + statement, [None] * count)

    def test_a_contract_step_shuts_out_programs_that_are_too_old(self):
        self.run_verb("migrate", "up", "--database", self.database, "--directory",
                      self.steps(EXPAND, MIGRATE, CONTRACT.format(oldest=self.newest() + 1, column="language") .replace(
                          "ALTER TABLE", "DROP INDEX posts_by_language;\nALTER TABLE")))
        with self.assertRaisesRegex(RuntimeError, "install a newer release"):
            self.start()

    def test_many_instances_that_start_on_an_empty_database_migrate_it_once(self):
        started, failures = [], []

        def begin():
            try:
                started.append(self.start())
            except Exception as failure:
                failures.append(failure)

        threads = [threading.Thread(target=begin) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(DEADLINE)
        self.assertEqual((failures, len(started)), ([], 6))
        self.assertEqual(sum(len(forum.log("migrated")) for forum in started), self.newest())


if __name__ == "__main__":
    unittest.main(verbosity=2)
