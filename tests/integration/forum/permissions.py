"""Walks the table of endpoints, as served in the OpenAPI document, over every role: each call is let through or refused
exactly as its line says."""
import unittest

from forums import ForumTest

ROLES = ["guest", "member", "banned member", "moderator", "banned moderator", "admin"]
ALLOWED = {
    "anyone": set(ROLES),
    "member": set(ROLES) - {"guest"},
    "writer": {"member", "moderator", "admin"},
    "moderator": {"moderator", "admin"},
    "admin": {"admin"},
}
# Calls that would end the caller's own session or change what the rest of the walk needs go last.
LAST = ["logOut", "logOutEverywhere"]


class Permissions(ForumTest):
    def setUp(self):
        super().setUp()
        self.forum = self.start()
        self.root = self.admin(self.forum)
        self.clients = {"guest": self.forum.client(), "admin": self.root}
        for role in ROLES[1:5]:
            name = role.replace(" ", "-")
            self.clients[role] = self.register(self.forum, name)
            if "moderator" in role:
                self.assertEqual(self.root.put(f"/api/v1/users/{name}/role", {"role": "moderator"}).status, 200)
            if "banned" in role:
                ban = {"until": "2099-01-01T00:00:00Z", "reason": "test"}
                self.assertEqual(self.root.put(f"/api/v1/users/{name}/ban", ban).status, 200)
        self.register(self.forum, "somebody")
        self.post = self.write_post(self.root)
        self.comment = self.root.post(f"/api/v1/posts/{self.post}/comments", {"body": "c"}).json["id"]
        self.report = self.root.post(f"/api/v1/posts/{self.post}/reports", {"reason": "r"}).json["id"]

    def path_of(self, path):
        path = path.replace("/reports/{id}", "/reports/" + self.report).replace("/comments/{id}", "/comments/" + self.comment)
        path = path.replace("{id}", self.post).replace("{username}", "somebody").replace("{slug}", "general")
        return path + {"/api/v1/search": "?q=text", "/api/v1/me/marks": "?posts=" + self.post}.get(path, "")

    def test_every_endpoint_over_every_role(self):
        document = self.root.get("/api/v1/openapi.json").json
        operations = [(method.upper(), path, operation) for path, item in document["paths"].items()
                      for method, operation in item.items()]
        operations.sort(key=lambda one: one[2]["operationId"] in LAST)
        self.assertGreater(len(operations), 45)
        for method, path, operation in operations:
            access = operation["x-access"]
            if access in ("operators", "watchers"):
                continue  # not a matter of roles; see operating.py
            for role in ROLES:
                with self.subTest(operation=operation["operationId"], role=role):
                    # An empty object passes the door and is then refused as 422, so nothing is really done.
                    body = {} if "requestBody" in operation else None
                    answer = self.clients[role].call(method, self.path_of(path), body)
                    # Doing it to what is not one's own is 403 as well, but for another reason: only the door counts here.
                    refused = answer.status == 401 or (answer.status == 403 and answer.json["type"] != "/problems/forbidden") or (
                        answer.status == 403 and "this account may not do that" in answer.json["detail"])
                    if operation["operationId"] in ("logIn", "refresh", "register"):
                        self.assertEqual(answer.status, 422)
                    elif operation["operationId"] in LAST and role != "guest" and answer.status == 401:
                        pass  # ended by the call before
                    else:
                        self.assertEqual(refused, role not in ALLOWED[access], f"{answer.status} {answer.body[:200]}")
                        self.assertLess(answer.status, 500)
                    if role == "guest" and role not in ALLOWED[access]:
                        self.assertEqual(answer.status, 401)

    def test_what_is_not_in_the_table_is_not_there(self):
        self.assert_problem(self.root.get("/api/v1/nothing"), 404)
        self.assert_problem(self.root.get("/api/v1/posts/../users"), 404)
        wrong = self.root.call("PUT", "/api/v1/posts")
        self.assert_problem(wrong, 405, "method-not-allowed")
        self.assertEqual(set(wrong.headers["Allow"].split(", ")), {"GET", "POST"})

    def test_members_change_only_what_is_their_own(self):
        member = self.clients["member"]
        mine = self.write_post(member)
        self.assert_problem(member.patch("/api/v1/posts/" + self.post, {"title": "x"}), 403)
        self.assert_problem(member.delete("/api/v1/posts/" + self.post), 403)
        self.assert_problem(member.patch("/api/v1/comments/" + self.comment, {"body": "x"}), 403)
        self.assert_problem(member.delete("/api/v1/comments/" + self.comment), 403)
        self.assertEqual(self.clients["moderator"].patch("/api/v1/posts/" + mine, {"title": "x"}).status, 200)
        self.assertEqual(member.delete("/api/v1/posts/" + mine).status, 204)


if __name__ == "__main__":
    unittest.main(verbosity=2)
