"""A client written from the OpenAPI document alone: it knows no path and no field by heart, calls every operation with
bodies made from the schemas, and checks every answer against what the document says."""
import unittest

import shapes
from forums import PASSWORD, ForumTest


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
        described = self.resolve(responses.get(str(answer.status), responses["default"]))
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
