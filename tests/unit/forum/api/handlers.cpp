// What each noun does with right and wrong calls; through the dispatcher, on a database of its own.
#include <doctest/doctest.h>

#include "forum/api/json_input.h"
#include "tests/unit/forum/api/desk.h"

using namespace forum;
using Json = nlohmann::json;

namespace {

// The pointers of the fields that a 422 names.
std::vector<std::string> wrong_fields(const Got& got) {
    std::vector<std::string> out;
    if (got.status != 422) return {"status " + std::to_string(got.status)};
    for (const auto& error : got.json.at("errors")) out.push_back(error.at("pointer"));
    return out;
}

std::string kind_of(const Got& got) {
    const std::string type = got.json.is_object() ? got.json.value("type", "") : "";
    return type.substr(type.find_last_of("/:") + 1);
}

using Pointers = std::vector<std::string>;

}  // namespace

TEST_CASE("a post is written, read, edited and deleted, each by those who may") {
    Desk desk;
    const Json text{{"category", "general"}, {"title", "Hello"}, {"body", "One *word*."}, {"tags", {"a", "b"}}};
    const auto made = desk.ask("POST", "/api/v1/posts", {.as = "maya", .body = text});
    REQUIRE(made.status == 201);
    const std::string path = "/api/v1/posts/" + made.json.at("id").get<std::string>();
    CHECK(made.answer.location == path);
    const auto read = desk.ask("GET", path);
    CHECK(read.status == 200);
    CHECK(read.json.at("title") == "Hello");
    CHECK(read.json.at("tags") == Json{"a", "b"});
    CHECK(desk.ask("GET", path, {.query = {{"format", "html"}}}).answer.body.find("<em>word</em>") !=
          std::string::npos);

    CHECK(desk.ask("PATCH", path, {.as = "noor", .body = {{"title", "Mine"}}}).status == 403);
    const auto edited =
        desk.ask("PATCH", path, {.as = "maya", .body = {{"title", "Better"}}, .if_match = made.answer.etag});
    CHECK(edited.status == 200);
    CHECK(edited.json.at("title") == "Better");
    CHECK(edited.answer.etag != made.answer.etag);
    const auto late =
        desk.ask("PATCH", path, {.as = "maya", .body = {{"title", "Late"}}, .if_match = made.answer.etag});
    CHECK(late.status == 412);
    CHECK(kind_of(late) == "edited-meanwhile");
    const auto history = desk.ask("GET", path + "/history");
    CHECK(history.json.at("items").size() == 1);
    CHECK(history.json.at("items").at(0).at("title") == "Hello");

    CHECK(desk.ask("DELETE", path, {.as = "noor"}).status == 403);
    CHECK(desk.ask("DELETE", path, {.as = "maya"}).status == 204);
    CHECK(desk.ask("GET", path).status == 404);
    CHECK(desk.ask("GET", path, {.as = "mod"}).status == 200);
    CHECK(desk.ask("POST", path + "/restore", {.as = "mod"}).status == 204);
    CHECK(desk.ask("GET", path).json.at("title") == "Better");
}

TEST_CASE("every wrong field of a post is named at once") {
    Desk desk;
    const auto with = [&](const Json& body) { return desk.ask("POST", "/api/v1/posts", {.as = "maya", .body = body}); };
    CHECK(wrong_fields(with({{"title", 7}})) == Pointers{"/category", "/title", "/body"});
    CHECK(wrong_fields(with({{"category", "general"}, {"title", ""}, {"body", ""}})) == Pointers{"/title", "/body"});
    CHECK(wrong_fields(with({{"category", "none"}, {"title", "T"}, {"body", "B"}})) == Pointers{"/category"});
    CHECK(wrong_fields(with({{"category", "general"}, {"title", "T"}, {"body", "B"}, {"titel", "T"}})) ==
          Pointers{"/titel"});
    CHECK(with(Json::array()).status == 400);
    CHECK(desk.ask("GET", "/api/v1/posts").json.at("items").empty());
}

TEST_CASE("lists are cut into pages, and a cursor belongs to its list") {
    Desk desk;
    for (int i = 0; i < 3; ++i) desk.post("Post " + std::to_string(i));
    const auto first = desk.ask("GET", "/api/v1/posts", {.query = {{"sort", "new"}, {"limit", "2"}}});
    REQUIRE(first.json.at("items").size() == 2);
    const std::string next = first.json.at("next");
    const auto second =
        desk.ask("GET", "/api/v1/posts", {.query = {{"sort", "new"}, {"limit", "2"}, {"cursor", next}}});
    CHECK(second.json.at("items").size() == 1);
    CHECK(second.json.at("items").at(0).at("title") == "Post 0");
    CHECK(second.json.at("next").is_null());
    CHECK(kind_of(desk.ask("GET", "/api/v1/posts", {.query = {{"sort", "top"}, {"cursor", next}}})) == "bad-cursor");
    for (const char* limit : {"0", "101", "-1", "many", ""}) {
        CAPTURE(limit);
        CHECK(desk.ask("GET", "/api/v1/posts", {.query = {{"limit", limit}}}).status == 400);
    }
    CHECK(desk.ask("GET", "/api/v1/posts", {.query = {{"sort", "old"}}}).json.at("detail") ==
          "sort must be hot, new or top");
    CHECK(desk.ask("GET", "/api/v1/posts", {.query = {{"category", "none"}}}).status == 404);
}

