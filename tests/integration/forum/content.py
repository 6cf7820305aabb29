"""Posts, comments, votes, search, moderation, notifications – through the API, on two instances at once."""
import threading
import unittest

from forums import ForumTest


class Content(ForumTest):
    def setUp(self):
        super().setUp()
        self.blue = self.start()
        self.green = self.start("--colour", "green", "--version-label", "v2")
        self.alice = self.register(self.blue, "alice")
        self.bob = self.register(self.green, "bob")

    def test_what_one_instance_acknowledged_the_other_shows_at_once(self):
        other = self.green.client()
        for number in range(20):
            before = other.get("/api/v1/posts?sort=new").json["items"]
            post = self.write_post(self.alice, f"Number {number}")
            self.assertNotIn(post, [item["id"] for item in before])
            self.assertEqual(other.get("/api/v1/posts?sort=new").json["items"][0]["id"], post)
            shown = other.get("/api/v1/posts/" + post)
            self.assertEqual(shown.headers["X-Forum-Colour"], "green")
            self.alice.post(f"/api/v1/posts/{post}/comments", {"body": "and more"})
            self.assertEqual(other.get("/api/v1/posts/" + post).json["comments"]["items"][0]["body"], "and more")

    def test_a_retry_with_the_same_key_never_posts_twice_whichever_instance_it_reaches(self):
        body = {"category": "general", "title": "Once", "body": "only"}
        key = {"Idempotency-Key": "a-key"}
        first = self.alice.post("/api/v1/posts", body, headers=key)
        self.alice.port = self.green.port
        self.alice.close()
        second = self.alice.post("/api/v1/posts", body, headers=key)
        self.assertEqual((first.status, first.body), (second.status, second.body))
        self.assertEqual(first.headers["Location"], second.headers["Location"])
        self.assertEqual(second.headers["Idempotency-Replayed"], "true")
        self.assertEqual(len(self.blue.client().get("/api/v1/posts").json["items"]), 1)
        other = self.alice.post("/api/v1/posts", {**body, "title": "Twice"}, headers=key)
        self.assert_problem(other, 422, "idempotency-key-reused")
        self.assertEqual(self.bob.post("/api/v1/posts", body, headers=key).status, 201)
        self.assert_problem(self.bob.post("/api/v1/posts", body, headers={"Idempotency-Key": "x" * 200}), 400)

    def test_edits_keep_a_history_and_lost_updates_are_refused(self):
        post = self.write_post(self.alice, "First", tags=["a"])
        tag = self.alice.get("/api/v1/posts/" + post).headers["ETag"]
        self.bob.put(f"/api/v1/posts/{post}/vote", {"value": 1})  # changes the page, not the text
        edited = self.alice.patch("/api/v1/posts/" + post, {"title": "Second", "tags": ["b"]}, headers={"If-Match": tag})
        self.assertEqual(edited.json["version"], 2)
        self.assert_problem(self.alice.patch("/api/v1/posts/" + post, {"title": "Third"}, headers={"If-Match": tag}), 412)
        self.assert_problem(self.bob.patch("/api/v1/posts/" + post, {"title": "Mine"}), 403)
        history = self.bob.get(f"/api/v1/posts/{post}/history").json["items"]
        self.assertEqual([(one["version"], one["title"], one["tags"]) for one in history], [(1, "First", ["a"])])

    def test_a_reader_who_has_the_answer_is_told_that_nothing_changed(self):
        post = self.write_post(self.alice)
        for path in ("/api/v1/posts", "/api/v1/posts/" + post, "/api/v1/categories", "/api/v1/users/alice"):
            with self.subTest(path=path):
                first = self.bob.get(path)
                again = self.bob.get(path, headers={"If-None-Match": first.headers["ETag"]})
                self.assertEqual((again.status, again.body), (304, b""))
                self.assertEqual(again.headers["ETag"], first.headers["ETag"])
        self.alice.post(f"/api/v1/posts/{post}/comments", {"body": "new"})
        tag = first.headers["ETag"]
        self.assertEqual(self.bob.get("/api/v1/posts/" + post, headers={"If-None-Match": tag}).status, 200)

    def test_threads_have_an_order_a_depth_and_pages(self):
        post = self.write_post(self.alice)
        parent = None
        for depth in range(8):
            answer = self.bob.post(f"/api/v1/posts/{post}/comments", {"body": f"depth {depth}", "parent": parent})
            self.assertEqual(answer.json["depth"], depth)
            parent = answer.json["id"]
        too_deep = self.bob.post(f"/api/v1/posts/{post}/comments", {"body": "deeper", "parent": parent})
        self.assertEqual(self.assert_problem(too_deep, 422)["errors"][0]["pointer"], "/parent")
        for number in range(12):
            self.alice.post(f"/api/v1/posts/{post}/comments", {"body": f"top {number}"})
        bodies, cursor = [], ""
        while cursor is not None:
            page = self.alice.get(f"/api/v1/posts/{post}/comments?limit=7" + (f"&cursor={cursor}" if cursor else "")).json
            bodies += [one["body"] for one in page["items"]]
            cursor = page["next"]
        self.assertEqual(bodies, [f"depth {n}" for n in range(8)] + [f"top {n}" for n in range(12)])
        self.assertEqual(self.alice.delete("/api/v1/comments/" + parent).status, 403)
        self.assertEqual(self.bob.delete("/api/v1/comments/" + parent).status, 204)
        shown = self.alice.get("/api/v1/comments/" + parent).json
        self.assertEqual((shown["deleted"], shown["body"]), (True, ""))
        self.assertEqual(self.alice.get("/api/v1/posts/" + post).json["comment_count"], 19)

    def test_votes_count_once_per_user_and_order_the_lists(self):
        plain = self.write_post(self.alice, "Plain")
        loved = self.write_post(self.alice, "Loved")
        latest = self.write_post(self.alice, "Latest")
        for value, score in ((1, 1), (1, 1), (-1, -1), (0, 0), (1, 1)):
            self.assertEqual(self.bob.put(f"/api/v1/posts/{loved}/vote", {"value": value}).json["score"], score)
        self.assertEqual(self.alice.put(f"/api/v1/posts/{loved}/vote", {"value": 1}).json["score"], 2)
        self.assert_problem(self.bob.put(f"/api/v1/posts/{loved}/vote", {"value": 2}), 422)
        order = lambda sort: [one["id"] for one in self.bob.get("/api/v1/posts?sort=" + sort).json["items"]]
        self.assertEqual(order("top")[0], loved)
        self.assertEqual(order("new"), [latest, loved, plain])
        self.assertEqual(order("hot")[0], loved)
        comment = self.bob.post(f"/api/v1/posts/{plain}/comments", {"body": "c"}).json["id"]
        self.assertEqual(self.alice.put(f"/api/v1/comments/{comment}/vote", {"value": -1}).json["score"], -1)

    def test_where_own_votes_are_off_authors_vote_for_others_only(self):
        forum = self.start("--own-votes", "false")
        alice, bob = self.register(forum, "alice3"), self.register(forum, "bob3")
        post = self.write_post(alice)
        comment = alice.post(f"/api/v1/posts/{post}/comments", {"body": "c"}).json["id"]
        for path in (f"/api/v1/posts/{post}/vote", f"/api/v1/comments/{comment}/vote"):
            for value in (1, -1):
                self.assertIn("oneself", self.assert_problem(alice.put(path, {"value": value}), 409)["type"])
            self.assertEqual(bob.put(path, {"value": 1}).json["score"], 1)
            # What was cast while it was allowed can be taken back.
            self.assertEqual(alice.put(path, {"value": 0}).json["score"], 1)

    def test_search_finds_words_and_chinese_and_follows_edits_and_deletions(self):
        post = self.write_post(self.alice, "发布日志", "We moved the 数据库 to a new machine")
        find = lambda typed: [one["id"] for one in self.bob.get("/api/v1/search?q=" + typed).json["items"]]
        for typed in ("数据库", "数据", "库", "发布", "machine", "MACHINE 数据"):
            with self.subTest(typed=typed):
                self.assertEqual(find(typed), [post])
        self.assertEqual(find("库数"), [])
        self.assertIn("数据库", self.bob.get("/api/v1/search?q=数据库").json["items"][0]["excerpt"])
        self.alice.patch("/api/v1/posts/" + post, {"body": "Nothing left"})
        self.assertEqual(find("machine"), [])
        self.alice.delete("/api/v1/posts/" + post)
        self.assertEqual(find("发布"), [])
        self.assert_problem(self.bob.get("/api/v1/search?q=\"*"), 400)
        self.assertEqual(self.bob.get("/api/v1/search?q=" + "数" * 200).status, 200)
        self.assert_problem(self.bob.get("/api/v1/search?q=" + "数" * 201), 400)

    def test_search_finds_comments_on_both_instances_and_says_which(self):
        post = self.write_post(self.alice, "Moving day", "about boxes")
        comment = self.bob.post(f"/api/v1/posts/{post}/comments", {"body": "Take the marmalade; 数据库不要忘记"}).json["id"]
        for reader in (self.alice, self.bob):
            for typed in ("marmalade", "数据库", "记"):
                [found] = reader.get("/api/v1/search?q=" + typed).json["items"]
                self.assertEqual((found["id"], found["title"]), (post, "Moving day"))
                self.assertEqual((found["comment"]["id"], found["comment"]["author"]), (comment, "bob"))
                self.assertIn(typed, found["excerpt"])
        self.assertIsNone(self.bob.get("/api/v1/search?q=boxes").json["items"][0]["comment"])
        self.assertEqual(self.bob.patch("/api/v1/comments/" + comment, {"body": "Take the honey"}).status, 200)
        self.assertEqual(self.alice.get("/api/v1/search?q=marmalade").json["items"], [])
        self.assertEqual(len(self.alice.get("/api/v1/search?q=honey").json["items"]), 1)
        self.assertEqual(self.bob.delete("/api/v1/comments/" + comment).status, 204)
        self.assertEqual(self.alice.get("/api/v1/search?q=honey").json["items"], [])

    def test_what_stands_below_a_deleted_post_is_gone_with_it(self):
        post = self.write_post(self.alice, "Going soon", "hello @bob")
        comment = self.bob.post(f"/api/v1/posts/{post}/comments", {"body": "first words"}).json["id"]
        self.bob.patch("/api/v1/comments/" + comment, {"body": "second words"})
        root = self.admin(self.blue)
        self.assertEqual(self.alice.delete("/api/v1/posts/" + post).status, 204)
        for reader in (self.green.client(), self.alice, self.bob):
            for path in ("", "/history"):
                self.assert_problem(reader.get(f"/api/v1/comments/{comment}{path}"), 404)
        self.assert_problem(self.bob.patch("/api/v1/comments/" + comment, {"body": "third"}), 404)
        self.assert_problem(self.alice.put(f"/api/v1/comments/{comment}/vote", {"value": 1}), 404)
        self.assert_problem(self.alice.post(f"/api/v1/comments/{comment}/reports", {"reason": "x"}), 404)
        self.assertEqual({one["post_title"] for one in self.bob.get("/api/v1/me/notifications").json["items"]}, {"[deleted]"})
        self.assertEqual(root.get("/api/v1/comments/" + comment).json["body"], "second words")
        self.assertEqual(root.post(f"/api/v1/posts/{post}/restore").status, 204)
        self.assertEqual(self.green.client().get("/api/v1/comments/" + comment).json["body"], "second words")

    def test_unread_marks_and_notifications_follow_what_happens(self):
        post = self.write_post(self.alice, body="hello @bob and @Bob and @nobody1")
        mark = lambda client: client.get("/api/v1/me/marks?posts=" + post).json["items"][0]
        self.assertTrue(mark(self.bob)["unread"])
        self.assertEqual(self.bob.put(f"/api/v1/posts/{post}/read").status, 204)
        self.assertFalse(mark(self.bob)["unread"])
        comment = self.bob.post(f"/api/v1/posts/{post}/comments", {"body": "hi"}).json["id"]
        self.assertTrue(mark(self.alice)["unread"])
        self.alice.post(f"/api/v1/posts/{post}/comments", {"body": "hi @bob", "parent": comment})
        kinds = lambda client: [one["kind"] for one in client.get("/api/v1/me/notifications").json["items"]]
        self.assertEqual(kinds(self.bob), ["reply", "mention"])
        self.assertEqual(kinds(self.alice), ["reply"])
        self.assertEqual(self.bob.get("/api/v1/me/notifications").json["unread"], 2)
        self.bob.post("/api/v1/me/notifications/read")
        self.assertEqual(self.bob.get("/api/v1/me/notifications").json["unread"], 0)

    def test_what_one_wrote_oneself_is_not_unread(self):
        post = self.write_post(self.alice)
        mark = lambda client: client.get("/api/v1/me/marks?posts=" + post).json["items"][0]["unread"]
        self.assertEqual((mark(self.alice), mark(self.bob)), (False, True))
        self.bob.put(f"/api/v1/posts/{post}/read")
        comment = self.bob.post(f"/api/v1/posts/{post}/comments", {"body": "mine"}).json["id"]
        self.assertEqual((mark(self.alice), mark(self.bob)), (True, False))
        self.alice.post(f"/api/v1/posts/{post}/comments", {"body": "hers"})
        self.assertTrue(mark(self.bob))
        self.bob.delete("/api/v1/comments/" + comment)
        self.assertFalse(mark(self.alice))

    def test_pages_follow_each_other_whatever_the_tag_or_the_search(self):
        long = "数据库" * 30
        for number in range(3):
            self.write_post(self.alice, f"Pipe {number}", long, tags=["a|b"])
        for path in ("/api/v1/posts?sort=new&tag=a|b", "/api/v1/search?q=pipe | ", "/api/v1/search?q=" + long):
            with self.subTest(path=path):
                first = self.bob.get(path + "&limit=2").json
                second = self.bob.get(path + "&limit=2&cursor=" + first["next"])
                self.assertEqual(second.status, 200, second.body)
                self.assertEqual(len({one["id"] for one in first["items"] + second.json["items"]}), 3)

    def test_a_ban_ends_at_any_time_that_rfc_3339_can_say(self):
        root = self.admin(self.blue)
        for until in ("2099-01-01T00:00:00+00:00", "2099-01-01T02:00:00.000+02:00", "2098-12-31T16:00:00-08:00", "2099-01-01t00:00:00.0z"):
            self.assertEqual(root.put("/api/v1/users/bob/ban", {"until": until, "reason": "r"}).status, 200, until)
            self.assertEqual(self.bob.get("/api/v1/me").json["ban"]["until"], "2099-01-01T00:00:00.000Z")

    def test_two_admins_who_take_each_others_role_leave_one(self):
        root = self.admin(self.blue)
        for _ in range(20):
            for name in ("alice", "bob"):
                self.assertEqual(root.put(f"/api/v1/users/{name}/role", {"role": "admin"}).status, 200)
            barrier = threading.Barrier(2)
            def take(client, other):
                barrier.wait()
                client.put(f"/api/v1/users/{other}/role", {"role": "member"})
            takers = [threading.Thread(target=take, args=pair) for pair in ((self.alice, "bob"), (self.bob, "alice"))]
            for taker in takers:
                taker.start()
            for taker in takers:
                taker.join()
            roles = {root.get("/api/v1/users/" + name).json["role"] for name in ("alice", "bob")}
            self.assertEqual(roles, {"admin", "member"})

    def test_moderation_leaves_traces(self):
        root = self.admin(self.blue)
        self.assertEqual(root.put("/api/v1/users/bob/role", {"role": "moderator"}).json["role"], "moderator")
        post = self.write_post(self.alice, "Loud")
        self.assertEqual(root.put(f"/api/v1/posts/{post}/pin").status, 204)
        listed = self.alice.get("/api/v1/posts?sort=top").json
        self.assertEqual([one["id"] for one in listed["pinned"]], [post])
        self.assertEqual(root.delete(f"/api/v1/posts/{post}/pin").status, 204)
        self.assertEqual(self.alice.get("/api/v1/posts?sort=top").json["pinned"], [])
        report = root.post(f"/api/v1/posts/{post}/reports", {"reason": "loud"}).json
        self.assertEqual(root.post(f"/api/v1/posts/{post}/reports", {"reason": "again"}).json["id"], report["id"])
        self.assertEqual([one["id"] for one in self.bob.get("/api/v1/reports").json["items"]], [report["id"]])
        self.assertEqual(self.bob.put(f"/api/v1/posts/{post}/lock?reason=calm down").status, 204)
        self.assert_problem(self.alice.post(f"/api/v1/posts/{post}/comments", {"body": "but"}), 403, "locked")
        self.assertEqual(self.bob.post(f"/api/v1/posts/{post}/comments", {"body": "closed"}).status, 201)
        self.assertEqual(self.bob.post(f"/api/v1/reports/{report['id']}/resolve", {"resolution": "locked"}).json["resolved_by"], "bob")
        self.assertEqual(self.bob.get("/api/v1/reports").json["items"], [])
        self.assertEqual(self.bob.delete(f"/api/v1/posts/{post}?reason=enough").status, 204)
        self.assert_problem(self.alice.get("/api/v1/posts/" + post), 404)
        self.assertTrue(self.bob.get("/api/v1/posts/" + post).json["deleted"])
        self.assertEqual(self.bob.post(f"/api/v1/posts/{post}/restore").status, 204)
        self.assertEqual(self.alice.get("/api/v1/posts/" + post).json["title"], "Loud")
        ban = {"until": "2099-01-01T00:00:00Z", "reason": "loud"}
        self.assertEqual(self.bob.put("/api/v1/users/alice/ban", ban).status, 200)
        self.assert_problem(self.alice.post("/api/v1/posts", {"category": "general", "title": "t", "body": "b"}), 403, "banned")
        self.assertEqual(self.alice.get("/api/v1/me").json["ban"]["reason"], "loud")
        self.assert_problem(self.bob.put("/api/v1/users/root/ban", ban), 403)
        self.assert_problem(self.bob.put("/api/v1/users/bob/ban", ban), 409)
        self.assertEqual(self.bob.delete("/api/v1/users/alice/ban").status, 200)
        self.write_post(self.alice)
        deeds = [one["action"] for one in self.bob.get("/api/v1/moderation-log").json["items"]]
        self.assertEqual(deeds, ["unban user", "ban user", "restore post", "delete post", "resolve report", "lock post", "unpin post",
                                 "pin post", "make user moderator"])

    def test_categories_say_who_may_post_in_them(self):
        root = self.admin(self.blue)
        news = {"slug": "news", "name": "News", "posting_role": "moderator", "position": 5}
        self.assertEqual(root.post("/api/v1/categories", news).status, 201)
        self.assert_problem(root.post("/api/v1/categories", news), 409)
        post = {"category": "news", "title": "t", "body": "b"}
        self.assert_problem(self.alice.post("/api/v1/posts", post), 403)
        self.assertEqual(root.post("/api/v1/posts", post).status, 201)
        self.assertEqual(len(self.alice.get("/api/v1/posts?category=news").json["items"]), 1)
        self.assertEqual(len(self.alice.get("/api/v1/posts?category=general").json["items"]), 0)
        self.assertEqual(root.patch("/api/v1/categories/news", {"posting_role": "member"}).json["version"], 2)
        self.assertEqual(self.alice.post("/api/v1/posts", post).status, 201)
        self.assertEqual([one["slug"] for one in self.alice.get("/api/v1/categories").json["items"]], ["general", "news"])
        self.assert_problem(self.alice.get("/api/v1/posts?category=none"), 404)

    def test_a_text_comes_as_safe_html_for_those_who_ask_and_as_it_was_for_all(self):
        forum, alice = self.blue, self.alice
        post = self.write_post(alice, body="**bold** <b>x</b>")
        comment = alice.post(f"/api/v1/posts/{post}/comments", {"body": "`code`"}).json["id"]
        client = forum.client()
        plain, html = client.get(f"/api/v1/posts/{post}").json, client.get(f"/api/v1/posts/{post}?format=html").json
        self.assertNotIn("html", plain)
        self.assertEqual((html["body"], html["html"]), ("**bold** <b>x</b>", "<p><strong>bold</strong> &lt;b&gt;x&lt;/b&gt;</p>\n"))
        self.assertEqual(html["comments"]["items"][0]["html"], "<p><code>code</code></p>\n")
        self.assertEqual(client.get(f"/api/v1/comments/{comment}?format=html").json["html"], "<p><code>code</code></p>\n")
        self.assertEqual(client.get("/api/v1/posts").json["items"][0]["excerpt"], "bold <b>x</b>")
        alice.patch(f"/api/v1/posts/{post}", {"body": "*other*"})
        self.assertEqual(client.get(f"/api/v1/posts/{post}?format=html").json["html"], "<p><em>other</em></p>\n")
        self.assert_problem(client.get(f"/api/v1/posts/{post}?format=pdf"), 400, "bad-parameter")

    def test_parameters_that_are_none_or_come_twice_are_refused(self):
        client = self.blue.client()
        for query in ("limit=5&limit=6", "limit=5&limit=5", "category=general&category=nope", "pgae=2", "limit=5&x="):
            with self.subTest(query=query):
                self.assert_problem(client.get("/api/v1/posts?" + query), 400, "bad-parameter")
        self.assert_problem(client.get("/api/v1/categories?limit=1"), 400, "bad-parameter")
        self.assertEqual(client.get("/?utm=1").status, 200)

    def test_what_it_said_before_can_be_forgotten_by_moderators(self):
        forum, alice = self.blue, self.alice
        root = self.admin(forum)
        post = self.write_post(alice, body="my address")
        comment = alice.post(f"/api/v1/posts/{post}/comments", {"body": "my number"}).json["id"]
        alice.patch(f"/api/v1/posts/{post}", {"body": "nothing"})
        alice.patch(f"/api/v1/comments/{comment}", {"body": "nothing either"})
        for path in (f"/api/v1/posts/{post}/history", f"/api/v1/comments/{comment}/history"):
            self.assertEqual(len(alice.get(path).json["items"]), 1)
            self.assert_problem(alice.delete(path), 403, "forbidden")
            self.assertEqual(root.delete(path + "?reason=personal").status, 204)
            self.assertEqual(forum.client().get(path).json["items"], [])
        self.assertEqual([deed["action"] for deed in root.get("/api/v1/moderation-log").json["items"]],
                         ["purge history of comment", "purge history of post"])
        self.assertEqual(forum.client().get("/api/v1/search?q=either").json["items"][0]["comment"]["id"], comment)
        self.assertEqual(root.get(f"/api/v1/posts/{post}").headers["Cache-Control"], "private")

    def test_what_one_account_stores_in_a_day_is_bounded(self):
        forum = self.start("--daily-texts", "3", "--daily-bytes", "0")
        alice = forum.client(self.alice.token)
        post = self.write_post(alice)
        self.assertEqual(alice.post(f"/api/v1/posts/{post}/comments", {"body": "x"}).status, 201)
        self.assertEqual(alice.patch("/api/v1/posts/" + post, {"body": "y"}).status, 200)
        refused = alice.post("/api/v1/posts", {"category": "general", "title": "t", "body": "b"})
        self.assert_problem(refused, 429, "too-many")
        self.assertEqual(alice.put(f"/api/v1/posts/{post}/vote", {"value": 1}).status, 200)
        self.assertEqual(forum.client(self.bob.token).post(f"/api/v1/posts/{post}/comments", {"body": "x"}).status, 201)
        bytes_too = self.start("--daily-bytes", "50000")
        carol = self.register(bytes_too, "carol")
        statuses = [carol.post("/api/v1/posts", {"category": "general", "title": "t", "body": "x" * 20_000}).status for _ in range(3)]
        self.assertEqual(statuses, [201, 201, 429])
        dave = self.register(bytes_too, "dave")
        statuses = [dave.post("/api/v1/posts", {"category": "general", "title": "t", "body": "x" * 20_000}, headers={"Idempotency-Key": f"k{n}"}).status for n in range(2)]
        self.assertEqual(statuses, [201, 429])


if __name__ == "__main__":
    unittest.main(verbosity=2)
