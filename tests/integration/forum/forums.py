"""Starts forums on free ports and speaks to them. Nothing here sleeps: waiting is for a line, an answer or an exit."""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from databases import mariadb  # noqa: E402

BINARY = sys.argv.pop(1) if len(sys.argv) > 1 and os.path.exists(sys.argv[1]) else os.environ.get("FORUM_BINARY", "forum")
DEADLINE = 60
PASSWORD = "correct horse"
# "mariadb": the same stories on a server, one for the whole file.
ENGINE = os.environ.get("FORUM_TEST_DATABASE", "sqlite")
try:
    SERVER = mariadb() if ENGINE == "mariadb" else None
except unittest.SkipTest as missing:
    print("skipped:", missing, file=sys.stderr)
    sys.exit(0)
only_on_sqlite = unittest.skipIf(SERVER, "about the file that SQLite keeps")


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """One keep-alive connection; connects again when the program closed it."""

    def __init__(self, port, token=None):
        self.port, self.token, self.connection = port, token, None

    def call(self, method, path, body=None, headers=None, raw=None):
        headers = dict(headers or {})
        if self.token:
            headers.setdefault("Authorization", "Bearer " + self.token)
        payload = raw
        if body is not None:
            payload = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            self.connection.request(method, urllib.parse.quote(path, safe="/?&=%,:"), payload, headers)
            answer = Answer(self.connection.getresponse())
        except BaseException:
            self.close()
            raise
        if answer.headers.get("Connection") == "close":
            self.close()
        return answer

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.call("POST", path, body, **more)

    def put(self, path, body=None, **more):
        return self.call("PUT", path, body, **more)

    def patch(self, path, body=None, **more):
        return self.call("PATCH", path, body, **more)

    def delete(self, path, **more):
        return self.call("DELETE", path, **more)

    def __del__(self):
        self.close()

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None


class Forum:
    """One process. `setup_token` is what it printed for the first admin, or None."""

    def __init__(self, database, *flags, env=None, binary=BINARY):
        self.process = subprocess.Popen(
            [binary, "serve", "--port", "0", "--database", database, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, env={**os.environ, **(env or {})})
        self.lines = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        line = self.process.stdout.readline()
        if not line.startswith("forum listening on 127.0.0.1:"):
            self.process.wait(DEADLINE)
            self.reader.join(DEADLINE)
            raise RuntimeError("the forum did not start: " + line + "".join(self.lines))
        self.port = int(line.rsplit(":", 1)[1])

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line)

    @property
    def setup_token(self):
        for line in list(self.lines):
            if '"setup_token": "' in line:
                return line.split('"setup_token": "')[1].split('"')[0]
        return None

    def log(self, event):
        return [json.loads(line) for line in list(self.lines) if line.startswith("{") and f'"event":"{event}"' in line]

    def client(self, token=None):
        return Client(self.port, token)

    def stop(self):
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        return self._ended()

    def _ended(self):
        code = self.process.wait(DEADLINE)
        self.reader.join(DEADLINE)
        self.process.stdout.close()
        self.process.stderr.close()
        return code


def until(condition, what):
    """Asks again and again; fails loudly when it never becomes true."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        threading.Event().wait(0.01)
    raise AssertionError("never happened: " + what)


class ForumTest(unittest.TestCase):
    """A directory and a database of its own for each test; every program started is ended."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="forum-test-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.database = SERVER.fresh() if SERVER else os.path.join(self.directory, "forum.db")

    def rows(self, sql):
        """What the database itself says, past the forum; a change is made. Numbers are numbers on both engines."""
        if SERVER:
            number = lambda text: int(text) if text.lstrip("-").isdigit() else text
            name = self.database.split("@/")[1].split("?")[0]
            return [tuple(map(number, row)) for row in SERVER.rows(sql, name)]
        with contextlib.closing(sqlite3.connect(self.database, timeout=DEADLINE)) as database, database:
            return database.execute(sql).fetchall()

    def assert_sound(self):
        if not SERVER:
            self.assertEqual(self.rows("PRAGMA integrity_check"), [("ok",)])

    def start(self, *flags, database=None, **more):
        forum = Forum(database or self.database, *flags, **more)
        self.addCleanup(lambda: forum.process.poll() is None and forum.stop())
        return forum

    def run_verb(self, *arguments, binary=BINARY):
        return subprocess.run([binary, *arguments], capture_output=True, text=True, timeout=DEADLINE)

    def register(self, forum, name, **more):
        answer = forum.client().post("/api/v1/register", {"username": name, "password": PASSWORD, **more})
        self.assertEqual(answer.status, 201, answer.body)
        client = forum.client(answer.json["access_token"])
        client.refresh_token = answer.json["refresh_token"]
        return client

    def admin(self, forum, name="root"):
        token = until(lambda: forum.setup_token, "a set-up token in the log")
        return self.register(forum, name, setup_token=token)

    def write_post(self, client, title="A title", body="Some text", **more):
        answer = client.post("/api/v1/posts", {"category": "general", "title": title, "body": body, **more})
        self.assertEqual(answer.status, 201, answer.body)
        return answer.json["id"]

    def assert_problem(self, answer, status, slug=None):
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        problem = answer.json
        self.assertEqual(problem["status"], status)
        if slug:
            self.assertEqual(problem["type"], "/problems/" + slug)
        return problem