TEST_CASE("comments stand below their post and its lock, and tell whom they answer") {
    Desk desk;
    const auto post = desk.post();
    const std::string path = "/api/v1/posts/" + post + "/comments";
    const auto parent = desk.comment(post, "noor");
    const auto reply = desk.ask("POST", path, {.as = "maya", .body = {{"body", "Thanks @mod"}, {"parent", parent}}});
    CHECK(reply.status == 201);
    CHECK(desk.ask("GET", path).json.at("items").size() == 2);
    CHECK(desk.ask("GET", "/api/v1/me/notifications", {.as = "maya"}).json.at("unread") == 1);
    CHECK(desk.ask("GET", "/api/v1/me/notifications", {.as = "mod"}).json.at("items").at(0).at("kind") == "mention");
    CHECK(desk.ask("POST", "/api/v1/me/notifications/read", {.as = "maya"}).status == 204);
    CHECK(desk.ask("GET", "/api/v1/me/notifications", {.as = "maya"}).json.at("unread") == 0);

    CHECK(wrong_fields(desk.ask("POST", path, {.as = "noor", .body = {{"body", "x"}, {"parent", post}}})) ==
          Pointers{"/parent"});
    CHECK(desk.ask("PUT", "/api/v1/posts/" + post + "/lock", {.as = "mod"}).status == 204);
    CHECK(kind_of(desk.ask("POST", path, {.as = "noor", .body = {{"body", "x"}}})) == "locked");
    CHECK(desk.ask("POST", path, {.as = "mod", .body = {{"body", "x"}}}).status == 201);

    const std::string one = "/api/v1/comments/" + parent;
    CHECK(desk.ask("PATCH", one, {.as = "maya", .body = {{"body", "y"}}}).status == 403);
    CHECK(desk.ask("PATCH", one, {.as = "noor", .body = {{"body", "Edited."}}}).status == 200);
    CHECK(desk.ask("DELETE", one, {.as = "noor"}).status == 204);
    CHECK(kind_of(desk.ask("PATCH", one, {.as = "noor", .body = {{"body", "z"}}})) == "deleted");
    CHECK(desk.ask("GET", one + "/history").status == 404);
    CHECK(desk.ask("GET", one + "/history", {.as = "mod"}).json.at("items").size() == 1);
}

TEST_CASE("a vote counts once, is taken back by 0, and is from -1 to 1") {
    Desk desk;
    const auto post = desk.post();
    const std::string path = "/api/v1/posts/" + post + "/vote";
    const auto vote = [&](const char* who, const Json& value) {
        return desk.ask("PUT", path, {.as = who, .body = {{"value", value}}});
    };
    CHECK(vote("noor", 1).json.at("score") == 1);
    CHECK(vote("noor", 1).json.at("score") == 1);
    CHECK(vote("mod", -1).json.at("score") == 0);
    CHECK(vote("noor", 0).json.at("score") == -1);
    for (const Json& wrong : {Json(2), Json(-2), Json("1"), Json(0.5), Json()}) {
        CAPTURE(wrong);
        CHECK(wrong_fields(vote("noor", wrong)) == Pointers{"/value"});
    }
    desk.limits().own_votes = false;
    CHECK(kind_of(vote("maya", 1)) == "oneself");
    const auto marks = desk.ask("GET", "/api/v1/me/marks", {.as = "mod", .query = {{"posts", post}}});
    CHECK(marks.json.at("items").at(0).at("vote") == -1);
    CHECK(desk.ask("GET", "/api/v1/me/marks", {.as = "mod", .query = {{"posts", "no id"}}}).status == 400);
}

