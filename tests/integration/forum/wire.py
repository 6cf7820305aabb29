"""What goes over the wire: framing, limits, strict UTF-8, keep-alive, and ports that are taken."""
import json
import os
import socket
import subprocess
import unittest

from forums import BINARY, DEADLINE, ForumTest


def exchange(port, data):
    """Sends bytes and reads until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts)


class Wire(ForumTest):
    def test_requests_that_could_be_read_in_two_ways_are_refused_and_the_connection_closed(self):
        forum = self.start()
        follow = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
        for head in (b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                     b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
                     b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde",
                     b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                     b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: %35\r\n\r\nabcde",
                     b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: %63hunked\r\n\r\n0\r\n\r\n",
                     b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nabcde",
                     b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nabcde",
                     b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nX: y\nContent-Length: 5\r\n\r\nabcde",
                     b"GET /api/v1/posts HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde"):
            with self.subTest(head=head[:120]):
                answer = exchange(forum.port, head + follow)
                self.assertTrue(answer.startswith(b"HTTP/1.1 400"), answer[:200])
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1, answer)
                self.assertIn(b"\r\nConnection: close\r\n", answer)

    def test_bodies_beyond_the_limit_are_refused_before_they_are_read(self):
        forum = self.start("--body-limit", "1000")
        declared = exchange(forum.port, b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n")
        self.assertTrue(declared.startswith(b"HTTP/1.1 413"), declared[:100])
        self.assertIn(b"application/problem+json", declared)
        chunk = b"%x\r\n%s\r\n" % (2000, b"x" * 2000)
        chunked = exchange(forum.port, b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + b"0\r\n\r\n")
        self.assertTrue(chunked.startswith(b"HTTP/1.1 413"), chunked[:100])
        self.assertEqual(forum.client().get("/livez").status, 200)

    def test_a_method_that_nothing_has_is_405_whether_it_brings_a_body_or_not(self):
        forum = self.start()
        follow = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
        bare = exchange(forum.port, b"TRACE /livez HTTP/1.1\r\nHost: a\r\n\r\n" + follow)
        self.assertTrue(bare.startswith(b"HTTP/1.1 405"), bare[:200])
        self.assertEqual(bare.count(b"HTTP/1.1 "), 2, bare)
        # The body stays unread, so nothing behind it may be taken for a request.
        loaded = exchange(forum.port, b"TRACE /livez HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(follow) + follow)
        self.assertTrue(loaded.startswith(b"HTTP/1.1 405"), loaded[:200])
        self.assertEqual(loaded.count(b"HTTP/1.1 "), 1, loaded)

    def test_a_form_is_refused_for_its_type_however_large_or_odd(self):
        client = self.start().client()
        for kind in ("multipart/form-data", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
            for body in (b"{}", b"a=1", b"x" * 20_000):
                with self.subTest(kind=kind, length=len(body)):
                    answer = client.call("POST", "/api/v1/login", raw=body, headers={"Content-Type": kind})
                    self.assert_problem(answer, 415, "unsupported-media-type")

    def test_a_path_with_line_ends_in_it_is_only_not_found(self):
        forum = self.start()
        root = self.admin(forum)
        for path in ("/api/v1/posts/%0D%0A/vote", "/%0A"):
            answer = exchange(forum.port, b"PUT %s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
                              b"Content-Length: 11\r\n\r\n{\"value\":1}" % (path.encode(), root.token.encode()))
            self.assertIn(b"/problems/not-found", answer)

    def test_a_target_may_name_the_host_and_a_request_has_one(self):
        forum = self.start()
        for head, status in ((b"GET http://else.where/api/v1/posts?limit=1 HTTP/1.1\r\nHost: a\r\n\r\n", 200),
                             (b"GET HTTP://else.where HTTP/1.1\r\nHost: a\r\n\r\n", 200),
                             (b"GET /api/v1/posts HTTP/1.0\r\n\r\n", 200),
                             (b"GET /api/v1/posts HTTP/1.1\r\n\r\n", 400),
                             (b"GET /api/v1/posts HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", 400),
                             (b"GET  /api/v1/posts HTTP/1.1\r\nHost: a\r\n\r\n", 400)):
            with self.subTest(head=head):
                self.assertTrue(exchange(forum.port, head).startswith(b"HTTP/1.1 %d" % status))

    def test_a_chunked_body_is_a_body(self):
        forum = self.start()
        body = json.dumps({"username": "alice", "password": "correct horse"}).encode()
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        answer = exchange(forum.port, b"POST /api/v1/register HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                                      b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        self.assertTrue(answer.startswith(b"HTTP/1.1 201"), answer[:200])

    def test_chunks_are_as_the_rfc_wants_them(self):
        forum = self.start()
        head = b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        follow = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
        for chunks in (b"0x2\r\n{}\r\n0\r\n\r\n", b"2\n{}\n0\n\n", b"2\r\n{}XX0\r\n\r\n", b"2\r\n{}\r\n0\r\nX: y\r\n\r\n", b"-2\r\n{}\r\n0\r\n\r\n",
                       b"+2\r\n{}\r\n0\r\n\r\n", b" 2\r\n{}\r\n0\r\n\r\n", b"fffffffffffffffff\r\n{}\r\n0\r\n\r\n", b"2\r{}\r\n0\r\n\r\n", b"\r\n{}\r\n"):
            with self.subTest(chunks=chunks):
                answer = exchange(forum.port, head + chunks + follow)
                self.assertTrue(answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 413")), answer[:200])
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1, answer)
        answer = exchange(forum.port, head + b"2;a=b\r\n{}\r\n000\r\n\r\n" + follow)
        self.assertTrue(answer.startswith(b"HTTP/1.1 422"), answer[:200])
        self.assertEqual(answer.count(b"HTTP/1.1 "), 2, answer)

    def test_heads_of_any_size_and_odd_methods_are_answered_as_what_they_are(self):
        forum = self.start()
        for head, status in ((b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 101, 431), (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 20_000 + b"\r\n", 431),
                             (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: a\r\n", 414), (b"QUERY /livez HTTP/1.1\r\nHost: a\r\n", 405)):
            with self.subTest(head=head[:40]):
                answer = exchange(forum.port, head + b"\r\n")
                self.assertTrue(answer.startswith(b"HTTP/1.1 %d" % status), answer[:200])
                self.assertIn(b"application/problem+json", answer)
                self.assertIn(b"\r\nDate: ", answer)
                self.assertEqual(b"\r\nAllow: GET" in answer, status == 405)

    def test_leave_to_send_a_body_is_given_when_the_head_is_good(self):
        forum = self.start()
        head = b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
        with socket.create_connection(("127.0.0.1", forum.port), timeout=DEADLINE) as connection:
            stream = connection.makefile("rb")
            connection.sendall(head % 2)
            self.assertEqual(stream.readline() + stream.readline(), b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.sendall(b"{}")
            self.assertTrue(stream.readline().startswith(b"HTTP/1.1 422"))
        self.assertTrue(exchange(forum.port, head % 9_999_999).startswith(b"HTTP/1.1 413"))

    def test_pipelined_requests_are_answered_in_order(self):
        forum = self.start()
        answer = exchange(forum.port, b"".join(b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Request-Id: n%d\r\n\r\n" % n for n in range(50)))
        self.assertEqual([line for line in answer.split(b"\r\n") if line.startswith(b"X-Request-Id")],
                         [b"X-Request-Id: n%d" % n for n in range(50)])

    def test_text_that_is_not_strict_utf8_is_refused_everywhere(self):
        forum = self.start()
        alice = self.register(forum, "alice")
        for bad in (b"\xc0\xaf", b"\xed\xa0\x80", b"\xff", b"\xf4\x90\x80\x80"):
            with self.subTest(bad=bad):
                raw = b'{"category":"general","title":"t","body":"' + bad + b'"}'
                answer = alice.post("/api/v1/posts", raw=raw, headers={"Content-Type": "application/json"})
                self.assert_problem(answer, 400, "malformed-json")
                line = b"GET /api/v1/search?q=" + b"".join(b"%%%02x" % byte for byte in bad) + b" HTTP/1.1\r\nHost: a\r\n\r\n"
                self.assertTrue(exchange(forum.port, line).startswith(b"HTTP/1.1 400"))

    def test_what_was_written_comes_back_byte_for_byte(self):
        alice = self.register(self.start(), "alice")
        for text in ("<script>alert(1)</script>", "a\r\nb\tc", "🙂 数据库 ñ \\ \" / \u2028", "\\u0000 as text", "   lead and trail   "):
            with self.subTest(text=text):
                post = self.write_post(alice, body=text)
                self.assertEqual(alice.get("/api/v1/posts/" + post).json["body"], text)
        self.assert_problem(alice.post("/api/v1/posts", {"category": "general", "title": "t", "body": "nul \0"}), 422)

    def test_garbage_is_answered_as_a_problem_and_never_a_crash(self):
        forum = self.start()
        for data in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"FROB / HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                     b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", b"POST /api/v1/login HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc"):
            with self.subTest(data=data[:40]):
                answer = exchange(forum.port, data)
                self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer[:100])
        self.assertEqual(forum.client().get("/livez").status, 200)

    def test_every_answer_names_version_colour_and_request(self):
        forum = self.start("--colour", "green", "--version-label", "v7")
        for path in ("/livez", "/api/v1/posts", "/nothing", "/"):
            with self.subTest(path=path):
                answer = forum.client().get(path, headers={"X-Request-Id": "abc-1"})
                self.assertEqual((answer.headers["X-Forum-Version"], answer.headers["X-Forum-Colour"]), ("v7", "green"))
                self.assertEqual(answer.headers["X-Request-Id"], "abc-1")
        made = forum.client().get("/livez", headers={"X-Request-Id": "not usable\u00e9"}).headers["X-Request-Id"]
        self.assertRegex(made, "^[0-9a-z]{12}$")

    def test_a_second_instance_on_a_taken_port_fails_loudly(self):
        forum = self.start()
        second = subprocess.run([BINARY, "serve", "--port", str(forum.port), "--database", self.database], capture_output=True,
                                text=True, timeout=DEADLINE)
        self.assertEqual(second.returncode, 1)
        self.assertIn(f"cannot listen on 127.0.0.1:{forum.port}", second.stderr)
        self.assertNotIn("listening", second.stdout)
        fresh = os.path.join(self.directory, "fresh.db")
        third = subprocess.run([BINARY, "serve", "--port", str(forum.port), "--database", fresh], capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((third.returncode, os.path.exists(fresh)), (1, False))

    def test_more_connections_than_there_may_be_close_idle_ones_and_are_served(self):
        forum = self.start("--connections", "2")
        clients = [forum.client() for _ in range(6)]
        for _ in range(2):
            for client in clients:
                try:
                    answer = client.get("/livez")
                except ConnectionError:  # an idle connection that made room for others
                    client.close()
                    answer = client.get("/livez")
                self.assertEqual(answer.status, 200)


if __name__ == "__main__":
    unittest.main(verbosity=2)
