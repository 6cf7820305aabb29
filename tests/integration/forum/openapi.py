"""A client written from the OpenAPI document alone: it knows no path and no field by heart, calls every operation with
bodies made from the schemas, and checks every answer against what the document says."""
import pathlib
import re
import unittest

import shapes
from forums import PASSWORD, ForumTest

SOURCES = pathlib.Path(__file__).resolve().parents[3] / "forum"
WRITTEN_REFUSAL = re.compile(r'(?:refuse|problem)\(\s*(\d+|response\.status),\s*"([a-z-]+)"')


class Openapi(ForumTest):
    def setUp(self):
        super().setUp()
        self.forum = self.start()
        self.document = self.forum.client().get("/api/v1/openapi.json").json
        self.operations = {}
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                self.operations[operation["operationId"]] = (method.upper(), path, operation)
        self.called = set()

    def resolve(self, schema):
        while "$ref" in schema:
            target = self.document
            for part in schema["$ref"].lstrip("#/").split("/"):
                target = target[part]
            schema = target
        return schema

    def example(self, schema, given):
        """A value that fits the schema; `given` overrides members by name."""
        schema = self.resolve(schema)
        kind = schema.get("type")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            return {name: given.get(name, self.example(schema["properties"][name], given)) for name in schema["required"]}
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("format") == "date-time":
            return "2099-01-01T00:00:00Z"
        if kind == "string":
            return "x" * max(schema.get("minLength", 1), 1)
        return {"integer": 1, "boolean": True, "array": []}[kind]

    def call(self, name, client, status=None, given=None, **arguments):
        method, path, operation = self.operations[name]
        query = []
        headers = {}
        for parameter in operation["parameters"]:
            parameter = self.resolve(parameter)
            key = parameter["name"]
            if parameter["in"] == "path":
                path = path.replace("{" + key + "}", arguments[key])
            elif key not in arguments:
                self.assertFalse(parameter["required"], f"{name} needs {key}")
            elif parameter["in"] == "query":
                query.append(f"{key}={arguments[key]}")
            else:
                headers[key] = arguments[key]
        body = None
        if "requestBody" in operation:
            body = self.example(operation["requestBody"]["content"]["application/json"]["schema"], given or {})
            body.update(given or {})
        answer = client.call(method, path + ("?" + "&".join(query) if query else ""), body, headers)
        self.check(name, operation, answer, status)
        self.called.add(name)
        return answer

    def check(self, name, operation, answer, status):
        responses = operation["responses"]
        if status is None:
            self.assertIn(str(answer.status), responses, f"{name}: {answer.status} {answer.body[:300]}")
        else:
            self.assertEqual(answer.status, status, f"{name}: {answer.body[:300]}")
        self.assertIn(str(answer.status), responses, f"{name}: {answer.body[:300]}")
        described = self.resolve(responses[str(answer.status)])
        if answer.status >= 400 and answer.headers["Content-Type"] == "application/problem+json":
            self.assertIn(answer.json["type"].removeprefix("/problems/"), self.types_of(described), name)
        for header in described.get("headers", {}):
            if header != "Idempotency-Replayed":
                self.assertIn(header, answer.headers, name)
        if "content" not in described:
            self.assertEqual(answer.body, b"", name)
            return
        (kind, content), = described["content"].items()
        self.assertEqual(answer.headers["Content-Type"].split(";")[0], kind, name)
        value = answer.body.decode() if kind == "text/plain" else answer.json
        self.assertEqual(shapes.faults(value, content["schema"], self.document), [], name)

    def test_every_operation_answers_as_the_document_says(self):
        guest = self.forum.client()
        root = self.admin(self.forum)
        tokens = self.call("register", guest, given={"username": "alice", "password": PASSWORD}).json
        alice = self.forum.client(tokens["access_token"])
        self.call("logIn", guest, given={"username": "alice", "password": PASSWORD})
        self.call("refresh", guest, given={"refresh_token": tokens["refresh_token"]})
        self.call("createCategory", root, given={"slug": "news"})
        self.call("editCategory", root, slug="news", given={"name": "Other"})
        post = self.call("createPost", alice, given={"category": "general", "tags": ["a"]}, **{"Idempotency-Key": "k"}).json["id"]
        for _ in range(3):
            self.call("createPost", root, given={"category": "general", "title": "hello @alice"})
        self.call("editPost", alice, id=post, given={"title": "other"})
        comment = self.call("createComment", root, id=post, given={"body": "word"}).json["id"]
        self.call("createComment", alice, id=post, given={"body": "answer", "parent": comment})
        self.call("editComment", root, id=comment, given={"body": "other"})
        report = self.call("reportPost", alice, id=post).json["id"]
        self.call("reportComment", alice, id=comment)
        with_id = {"id": post}
        for name in ("voteOnPost", "markPostRead", "pinPost", "lockPost", "unlockPost", "unpinPost", "showPost", "listPostHistory",
                     "listComments"):
            self.call(name, root, **with_id)
        for name in ("voteOnComment", "showComment", "listCommentHistory"):
            self.call(name, root, id=comment)
        for name in ("listPosts", "listCategories", "showMe", "listNotifications", "listReports", "listModerationLog", "showOpenapi",
                     "livez", "readyz", "startupz", "metrics"):
            self.call(name, root)
        self.assertIn("html", self.call("showPost", guest, id=post, format="html").json)
        self.call("listComments", guest, id=post, format="html")
        self.call("listPosts", guest, sort="top", category="general", limit="2")
        self.call("listNotifications", alice)
        self.call("searchPosts", guest, q="other")
        self.call("listMarks", alice, posts=post)
        self.call("resolveReport", root, id=report)
        for name in ("showUser", "listUserPosts", "banUser", "unbanUser", "setUserRole"):
            self.call(name, root, username="alice")
        self.call("banUser", root, username="alice")
        self.call("showMe", alice)
        self.call("unbanUser", root, username="alice")
        self.call("deleteComment", root, id=comment)
        self.call("restoreComment", root, id=comment)
        self.call("deletePost", alice, id=post)
        self.call("restorePost", root, id=post)
        self.call("editMe", alice, given={"about": "me"})
        self.call("purgePostHistory", root, id=post)
        self.call("purgeCommentHistory", root, id=comment)
        self.call("markNotificationsRead", alice)
        self.call("rotateSigningKeys", root)
        for name in ("beginDrain", "showDrain", "endDrain"):
            self.call(name, guest)
        self.call("changePassword", alice, given={"current_password": PASSWORD, "new_password": "another horse"})
        self.call("logOut", root)
        alice.token = self.call("logIn", guest, given={"username": "alice", "password": "another horse"}).json["access_token"]
        self.call("logOutEverywhere", alice)
        self.assertEqual(self.called, set(self.operations))

    def test_every_operation_with_a_body_names_its_fields_when_they_are_wrong(self):
        root = self.admin(self.forum)
        for name, (method, path, operation) in self.operations.items():
            if "requestBody" not in operation:
                continue
            with self.subTest(operation=name):
                place = path.replace("{username}", "nobody").replace("{slug}", "none").replace("{id}", "0" * 12)
                answer = root.call(method, place, {"no such field": 1})
                self.check(name, operation, answer, 422)
                self.assertIn("/no such field", [error["pointer"] for error in answer.json["errors"]])

    @staticmethod
    def types_of(described):
        return described["description"].removeprefix("Types: ").removesuffix(".").split(", ")

    def test_every_refusal_that_the_sources_name_is_in_the_document_and_no_other(self):
        written = {(status, slug) for source in SOURCES.rglob("*.cpp") for status, slug in WRITTEN_REFUSAL.findall(source.read_text())}
        written = {("400" if status == "response.status" else status, slug) for status, slug in written}
        written |= {("405", "method-not-allowed"), ("404", "not-found")}
        documented = {(status, slug) for _, _, operation in self.operations.values() for status, described in operation["responses"].items()
                      if described.get("description", "").startswith("Types: ") for slug in self.types_of(described)}
        self.assertGreater(len(documented), 30)
        # A method that a path does not have is no operation of the document.
        self.assertEqual(written - documented, {("405", "method-not-allowed")})
        self.assertEqual(documented - written, set())

    def test_what_can_go_wrong_goes_wrong_as_the_document_says(self):
        guest, root = self.forum.client(), self.admin(self.forum)
        alice = self.register(self.forum, "alice")
        in_general = {"category": "general"}
        post = self.call("createPost", root, given=in_general, **{"Idempotency-Key": "one"}).json["id"]
        tag = self.call("showPost", alice, id=post).headers["ETag"]
        comment = self.call("createComment", alice, id=post).json["id"]
        self.call("createPost", guest, 401, given=in_general)
        self.call("createPost", self.forum.client("no.token.this"), 401, given=in_general)
        self.call("listPosts", self.forum.client("no.token.this"), 401)
        self.call("createPost", alice, 422, given={"category": "none"})
        self.call("createPost", root, 422, given={"category": "general", "title": "other"}, **{"Idempotency-Key": "one"})
        self.call("createPost", root, 400, given=in_general, **{"Idempotency-Key": "no spaces"})
        self.call("createPost", root, 400, given=in_general, **{"Idempotency-Key": ""})
        self.assertEqual(self.call("createPost", root, 201, given=in_general, **{"Idempotency-Key": "one"}).headers["Idempotency-Replayed"], "true")
        self.call("editPost", alice, 403, given={"title": "mine"}, id=post)
        self.call("editPost", root, 200, given={"title": "first"}, id=post, **{"If-Match": tag})
        self.call("editPost", root, 412, given={"title": "second"}, id=post, **{"If-Match": tag})
        self.call("deletePost", root, 412, id=post, **{"If-Match": tag})
        self.call("editPost", root, 200, given={"title": "third"}, id=post, **{"If-Match": "*"})
        fresh = self.call("showPost", guest, id=post).headers["ETag"]
        self.call("showPost", guest, 304, id=post, **{"If-None-Match": fresh})
        self.call("showPost", guest, 404, id="0" * 12)
        self.call("showPost", guest, 404, id="no id")
        self.call("showUser", guest, 404, username="nobody")
        self.call("listPosts", guest, 404, category="none")
        self.call("listPosts", guest, 400, sort="best")
        self.call("listPosts", guest, 400, limit="101")
        self.call("listPosts", guest, 400, cursor="nonsense")
        self.assertEqual(self.call("listPosts", guest, cursor="").json, self.call("listPosts", guest).json)
        other = self.call("listPosts", guest, sort="new", limit="1").json["next"]
        if other:
            self.call("listPosts", guest, 400, sort="top", cursor=other)
        self.call("searchPosts", guest, 400, q="%20")
        self.call("listReports", root, 400, state="gone")
        self.call("listReports", alice, 403)
        self.call("listMarks", alice, 400, posts="x")
        self.call("deletePost", root, 400, id=post, reason="x" * 501)
        self.call("lockPost", root, id=post)
        self.call("createComment", alice, 403, id=post)
        self.call("voteOnPost", alice, 422, id=post, given={"value": 2})
        self.call("deleteComment", alice, id=comment)
        self.call("voteOnComment", alice, 409, id=comment)
        self.call("editComment", alice, 409, id=comment)
        report = self.call("reportPost", alice, id=post).json["id"]
        self.call("resolveReport", root, id=report)
        self.call("resolveReport", root, 409, id=report)
        self.call("createCategory", root, 409, given={"slug": "general"})
        self.call("createCategory", root, 422, given={"slug": "No Slug"})
        self.call("register", guest, 409, given={"username": "ALICE", "password": PASSWORD})
        self.call("register", guest, 403, given={"username": "mallory", "password": PASSWORD, "setup_token": "guessed"})
        self.call("register", guest, 422, given={"username": "1", "password": "short"})
        self.call("logIn", guest, 401, given={"username": "alice", "password": "wrong one"})
        self.call("refresh", guest, 401, given={"refresh_token": "guessed"})
        self.call("changePassword", alice, 403, given={"current_password": "wrong", "new_password": PASSWORD})
        self.call("banUser", root, 409, username="root")
        self.call("banUser", root, username="alice")
        self.call("createPost", alice, 403, given=in_general)
        self.call("beginDrain", guest)
        self.call("readyz", guest, 503)
        self.call("endDrain", guest)
        used = self.register(self.forum, "bob").refresh_token
        self.call("refresh", guest, given={"refresh_token": used})
        self.rows("UPDATE refresh_tokens SET used_at = used_at - 31000")  # as if its time of grace were over
        self.call("refresh", guest, 401, given={"refresh_token": used})
        method, path, operation = self.operations["createPost"]
        for status, body, kind in ((415, b"{}", "text/plain"), (400, b"{", "application/json"), (400, b'{"a":1,"a":1}', "application/json"),
                                   (400, b'{"title":"\xff"}', "application/json"), (413, b" " * 300_000, "application/json")):
            self.check("createPost", operation, root.call(method, path, raw=body, headers={"Content-Type": kind}), status)
        for _ in range(40):
            answer = self.forum.client().post(self.operations["logIn"][1], {"username": "alice", "password": "wrong one"})
            if answer.status == 429:
                break
        self.check("logIn", self.operations["logIn"][2], answer, 429)

    def test_every_read_says_when_nothing_changed(self):
        root = self.admin(self.forum)
        post = self.call("createPost", root, given={"category": "general"}).json["id"]
        comment = self.call("createComment", root, id=post).json["id"]
        places = {"searchPosts": {"q": "x"}, "listMarks": {"posts": post}, "showComment": {"id": comment}, "listCommentHistory": {"id": comment}}
        reads = [name for name, (method, path, _) in self.operations.items() if method == "GET" and path.startswith("/api/")]
        self.assertGreater(len(reads), 14)
        for name in reads:
            with self.subTest(operation=name):
                place = {"id": post, "username": "root", **places.get(name, {})}
                tag = self.call(name, root, 200, **place).headers["ETag"]
                self.assertEqual(self.call(name, root, 304, **place, **{"If-None-Match": tag}).headers["ETag"], tag)

    def test_the_document_is_also_where_tools_look_first(self):
        self.assertEqual(self.forum.client().get("/openapi.json").json, self.document)

    def test_the_document_has_no_dangling_reference(self):
        def walk(node):
            if isinstance(node, dict):
                if "$ref" in node:
                    self.resolve(node)
                for child in node.values():
                    walk(child)
            elif isinstance(node, list):
                for child in node:
                    walk(child)

        walk(self.document)
        self.assertEqual(self.document["openapi"], "3.1.0")


if __name__ == "__main__":
    unittest.main(verbosity=2)
