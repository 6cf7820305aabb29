"""Strangers who mean harm: what one of them can take is bounded, and the others do not notice."""
import socket
import unittest
import urllib.parse

from forums import DEADLINE, ForumTest


def resident_kib(forum):
    with open(f"/proc/{forum.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def processor_seconds(forum):
    with open(f"/proc/{forum.process.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def ask_all(port, targets):
    """Pipelined GETs on one connection; the number of answers with each status."""
    statuses = {}
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as connection:
        stream = connection.makefile("rb")
        for begin in range(0, len(targets), 50):
            batch = targets[begin:begin + 50]
            connection.sendall(b"".join(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % target.encode() for target in batch))
            for _ in batch:
                status = int(stream.readline().split()[1])
                length = 0
                while (line := stream.readline().lower()) not in (b"\r\n", b""):
                    if line.startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                stream.read(length)
                statuses[status] = statuses.get(status, 0) + 1
    return statuses


class Memory(ForumTest):
    def test_reads_of_any_name_do_not_fill_the_memory(self):
        forum = self.start("--page-cache", "4194304", "--seed-posts", "50")
        tag, search = "q" * 30, "no%20such%20word%20" + "x" * 140
        pages = [f"/api/v1/posts?tag={tag[:24]}{n:06}" for n in range(4_000)] + [f"/api/v1/search?q={search}{n}" for n in range(4_000)]
        pages += [f"/api/v1/posts?limit={limit}&sort={sort}" for limit in range(1, 101) for sort in ("hot", "new", "top")]
        ask_all(forum.port, pages[::8])
        before = resident_kib(forum)
        self.assertEqual(set(ask_all(forum.port, pages)), {200})
        self.assertLess(resident_kib(forum) - before, 4_096 * 1.2 + 8_192)
        # A name that nothing can have is refused, however often and however long.
        long = ask_all(forum.port, [f"/api/v1/posts?tag={'q' * 7_000}{n}" for n in range(2_000)])
        self.assertEqual(long, {400: 2_000})
        self.assertLess(resident_kib(forum) - before, 4_096 * 1.2 + 8_192)


class Search(ForumTest):
    def cost(self, forum, typed):
        """Processor seconds of one search, which finds something."""
        before = processor_seconds(forum)
        answer = forum.client().get("/api/v1/search?q=" + urllib.parse.quote(typed))
        self.assertEqual(answer.status, 200)
        self.assertGreater(len(answer.json["items"]), 0)
        return processor_seconds(forum) - before

    def test_a_search_takes_its_share_of_the_processor_and_not_more(self):
        bounded = self.start("--search-time", "20ms")
        whole = self.start("--search-time", "1h")
        alice = self.register(bounded, "alice")
        for _ in range(100):
            self.write_post(alice, body="a·" * 19_999)
            self.write_post(alice, body="a b c d e f g h " * 2_400)
        words = "a b c d e f g h"
        unbounded = self.cost(whole, words)
        self.assertLess(self.cost(bounded, words), unbounded / 2)
        # Signs between letters make no phrases, and a word typed again is not looked up again.
        for typed in ("a·" * 99 + "a", " ".join(["a·a·a·a·a·a·a·a·a·a·a"] * 8), "a " * 8):
            with self.subTest(typed=typed[:30]):
                self.assertLess(self.cost(whole, typed), unbounded)

    def test_new_searches_are_counted_by_address_and_known_answers_are_free(self):
        forum = self.start("--search-limit", "3", "--seed-posts", "20")
        client = forum.client()
        found = client.get("/api/v1/search?q=the").json["items"]
        if found:
            self.assertEqual({client.get("/api/v1/search?q=the").status for _ in range(10)}, {200})
        statuses = [client.get(f"/api/v1/search?q=word{n}").status for n in range(5)]
        self.assertEqual(sorted(set(statuses)), [200, 429])
        self.assertIn("Retry-After", client.get("/api/v1/search?q=another").headers)


if __name__ == "__main__":
    unittest.main(verbosity=2)
