"""A hundred switches between blue and green through Switchyard while posts are written: none fails, is lost or doubled, and
none sent after a switch was answered is served by the other colour."""
import os
import pathlib
import sys
import threading
import unittest

from forums import DEADLINE, Client, ForumTest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from running import Switchyard, blue_green  # noqa: E402

SWITCHYARD = sys.argv.pop(1)
PREVIOUS = sys.argv.pop(1)
SWITCHES = int(os.environ.get("FORUM_SWITCHES", "100"))
WRITERS = 8
POSTS_BETWEEN = 4  # at least so many are acknowledged from one switch to the next


class Switches(ForumTest):
    def test_a_hundred_switches_under_write_load_lose_and_double_nothing(self):
        # As in a release: blue is the program of the release before, green migrates the database under it.
        forums = {"blue": self.start("--colour", "blue", "--version-label", "v1", binary=PREVIOUS),
                  "green": self.start("--colour", "green", "--version-label", "v2")}
        addresses = {colour: f"127.0.0.1:{forum.port}" for colour, forum in forums.items()}
        config = blue_green([addresses["blue"]], [addresses["green"]])
        for upstream in config["upstreams"].values():
            upstream["health"] = {"type": "http", "path": "/readyz", "interval": "100ms", "rise": 1}
        alice = self.register(forums["blue"], "alice")
        with Switchyard(SWITCHYARD, self.directory, config) as proxy:
            proxy.healthy("blue", "green")
            port = int(proxy.url().rsplit(":", 1)[1])
            self.drive(proxy, port, alice.token)
            self.assertEqual(proxy.end(), 0)

    def drive(self, proxy, port, token):
        stop = threading.Event()
        in_force = "blue"
        acknowledged = [[] for _ in range(WRITERS)]
        stale, failures = [], []
        # A switch changes `in_force` in two steps: unknown while it is under way, known when it was answered.
        generation = [0]

        def write(number):
            client = Client(port, token)
            while not stop.is_set():
                before = (generation[0], in_force)
                title = f"{number}/{len(acknowledged[number])}"
                try:
                    answer = client.post("/api/v1/posts", {"category": "general", "title": title, "body": "text"})
                except Exception as failure:
                    failures.append(repr(failure))
                    return
                if answer.status != 201:
                    failures.append((answer.status, answer.body[:200]))
                    return
                acknowledged[number].append((title, answer.json["id"]))
                if before[1] and (generation[0], in_force) == before and answer.headers["X-Forum-Colour"] != before[1]:
                    stale.append((before, answer.headers["X-Forum-Colour"]))
            client.close()

        writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        served = lambda: sum(map(len, acknowledged))
        for turn in range(SWITCHES):
            reached = served()
            target = "green" if turn % 2 == 0 else "blue"
            generation[0] += 1
            in_force = ""
            status, receipt, _ = proxy.call("POST", "/v1/routes/app/switch", {"to": target})
            in_force = target
            generation[0] += 1
            self.assertEqual(status, 200, receipt)
            while served() < reached + POSTS_BETWEEN and not failures:
                threading.Event().wait(0.001)
        stop.set()
        for writer in writers:
            writer.join(DEADLINE)
        self.assertEqual(failures, [])
        self.assertEqual(stale, [])
        kept = sorted(self.rows("SELECT title, public_id FROM posts"))
        self.assertEqual(sorted(post for mine in acknowledged for post in mine), kept)
        self.assertGreaterEqual(len(kept), SWITCHES * POSTS_BETWEEN)
        print(f"{SWITCHES} switches, {len(kept)} posts acknowledged and there once", file=sys.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