TEST_CASE("the same Idempotency-Key is done once; with another body it is refused") {
    Desk desk;
    const Json text{{"category", "general"}, {"title", "Once"}, {"body", "B"}};
    const auto first = desk.ask("POST", "/api/v1/posts", {.as = "maya", .body = text, .key = "k1"});
    const auto again = desk.ask("POST", "/api/v1/posts", {.as = "maya", .body = text, .key = "k1"});
    CHECK(first.status == 201);
    CHECK(again.status == 201);
    CHECK(again.json.at("id") == first.json.at("id"));
    CHECK(desk.ask("GET", "/api/v1/posts").json.at("items").size() == 1);
    auto other = text;
    other["title"] = "Twice";
    CHECK(desk.ask("POST", "/api/v1/posts", {.as = "maya", .body = other, .key = "k1"}).status == 422);
    CHECK(desk.ask("POST", "/api/v1/posts", {.as = "noor", .body = other, .key = "k1"}).status == 201);
    CHECK(desk.ask("POST", "/api/v1/posts", {.as = "maya", .body = text, .key = ""}).status == 400);
}

TEST_CASE("moderators keep members in check, admins all but themselves, and it is written down") {
    Desk desk;
    const auto ban = [&](const char* by, const char* whom, const char* until = "2999-01-01T00:00:00Z") {
        return desk.ask("PUT", std::string("/api/v1/users/") + whom + "/ban",
                        {.as = by, .body = {{"reason", "spam"}, {"until", until}}});
    };
    CHECK(ban("mod", "maya").status == 200);
    CHECK(desk.ask("PUT", "/api/v1/posts/none/vote", {.as = "maya", .body = {{"value", 1}}}).status == 403);
    CHECK(desk.ask("GET", "/api/v1/me", {.as = "maya"}).status == 200);
    CHECK(desk.ask("DELETE", "/api/v1/users/maya/ban", {.as = "mod"}).status == 200);
    CHECK(wrong_fields(ban("mod", "maya", "2001-01-01T00:00:00Z")) == Pointers{"/until"});
    CHECK(wrong_fields(ban("mod", "maya", "tomorrow")) == Pointers{"/until"});
    CHECK(kind_of(ban("mod", "mod")) == "oneself");
    CHECK(kind_of(ban("mod", "boss")) == "forbidden");
    CHECK(ban("mod", "nemo").status == 404);
    const auto role = [&](const char* whom, const char* to) {
        return desk.ask("PUT", std::string("/api/v1/users/") + whom + "/role", {.as = "boss", .body = {{"role", to}}});
    };
    CHECK(role("noor", "moderator").json.at("role") == "moderator");
    CHECK(wrong_fields(role("noor", "guest")) == Pointers{"/role"});
    CHECK(kind_of(role("boss", "member")) == "oneself");
    const auto log = desk.ask("GET", "/api/v1/moderation-log", {.as = "mod"}).json.at("items");
    REQUIRE(log.size() == 3);
    CHECK(log.at(0).at("action") == "make user moderator");
    CHECK(log.at(2).at("action") == "ban user");
    CHECK(log.at(2).at("reason") == "spam");
}

TEST_CASE("a report is made once a reason is there, and resolved once") {
    Desk desk;
    const auto post = desk.post();
    const std::string path = "/api/v1/posts/" + post + "/reports";
    CHECK(wrong_fields(desk.ask("POST", path, {.as = "noor", .body = {{"reason", ""}}})) == Pointers{"/reason"});
    const auto made = desk.ask("POST", path, {.as = "noor", .body = {{"reason", "spam"}}});
    CHECK(made.status == 201);
    const auto open = desk.ask("GET", "/api/v1/reports", {.as = "mod", .query = {{"state", "open"}}});
    REQUIRE(open.json.at("items").size() == 1);
    const std::string one = "/api/v1/reports/" + open.json.at("items").at(0).at("id").get<std::string>() + "/resolve";
    CHECK(desk.ask("POST", one, {.as = "mod", .body = {{"resolution", "deleted"}}}).status == 200);
    CHECK(desk.ask("GET", "/api/v1/reports", {.as = "mod", .query = {{"state", "open"}}}).json.at("items").empty());
    CHECK(desk.ask("GET", "/api/v1/reports", {.as = "mod", .query = {{"state", "lost"}}}).status == 400);
}

TEST_CASE("categories are the admins', and may ask for a role") {
    Desk desk;
    const Json news{{"slug", "news"}, {"name", "News"}, {"description", "What is new"}, {"posting_role", "moderator"}};
    CHECK(desk.ask("POST", "/api/v1/categories", {.as = "mod", .body = news}).status == 403);
    CHECK(desk.ask("POST", "/api/v1/categories", {.as = "boss", .body = news}).status == 201);
    CHECK(desk.ask("POST", "/api/v1/categories", {.as = "boss", .body = news}).status == 409);
    const Json text{{"category", "news"}, {"title", "T"}, {"body", "B"}};
    CHECK(desk.ask("POST", "/api/v1/posts", {.as = "maya", .body = text}).status == 403);
    CHECK(desk.ask("POST", "/api/v1/posts", {.as = "mod", .body = text}).status == 201);
    CHECK(wrong_fields(desk.ask("PATCH", "/api/v1/categories/news",
                                {.as = "boss", .body = {{"posting_role", "guest"}}})) == Pointers{"/posting_role"});
    CHECK(desk.ask("PATCH", "/api/v1/categories/none", {.as = "boss", .body = {{"name", "N"}}}).status == 404);
}

