"""The same random calls against the forum on SQLite and on MariaDB: every answer is the same but for ids and times.

FORUM_CALLS says how many (CI: some; the whole 20,000 by hand), FORUM_SEED which."""
import json
import os
import random
import re
import sys
import unittest

from forums import PASSWORD, ForumTest, until

from databases import mariadb

CALLS = int(os.environ.get("FORUM_CALLS", "1500"))
SEED = int(os.environ.get("FORUM_SEED", "26"))
ID = re.compile(r"\b[0-9a-hjkmnp-tv-z]{12}\b")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

# What engines see differently when they may: case, accents, blanks at the end, scripts, signs beyond the first plane, quotes.
WORDS = ["proxy", "Proxy", "PROXY", "prôxy", "the", "a", "of", "with", "walnut", "Walnuts", "ß", "ss", "straße", "İstanbul", "istanbul",
         "数据库", "数据", "库", "全文搜索", "発売", "한국어", "русский", "РУССКИЙ", "Ελλάδα", "𝄞", "😀", "it's", '"quoted"', "50%", "a_b", "back\\slash",
         "naïve", "naive", "0", "00", "1e3", "--", "/*x*/", "?", "?1", "NULL", "tail "]
TAGS = ["a", "b", "été", "ete", "标签", "c++", "a-b", "ß", "ss"]


