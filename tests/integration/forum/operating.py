"""Starting, probing, draining, leaving, backing up – and the faults that rehearsals order."""
import json
import os
import pathlib
import re
import resource
import signal
import sqlite3
import subprocess
import threading
import unittest

from forums import BINARY, DEADLINE, ForumTest, until

DEPLOY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../forum/deploy")

class Operating(ForumTest):
    def test_probes_and_metrics_say_what_is(self):
        forum = self.start("--version-label", "v3")
        client = forum.client()
        ready = client.get("/readyz")
        self.assertEqual((ready.status, ready.json["status"], ready.json["version"]), (200, "ready", "v3"))
        self.assertEqual({name: check["status"] for name, check in ready.json["checks"].items()},
                         {"database": "ok", "writer": "ok", "drain": "ok", "storage": "ok"})
        for path in ("/livez", "/startupz"):
            self.assertEqual(client.get(path).status, 200)
        alice = self.register(forum, "alice")
        self.write_post(alice)
        metrics = client.get("/metrics").body.decode()
        self.assertIn('forum_requests_total{operation="createPost",code_class="2xx"} 1\n', metrics)
        self.assertIn('forum_build_info{version="v3",colour="blue"} 1', metrics)
        for line in metrics.splitlines():
            self.assertRegex(line, r"^(# (HELP|TYPE) forum_\w+ .+|forum_\w+(\{[^}]*\})? [0-9.e+-]+)$")

    def test_sigterm_finishes_what_is_in_work_and_leaves_with_zero(self):
        forum = self.start("--rehearsal", "--delay", "700ms", "--drain-delay", "0s")
        answers = []
        asking = threading.Thread(target=lambda: answers.append(forum.client().get("/api/v1/posts").status))
        asking.start()
        until(lambda: '"in_flight":1' in forum.client().get("/drain").body.decode(), "a request in work")
        self.assertEqual(forum.stop(), 0)
        asking.join(DEADLINE)
        self.assertEqual(answers, [200])
        self.assertEqual(len(forum.log("stopped")), 1)

    def test_during_the_drain_delay_it_is_unready_but_serves_and_asks_to_close(self):
        forum = self.start("--drain-delay", "30s")
        client = forum.client()
        forum.process.send_signal(signal.SIGTERM)
        unready = until(lambda: (lambda answer: answer if answer.status == 503 else None)(client.get("/readyz")), "unready")
        self.assertEqual(unready.json["checks"]["drain"], {"status": "failing", "detail": "draining"})
        answer = client.get("/api/v1/posts")
        self.assertEqual((answer.status, answer.headers["Connection"]), (200, "close"))
        forum.process.send_signal(signal.SIGTERM)
        self.assertEqual(forum.stop(), 1)  # the second signal did not wait

    def test_the_drain_endpoint_makes_unready_and_ready_again(self):
        forum = self.start()
        client = forum.client()
        self.assertTrue(client.post("/drain").json["draining"])
        self.assertEqual(client.get("/readyz").status, 503)
        self.assertFalse(client.delete("/drain").json["draining"])
        self.assertEqual(client.get("/readyz").status, 200)
        for name, value in (("X-Forwarded-For", "203.0.113.1"), ("Forwarded", "for=203.0.113.1"), ("Via", "1.1 somewhere")):
            self.assert_problem(client.post("/drain", headers={name: value}), 403)
        guarded = self.start("--operator-token", "secret", "--colour", "green").client()
        self.assert_problem(guarded.post("/drain"), 401)
        self.assertEqual(guarded.post("/drain", headers={"Authorization": "Bearer secret"}).status, 200)

    def test_rehearsed_failures_come_in_their_share_and_spare_the_probes(self):
        forum = self.start("--rehearsal", "--fail-percent", "30")
        client = forum.client()
        statuses = [client.get("/api/v1/posts").status for _ in range(100)]
        self.assertEqual(statuses.count(500), 30)
        self.assertEqual({client.get("/readyz").status for _ in range(20)}, {200})

    def test_strangers_and_web_pages_learn_a_word_and_drain_nothing(self):
        forum = self.start()
        client = forum.client()
        stranger = {"X-Forwarded-For": "192.0.2.1"}
        self.assertEqual(client.get("/readyz", headers=stranger).json, {"status": "ready"})
        self.assertIn("checks", client.get("/readyz").json)
        of_a_page = ({"Origin": "http://localhost:21999"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                     {"Host": "evil.example"}, {"Host": "localhost.evil.example"}, stranger, {"Via": "1.1 proxy"}, {"Forwarded": "for=192.0.2.1"})
        for headers in of_a_page:
            with self.subTest(headers=headers):
                self.assertEqual(client.get("/readyz", headers=headers).json, {"status": "ready"})
                self.assert_problem(client.get("/metrics", headers=headers), 403, "forbidden")
                self.assert_problem(client.post("/drain", headers=headers), 403, "forbidden")
        for host in (f"127.0.0.1:{forum.port}", "localhost", "[::1]:80"):
            self.assertEqual(client.get("/metrics", headers={"Host": host}).status, 200)
        self.assertEqual(client.get("/readyz").json["status"], "ready")

    def test_with_an_operator_token_it_shows_the_reasons_anywhere(self):
        client = self.start("--operator-token", "hush").client()
        far = {"X-Forwarded-For": "192.0.2.1"}
        self.assert_problem(client.get("/metrics", headers=far), 401, "operator-token-needed")
        for path in ("/metrics", "/readyz"):
            answer = client.get(path, headers={**far, "Authorization": "Bearer hush"})
            self.assertEqual(answer.status, 200)
            self.assertIn(b"forum_" if path == "/metrics" else b"checks", answer.body)
        self.assertEqual(client.get("/metrics").status, 200)
        self.assert_problem(client.get("/drain"), 401, "operator-token-needed")

    def test_a_rehearsed_crash_comes_after_its_number_of_requests(self):
        forum = self.start("--rehearsal", "--crash-after", "5")
        client = forum.client()
        for _ in range(5):
            self.assertEqual(client.get("/api/v1/posts").status, 200)
        with self.assertRaises(OSError):
            client.get("/api/v1/posts")
        self.assertEqual(forum.process.wait(DEADLINE), -signal.SIGKILL)

    def test_failed_requests_are_in_the_log_with_their_id(self):
        forum = self.start("--log-requests", "all")
        forum.client().get("/api/v1/posts/none", headers={"X-Request-Id": "find-me"})
        line = until(lambda: forum.log("request"), "a log line")[0]
        self.assertEqual((line["id"], line["operation"], line["status"], line["path"]),
                         ("find-me", "showPost", 404, "/api/v1/posts/none"))

    def test_a_backup_taken_under_writes_is_whole_and_usable(self):
        forum = self.start()
        alice = self.register(forum, "alice")
        acknowledged = [self.write_post(alice, f"before {n}") for n in range(30)]
        stop = threading.Event()

        def write():
            while not stop.is_set():
                self.write_post(alice)

        writing = threading.Thread(target=write)
        writing.start()
        copy = os.path.join(self.directory, "copy.db")
        done = self.run_verb("backup", "--database", self.database, "--to", copy)
        stop.set()
        writing.join(DEADLINE)
        self.assertEqual(done.returncode, 0, done.stderr)
        with sqlite3.connect(copy) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            kept = {row[0] for row in database.execute("SELECT public_id FROM posts")}
        self.assertLessEqual(set(acknowledged), kept)
        self.assertEqual(self.run_verb("backup", "--database", self.database, "--to", copy).returncode, 1)
        restored = self.start(database=copy).client()
        self.assertEqual(restored.get("/api/v1/posts/" + acknowledged[0]).status, 200)

    def test_settings_are_listed_with_their_source(self):
        path = os.path.join(self.directory, "forum.conf")
        with open(path, "w") as out:
            out.write("idle-limit = 9s\n")
        listed = self.run_verb("config", "--env", "prod", "--config", path, "--port", "7", "--operator-token", "hush").stdout
        lines = {line.split()[0]: line for line in listed.splitlines()}
        self.assertRegex(lines["idle-limit"], r"9s +\S*forum\.conf:1 ")
        self.assertRegex(lines["port"], r"7 +--port ")
        self.assertRegex(lines["drain-delay"], r"5s +default ")
        self.assertNotIn("hush", listed)
        wrong = self.run_verb("serve", "--fail-percent", "5")
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("--rehearsal", wrong.stderr)

    def test_what_cannot_be_done_is_told_with_its_cure_and_leaves_nothing_behind(self):
        missing = os.path.join(self.directory, "missing.db")
        for arguments, code, word in ((["migrate", "status", "--database", missing], 1, "there is no database"),
                                      (["keys", "rotate", "--database", missing], 1, "there is no database"),
                                      (["backup", "--database", missing, "--to", missing + "2"], 1, "there is no database"),
                                      (["seed", "--database", missing, "--posts", "-5"], 2, "from 0 to"),
                                      (["seed", "--database", missing, "--posts", "5x"], 2, "from 0 to"),
                                      (["serve", "--port", "0", "--database", self.database, "--bind", "999.1.1.1"], 1,
                                       "no address of this machine")):
            with self.subTest(arguments=arguments):
                done = self.run_verb(*arguments)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertIn(word, done.stderr)
        self.assertFalse(os.path.exists(missing))

    def test_seeding_gives_what_was_asked_for(self):
        done = self.run_verb("seed", "--database", self.database, "--posts", "120", "--users", "7", "--comments", "300")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([self.rows(f"SELECT count(*) FROM {table}")[0][0] for table in ("posts", "users", "comments")], [120, 7, 300])
        self.assertEqual(self.rows("SELECT count(*) FROM posts p WHERE comment_count <> "
                                   "(SELECT count(*) FROM comments c WHERE c.post_id = p.id)"), [(0,)])
        forum = self.start()
        self.assertEqual(len(forum.client().get("/api/v1/posts?limit=100").json["items"]), 100)
        self.assertGreater(len(forum.client().get("/api/v1/search?q=数据库").json["items"]), 0)

    def test_the_files_for_deployment_name_settings_that_exist_and_a_probe_that_tells_ready_from_draining(self):
        listed = self.run_verb("config", "--env", "prod", "--config", os.path.join(DEPLOY, "forum.conf"))
        self.assertEqual(listed.returncode, 0, listed.stderr)
        known = {"FORUM_" + line.split()[0].upper().replace("-", "_") for line in listed.stdout.splitlines()}
        named = set()
        for name in ("Dockerfile", "compose.yaml", "forum@.service"):
            with open(os.path.join(DEPLOY, name)) as text:
                named |= set(re.findall(r"FORUM_[A-Z_]+", text.read()))
        self.assertGreater(len(named), 5)
        self.assertEqual(named - known, set())
        with open(os.path.join(DEPLOY, "Dockerfile")) as text:
            probe = json.loads(re.search(r"HEALTHCHECK.*\n *CMD (\[.*\])", text.read()).group(1))
        forum = self.start("--env", "prod")
        healthy = lambda: subprocess.run(probe, env={**os.environ, "FORUM_PORT": str(forum.port)}, timeout=DEADLINE).returncode == 0
        self.assertTrue(healthy())
        self.assertEqual(forum.client().post("/drain").status, 200)
        self.assertFalse(healthy())

    def test_the_dockerfile_installs_every_library_that_the_build_asks_for(self):
        top = pathlib.Path(__file__).resolve().parents[3]
        libraries = re.search(r"# libraries\n(.*?)\n    #", (top / "scripts/setup").read_text(), re.S).group(1).split()
        installed = (top / "forum/deploy/Dockerfile").read_text().split("FROM debian:12-slim")[0].split()
        self.assertGreater(len(libraries), 8)
        self.assertEqual([one for one in [*libraries, "cmake", "ninja-build", "g++", "pkg-config", "python3"] if one not in installed], [])

    def test_a_full_disk_refuses_changes_loses_none_that_was_acknowledged_and_is_got_over(self):
        forum = self.start("--write-limit", "0")
        alice = self.register(forum, "alice")
        kept = [self.write_post(alice, title="before")]
        largest = max(os.path.getsize(os.path.join(self.directory, name)) for name in os.listdir(self.directory))
        full = largest + 200_000  # no file may grow beyond; as if the disk had no more to give
        resource.prlimit(forum.process.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
        refused = 0
        for number in range(400):
            answer = alice.post("/api/v1/posts", {"category": "general", "title": f"post {number}", "body": "words " * 500})
            if answer.status == 201:
                kept.append(answer.json["id"])
                continue
            self.assert_problem(answer, 503, "busy")
            self.assertEqual(answer.headers["Retry-After"], "1")
            refused += 1
            if refused == 5:
                break
        self.assertEqual(refused, 5)
        ready = forum.client().get("/readyz")
        self.assertEqual((ready.status, ready.json["status"], ready.json["checks"]["storage"]["status"]), (200, "reading only", "failing"))
        self.assertEqual(forum.client().get("/readyz", headers={"Via": "1.1 proxy"}).json, {"status": "reading only"})
        self.assertEqual(forum.client().get("/api/v1/posts/" + kept[-1]).status, 200)
        self.assertEqual(forum.client().get("/api/v1/posts?sort=new").json["items"][0]["id"], kept[-1])
        self.assertEqual(forum.client().get("/livez").status, 200)
        resource.prlimit(forum.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        kept.append(self.write_post(alice, title="after"))
        self.assertEqual(forum.client().get("/readyz").json["status"], "ready")
        self.assertEqual(forum.stop(), 0)
        with sqlite3.connect(self.database) as database:
            self.assertEqual({row[0] for row in database.execute("SELECT public_id FROM posts")}, set(kept))
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone()[0], "ok")


if __name__ == "__main__":
    unittest.main(verbosity=2)