TEST_CASE("a profile is one's own, and others see of it what all may see") {
    Desk desk;
    CHECK(desk.ask("PATCH", "/api/v1/me", {.as = "maya", .body = {{"about", "Writes."}}}).status == 200);
    const auto seen = desk.ask("GET", "/api/v1/users/maya");
    CHECK(seen.json.at("about") == "Writes.");
    CHECK_FALSE(seen.json.contains("password_hash"));
    CHECK(desk.ask("GET", "/api/v1/users/nemo").status == 404);
    desk.post();
    CHECK(desk.ask("GET", "/api/v1/users/maya/posts").json.at("items").size() == 1);
}

TEST_CASE("a login: registered, lost and found again, and never by a wrong password") {
    Desk desk;
    const Json lina{{"username", "lina"}, {"password", "a long way home"}};
    const auto made = desk.ask("POST", "/api/v1/register", {.body = lina, .key = "first"});
    REQUIRE(made.status == 201);
    CHECK(made.json.at("user").at("username") == "lina");
    CHECK(desk.ask("POST", "/api/v1/register", {.body = lina}).status == 409);
    CHECK(desk.ask("POST", "/api/v1/register", {.body = lina, .key = "first"}).status == 201);
    CHECK(desk.ask("POST", "/api/v1/login", {.body = lina}).status == 200);
    CHECK(kind_of(desk.ask("POST", "/api/v1/login", {.body = {{"username", "lina"}, {"password", "wrong one"}}})) ==
          "wrong-login");
    CHECK(kind_of(desk.ask("POST", "/api/v1/login", {.body = {{"username", "nemo"}, {"password", "wrong one"}}})) ==
          "wrong-login");
    CHECK(wrong_fields(desk.ask("POST", "/api/v1/register", {.body = {{"username", "x"}, {"password", "short"}}})) ==
          Pointers{"/username", "/password"});
    CHECK(
        kind_of(desk.ask("POST", "/api/v1/register",
                         {.body = {{"username", "king"}, {"password", "a long way home"}, {"setup_token", "none"}}})) ==
        "bad-setup-token");
    const std::string refresh = made.json.at("refresh_token");
    const auto once = desk.ask("POST", "/api/v1/refresh", {.body = {{"refresh_token", refresh}}});
    const auto twice = desk.ask("POST", "/api/v1/refresh", {.body = {{"refresh_token", refresh}}});
    CHECK(once.status == 200);
    CHECK(twice.json.at("refresh_token") == once.json.at("refresh_token"));
    CHECK(kind_of(desk.ask("POST", "/api/v1/refresh", {.body = {{"refresh_token", "none"}}})) ==
          "invalid-refresh-token");
}

TEST_CASE("limits answer 429 and say when to come again") {
    Desk desk;
    desk.limits().writes = 2;
    const auto post = [&] {
        return desk.ask("POST", "/api/v1/posts",
                        {.as = "maya", .body = {{"category", "general"}, {"title", "T"}, {"body", "B"}}});
    };
    CHECK(post().status == 201);
    CHECK(post().status == 201);
    const auto third = post();
    CHECK(third.status == 429);
    CHECK(std::ranges::any_of(third.answer.headers,
                              [](const auto& h) { return h.first == "Retry-After" && !h.second.empty(); }));
    CHECK(desk.ask("GET", "/api/v1/me", {.as = "maya"}).status == 200);
    desk.limits().daily_bytes = 40;
    CHECK(desk.ask("POST", "/api/v1/posts",
                   {.as = "noor", .body = {{"category", "general"}, {"title", "T"}, {"body", "Longer."}}})
              .status == 429);
}

TEST_CASE("search asks for a word, and finds posts and comments") {
    Desk desk;
    const auto post = desk.post("About lighthouses");
    const auto found = desk.ask("GET", "/api/v1/search", {.query = {{"q", "lighthouses"}}});
    REQUIRE(found.json.at("items").size() == 1);
    CHECK(found.json.at("items").at(0).at("id") == post);
    CHECK(desk.ask("GET", "/api/v1/search").status == 400);
    CHECK(desk.ask("GET", "/api/v1/search", {.query = {{"q", std::string(201, 'a')}}}).status == 400);
    CHECK(desk.ask("GET", "/api/v1/search", {.query = {{"q", "lighthouse-keeper"}}}).json.at("items").empty());
}