class Side:
    """One forum, and what its ids are called: by the order in which they were first seen, which is the same on both sides."""

    def __init__(self, forum):
        self.forum, self.clients, self.names, self.ids = forum, {}, {}, []

    def client(self, user):
        if user not in self.clients:
            self.clients[user] = self.forum.client()
        return self.clients[user]

    def real(self, text):
        return re.sub(r"<(\d+)>", lambda found: self.ids[int(found[1])], text)

    def name(self, found):
        real = found.group(0)
        if real not in self.names:
            self.names[real] = f"<{len(self.ids)}>"
            self.ids.append(real)
        return self.names[real]

    def plain(self, value, key=""):
        if isinstance(value, dict):
            return {name: self.plain(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [self.plain(one) for one in value]
        if key in ("next", "access_token", "refresh_token", "kid"):
            return value is not None
        if isinstance(value, str):
            return TIME.sub("T", ID.sub(self.name, value) if key not in ("body", "title", "excerpt", "html") else value)
        return value


class BothEngines(ForumTest):
    def setUp(self):
        super().setUp()
        server = mariadb()
        self.addCleanup(server.remove)
        self.sides = [Side(self.start(database=os.path.join(self.directory, "one.db"))), Side(self.start(database=server.fresh()))]
        self.random = random.Random(SEED)
        self.posts, self.comments, self.reports = [], [], []
        self.users = ["root", "alice", "bob", "carol", "dave"]
        for user in self.users:
            for side in self.sides:
                more = {"setup_token": until(lambda of=side: of.forum.setup_token, "a set-up token")} if user == "root" else {}
                side.clients[user] = self.register(side.forum, user, **more)
        self.turns = {}

    def ask(self, user, method, path, body=None, headers=None, cursors=None):
        plain = []
        for number, side in enumerate(self.sides):
            real = side.real(path) + ("&cursor=" + cursors[number] if cursors else "")
            given = json.loads(side.real(json.dumps(body))) if body is not None else None
            answer = side.client(user).call(method, real, given, headers=dict(headers or {}))
            content = answer.json if answer.body and "json" in answer.headers["Content-Type"] else answer.body.decode()
            plain.append((answer.status, answer.headers.get("Idempotency-Replayed"), side.plain(content), content))
        self.turns[plain[0][0]] = self.turns.get(plain[0][0], 0) + 1
        told = [side.forum.lines[-1:] for side in self.sides]
        self.assertEqual(plain[0][:3], plain[1][:3], f"{user} {method} {path} {body} {told}")
        self.last = [one[3] for one in plain]
        return plain[0][0], plain[0][2]

    def some(self, things):
        return self.random.choice(things) if things and self.random.random() > 0.02 else "0123456789ab"

    def text(self, most=12):
        return " ".join(self.random.choice(WORDS) for _ in range(self.random.randint(1, most)))

    def user(self):
        return self.random.choice(self.users)

    # One method for each kind of call; the more often it is listed below the more often it is made.

    def write_post_somewhere(self):
        tags = self.random.sample(TAGS, self.random.randint(0, 3))
        headers = {"Idempotency-Key": f"k{self.random.randint(0, 200)}"} if self.random.random() < 0.2 else {}
        status, post = self.ask(self.user(), "POST", "/api/v1/posts", {
            "category": self.random.choice(["general", "general", "other", "Général"]), "title": self.text(6), "body": self.text(40), "tags": tags},
            headers)
        if status == 201:
            self.posts.append(post["id"])

    def comment(self):
        body = {"body": self.text(20)}
        if self.comments and self.random.random() < 0.5:
            body["parent"] = self.some(self.comments)
        status, comment = self.ask(self.user(), "POST", f"/api/v1/posts/{self.some(self.posts[-8:])}/comments", body)
        if status == 201:
            self.comments.append(comment["id"])

    def vote(self):
        kind, things = self.random.choice([("posts", self.posts), ("comments", self.comments)])
        self.ask(self.user(), "PUT", f"/api/v1/{kind}/{self.some(things)}/vote", {"value": self.random.choice([1, 1, 1, -1, 0, 2])})

    def list_them(self):
        query = [f"sort={self.random.choice(['hot', 'new', 'top'])}", f"limit={self.random.choice([1, 3, 25, 100])}"]
        if self.random.random() < 0.3:
            query.append("tag=" + self.random.choice(TAGS))
        if self.random.random() < 0.3:
            query.append("category=" + self.random.choice(["general", "other", "none", "GENERAL"]))
        path, cursors = "/api/v1/posts?" + "&".join(query), None
        for _ in range(4):
            status, page = self.ask(self.user(), "GET", path, cursors=cursors)
            if status != 200 or not page["next"]:
                return
            cursors = [content["next"] for content in self.last]

    def show(self):
        kind, things = self.random.choice([("posts", self.posts), ("comments", self.comments)])
        self.ask(self.user(), "GET", f"/api/v1/{kind}/{self.some(things)}" + self.random.choice(["", "?format=html"]))

    def show_below(self):
        self.ask(self.user(), "GET", f"/api/v1/posts/{self.some(self.posts)}/" + self.random.choice(["comments?limit=3", "comments", "history"]))

    def edit(self):
        kind, things = self.random.choice([("posts", self.posts), ("comments", self.comments)])
        body = {"body": self.text(30)}
        if kind == "posts" and self.random.random() < 0.5:
            body.update(title=self.text(5), tags=self.random.sample(TAGS, 2))
        self.ask(self.user(), "PATCH", f"/api/v1/{kind}/{self.some(things)}", body)

    def remove(self):
        kind, things = self.random.choice([("posts", self.posts), ("comments", self.comments)])
        self.ask(self.user(), "DELETE", f"/api/v1/{kind}/{self.some(things)}")

    def moderate(self):
        post = self.some(self.posts)
        method, path = self.random.choice([("PUT", "pin"), ("DELETE", "pin"), ("PUT", "lock"), ("DELETE", "lock"), ("POST", "restore")])
        self.ask(self.random.choice(["root", "root", "alice"]), method, f"/api/v1/posts/{post}/{path}")

    def restore_comment(self):
        self.ask("root", "POST", f"/api/v1/comments/{self.some(self.comments)}/restore")

    def search(self):
        words = " ".join(self.random.choice(WORDS).strip() for _ in range(self.random.choice([1, 1, 2])))
        path = "/api/v1/search?limit=100&q=" + words.replace("&", "").replace("?", "").replace("%", "")
        found = [self.found(side, path) for side in self.sides]
        self.turns[found[0][0]] = self.turns.get(found[0][0], 0) + 1
        self.assertEqual(found[0], found[1], path)

    def found(self, side, path):
        """All pages of it. What is found is the same on both; in which order is each engine's own."""
        items, cursor = [], ""
        while True:
            answer = side.client("carol").get(path + cursor)
            if answer.status != 200:
                return answer.status, items
            items += [(item["title"], item["excerpt"], item["author"], side.plain(item["id"])) for item in answer.json["items"]]
            if not answer.json["next"]:
                return 200, sorted(items)
            cursor = "&cursor=" + answer.json["next"]

    def mark(self):
        posts = self.random.sample(self.posts, min(len(self.posts), 5)) or ["0123456789ab"]
        if self.random.random() < 0.5:
            self.ask(self.user(), "PUT", f"/api/v1/posts/{posts[0]}/read")
        else:
            self.ask(self.user(), "GET", "/api/v1/me/marks?posts=" + ",".join(posts))

    def notified(self):
        user = self.user()
        self.ask(user, "GET", "/api/v1/me/notifications?limit=5")
        if self.random.random() < 0.3:
            self.ask(user, "POST", "/api/v1/me/notifications/read")

    def report(self):
        kind, things = self.random.choice([("posts", self.posts), ("comments", self.comments)])
        self.ask(self.user(), "POST", f"/api/v1/{kind}/{self.some(things)}/reports", {"reason": self.text(4)})
        status, page = self.ask("root", "GET", "/api/v1/reports?limit=4")
        if status == 200 and page["items"] and self.random.random() < 0.4:
            self.ask("root", "POST", f"/api/v1/reports/{page['items'][0]['id']}/resolve", {"resolution": self.text(3)})

    def look_round(self):
        path = self.random.choice(["/api/v1/categories", "/api/v1/me", "/api/v1/users/alice", "/api/v1/users/ALICE", "/api/v1/users/alicé",
                                   "/api/v1/users/bob/posts", "/api/v1/moderation-log?limit=5", "/api/v1/users/alice%20", "/api/v1/users/nobody1"])
        self.ask(self.user(), "GET", path)

    def govern(self):
        user = self.random.choice(["carol", "dave"])
        if self.random.random() < 0.5:
            self.ask("root", "PUT", f"/api/v1/users/{user}/ban", {"until": "2099-01-01T00:00:00Z", "reason": self.text(3)})
        else:
            self.ask("root", "DELETE", f"/api/v1/users/{user}/ban")
        if self.random.random() < 0.2:
            self.ask("root", "PUT", "/api/v1/users/bob/role", {"role": self.random.choice(["member", "moderator", "king"])})

    def arrange(self):
        if self.random.random() < 0.5:
            self.ask("root", "POST", "/api/v1/categories", {"slug": self.random.choice(["other", "more", "general", "Other"]), "name": self.text(2)})
        else:
            self.ask("root", "PATCH", "/api/v1/categories/" + self.random.choice(["other", "general", "none"]), {"name": self.text(2)})

    def introduce(self):
        self.ask(self.user(), "PATCH", "/api/v1/me", {"about": self.text(10), "display_name": self.random.choice(["Al", "Bö", "数据", "x" * 60])})

    def come_in(self):
        name = self.random.choice(["alice", "ALICE", "alicé", "alice ", "erin", "Erin", "x"])
        password = self.random.choice([PASSWORD, PASSWORD, "wrong horse"])
        self.ask("nobody", "POST", self.random.choice(["/api/v1/login", "/api/v1/register"]), {"username": name, "password": password})

    def test_the_same_calls_are_answered_alike(self):
        often = {self.write_post_somewhere: 8, self.comment: 10, self.vote: 14, self.list_them: 8, self.show: 8, self.show_below: 6, self.edit: 8,
                 self.remove: 2, self.moderate: 3, self.restore_comment: 1, self.search: 8, self.mark: 5, self.notified: 3, self.report: 3,
                 self.look_round: 4, self.govern: 1, self.arrange: 1, self.introduce: 1}
        kinds = list(often)
        made = 0
        while sum(self.turns.values()) < CALLS:
            if made % 150 == 149:  # each is a hash of tens of milliseconds
                self.come_in()
            self.random.choices(kinds, weights=often.values())[0]()
            made += 1
        print(f"seed {SEED}: {sum(self.turns.values())} calls, {dict(sorted(self.turns.items()))}, {len(self.posts)} posts, "
              f"{len(self.comments)} comments", file=sys.stderr)
        self.assertGreater(self.turns[200], CALLS // 4)


if __name__ == "__main__":
    unittest.main(verbosity=2)
