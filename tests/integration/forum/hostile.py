"""Strangers who mean harm: what one of them can take is bounded, and the others do not notice."""
import collections
import concurrent.futures
import os
import socket
import unittest
import urllib.parse

from forums import DEADLINE, PASSWORD, ForumTest, until


def resident_kib(forum):
    with open(f"/proc/{forum.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def grew_less(test, forum, before, kib):
    grown = resident_kib(forum) - before
    with open(f"/proc/{forum.process.pid}/maps") as maps:
        if "libasan" in maps.read():
            print(f"memory is not judged, a sanitizer keeps what was freed: {grown} KiB")
            return
    test.assertLess(grown, kib)


Task = collections.namedtuple("Task", "id nice time")


def tasks_of(forum):
    """The threads of a forum; time is that of a processor, in nanoseconds."""
    tasks = []
    for task in os.listdir(f"/proc/{forum.process.pid}/task"):
        place = f"/proc/{forum.process.pid}/task/{task}/"
        with open(place + "stat") as stat, open(place + "schedstat") as times:
            tasks.append(Task(task, int(stat.read().rsplit(")", 1)[1].split()[16]), int(times.read().split()[0])))
    return tasks


def processor_time(forum):
    """Of all its threads, in nanoseconds."""
    total = 0
    for task in os.listdir(f"/proc/{forum.process.pid}/task"):
        with open(f"/proc/{forum.process.pid}/task/{task}/schedstat") as stat:
            total += int(stat.read().split()[0])
    return total


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
        grew_less(self, forum, before, 4_096 * 1.2 + 8_192)
        # A name that nothing can have is refused, however often and however long.
        long = ask_all(forum.port, [f"/api/v1/posts?tag={'q' * 7_000}{n}" for n in range(2_000)])
        self.assertEqual(long, {400: 2_000})
        grew_less(self, forum, before, 4_096 * 1.2 + 8_192)


    def test_what_a_password_takes_is_given_back(self):
        forum = self.start("--threads", "16", "--hash-parallel", "2")
        before = resident_kib(forum)
        wrong = [("/api/v1/login", {"username": f"nobody{n}", "password": PASSWORD}) for n in range(48)]

        def guess(mine):
            for path, body in mine:
                self.assertEqual(forum.client().post(path, body).status, 401)
        with concurrent.futures.ThreadPoolExecutor(16) as guessers:
            list(guessers.map(guess, [wrong[n::16] for n in range(16)]))
        grew_less(self, forum, before, 19 * 1024)  # one of them takes as much, and any thread may compute the next


class SlowClients(ForumTest):
    def slow_ones(self, forum, count, begin):
        """Connections that sent `begin` and nothing else."""
        slow = []
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", forum.port), timeout=DEADLINE)
            self.addCleanup(connection.close)
            connection.sendall(begin)
            slow.append(connection)
        return slow

    def test_unfinished_requests_hold_no_thread(self):
        forum = self.start("--threads", "4", "--read-limit", "1h")
        alice = self.register(forum, "alice")
        head = b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n"
        for begin in (b"", b"GET /li", b"GET /livez HTTP/1.1\r\nHost: a\r\n", head, head + b"{" * 1_000, b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\n\r\n1\r\n{"):
            self.slow_ones(forum, 100, begin)
        self.write_post(alice)
        self.assertEqual(forum.client().get("/api/v1/posts").status, 200)
        with open(f"/proc/{forum.process.pid}/status") as status:
            self.assertLess(next(int(line.split()[1]) for line in status if line.startswith("Threads")), 20)

    def test_crumbs_are_read_by_one_thread_that_gives_way_and_answered_by_the_others(self):
        forum = self.start("--read-limit", "1h")
        gives_way = until(lambda: next((task for task in tasks_of(forum) if task.nice == 10), None), "the thread that reads crumbs")
        pieces = [b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n",
                  b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"]
        self.assertEqual(forum.client().get("/livez").status, 200)
        before = next(task for task in tasks_of(forum) if task.id == gives_way.id).time
        slow = [(connection, pieces[n % 2]) for n, connection in enumerate(self.slow_ones(forum, 100, b""))]
        for at in range(max(len(request) for _, request in slow) - 1):
            for connection, request in slow:
                if at < len(request) - 1:
                    connection.sendall(request[at:at + 1])
        # However late it reads, and how much at a time: those who go on sending crumbs come to it.
        endless = self.slow_ones(forum, 10, b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n")

        def crumbs_are_read():
            for connection in endless:
                connection.sendall(b"{")
            return next(task for task in tasks_of(forum) if task.id == gives_way.id).time > before
        until(crumbs_are_read, "crumbs being read")
        for connection, request in slow:
            connection.sendall(request[-1:])
        statuses = [connection.makefile("rb").readline().split()[1] for connection, _ in slow]
        self.assertEqual(statuses, [b"200", b"422"] * 50)

    def test_who_asks_for_leave_in_crumbs_gets_it(self):
        forum = self.start()
        [slow] = self.slow_ones(forum, 1, b"")
        stream = slow.makefile("rb")
        for turn in range(2):  # the second request goes on where the first came in crumbs
            for byte in b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n":
                slow.sendall(bytes([byte]))
            self.assertEqual((stream.readline(), stream.readline()), (b"HTTP/1.1 100 Continue\r\n", b"\r\n"))
            slow.sendall(b"{")
            slow.sendall(b"}")
            self.assertEqual(stream.readline()[:12], b"HTTP/1.1 422")
            length = 0
            while (line := stream.readline().lower()) != b"\r\n":
                length = int(line.split(b":")[1]) if line.startswith(b"content-length:") else length
            stream.read(length)

    def test_what_is_not_there_in_time_is_refused_and_who_sent_nothing_is_only_closed(self):
        forum = self.start("--read-limit", "300ms", "--idle-limit", "300ms")
        [half] = self.slow_ones(forum, 1, b"GET /livez HTTP/1.1\r\nHo")
        [none] = self.slow_ones(forum, 1, b"")
        self.assertTrue(half.makefile("rb").read().startswith(b"HTTP/1.1 408"))
        self.assertEqual(none.makefile("rb").read(), b"")

    def test_those_who_do_not_read_their_answers_hold_no_thread_and_little_memory(self):
        forum = self.start("--threads", "4", "--transfer-memory", "2097152", "--request-limit", "1h")
        alice = self.register(forum, "alice")
        post = self.write_post(alice, body="x" * 40_000)
        before = resident_kib(forum)
        request = f"GET /api/v1/posts/{post} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        # Far more than the buffers of the kernel take.
        for connection in self.slow_ones(forum, 40, b""):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            connection.setblocking(False)
            try:
                while True:
                    connection.send(request * 100)
            except BlockingIOError:
                pass
            except ConnectionError:  # given up already, for the memory
                pass
        self.assertEqual(forum.client().get("/api/v1/posts/" + post).status, 200)
        grew_less(self, forum, before, 24_576)

    def test_unfinished_bodies_together_hold_what_they_may_and_the_oldest_are_given_up(self):
        forum = self.start("--transfer-memory", "4194304", "--read-limit", "1h")
        head = b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n"
        alice = self.register(forum, "alice")  # before: its password takes memory of its own
        before = resident_kib(forum)
        slow = self.slow_ones(forum, 300, head + b"{" * 150_000)
        self.assertTrue(slow[0].makefile("rb").read().startswith(b"HTTP/1.1 408"))
        # While the flood is still being read, a client that comes in the middle of it may be the oldest for a moment.
        post = {"category": "general", "title": "A title", "body": "x" * 40_000}
        until(lambda: alice.post("/api/v1/posts", post).status == 201, "a post beside them")
        grew_less(self, forum, before, 32_768)

    def test_probes_are_answered_while_every_thread_is_taken(self):
        forum = self.start("--threads", "2", "--rehearsal", "--delay", "3s")
        waiting = self.slow_ones(forum, 12, b"GET /api/v1/posts HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        until(lambda: b"forum_requests_waiting 10" in forum.client().get("/metrics").body, "requests that wait for a thread")
        for path in ("/livez", "/readyz", "/startupz"):
            self.assertEqual(forum.client().get(path).status, 200)
        self.assertIn(b"forum_requests_waiting 10", forum.client().get("/metrics").body)
        self.assertEqual({connection.makefile("rb").read(12) for connection in waiting}, {b"HTTP/1.1 200"})


class Search(ForumTest):
    def cost(self, forum, typed):
        """Processor time of one search, which finds something."""
        before = processor_time(forum)
        answer = forum.client().get("/api/v1/search?q=" + urllib.parse.quote(typed))
        self.assertEqual(answer.status, 200)
        self.assertGreater(len(answer.json["items"]), 0)
        return processor_time(forum) - before

    def test_a_search_takes_its_share_of_the_processor_and_not_more(self):
        bounded = self.start("--search-time", "5ms")
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
