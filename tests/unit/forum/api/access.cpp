// Which endpoint answers, and to whom: the table of forum/routes.cpp asked by a guest and by an account of each role.
#include <doctest/doctest.h>

#include "tests/unit/forum/api/desk.h"

using namespace forum;

namespace {

// The pattern with names that exist nowhere: a caller that is let in gets past the door, and no further.
std::string path_to(std::string_view pattern) {
    std::string out(pattern);
    for (auto open = out.find('{'); open != std::string::npos; open = out.find('{'))
        out.replace(open, out.find('}') - open + 1, "none");
    return out;
}

}  // namespace

TEST_CASE("each endpoint lets in the roles of its line, and tells others what they lack") {
    Desk desk;
    const std::pair<const char*, std::pair<Role, bool>> callers[] = {{"", {Role::guest, false}},
                                                                     {"maya", {Role::member, false}},
                                                                     {"gone", {Role::member, true}},
                                                                     {"mod", {Role::moderator, false}},
                                                                     {"boss", {Role::admin, false}}};
    for (const auto& endpoint : endpoints()) {
        if (!endpoint.pattern.starts_with("/api/")) continue;
        for (const auto& [name, who] : callers) {
            // These would end the session that the next row calls by, or hash a password.
            if (endpoint.operation == "register" || endpoint.operation == "logIn") continue;
            CAPTURE(endpoint.operation);
            CAPTURE(name);
            const auto got = desk.ask(std::string(endpoint.method), path_to(endpoint.pattern), {.as = name});
            const auto verdict = judge(endpoint.access, who.first, who.second);
            CAPTURE(got.answer.body);
            CHECK(got.failure.empty());
            const std::string type = got.json.is_object() ? got.json.value("type", "") : "";
            CHECK(type.ends_with("login-needed") == (verdict == Verdict::login_needed));
            CHECK(type.ends_with("banned") == (verdict == Verdict::banned));
            if (verdict == Verdict::login_needed) CHECK(got.status == 401);
            if (verdict == Verdict::banned || verdict == Verdict::forbidden) CHECK(got.status == 403);
            if (verdict == Verdict::allowed) CHECK((got.status != 401 || endpoint.operation == "refresh"));
        }
    }
}

TEST_CASE("an unknown path is 404, a wrong method 405 with those that there are") {
    Desk desk;
    CHECK(desk.ask("GET", "/api/v1/nothing").status == 404);
    CHECK(desk.ask("GET", "/api/v1/posts/").status == 404);
    const auto wrong = desk.ask("PUT", "/api/v1/posts");
    CHECK(wrong.status == 405);
    CHECK(wrong.answer.headers == decltype(wrong.answer.headers){{"Allow", "GET, POST"}});
    CHECK(wrong.json.at("detail") == "this resource answers to GET, POST");
    CHECK(desk.ask("HEAD", "/api/v1/posts").status == 200);
}

TEST_CASE("a parameter that is not known, or is there twice, is 400 and named") {
    Desk desk;
    const auto unknown = desk.ask("GET", "/api/v1/posts", {.query = {{"sorted", "new"}}});
    CHECK(unknown.status == 400);
    CHECK(unknown.json.at("detail") == "there is no such parameter here; known are sort category tag cursor limit");
    const auto twice = desk.ask("GET", "/api/v1/posts", {.query = {{"limit", "1"}, {"limit", "2"}}});
    CHECK(twice.status == 400);
    CHECK(twice.json.at("detail") == "limit was given twice");
    CHECK(desk.ask("GET", "/api/v1/categories", {.query = {{"limit", "1"}}}).json.at("detail") ==
          "this takes no parameters");
    CHECK(desk.ask("GET", "/api/v1/posts/\xff").status == 400);
}

TEST_CASE("a token that does not hold is 401 even where guests are welcome") {
    Desk desk;
    const auto token = desk.token("maya");
    const auto me = [&](const std::string& authorization, const char* path) {
        return desk.ask("GET", path, {.authorization = authorization}).status;
    };
    CHECK(me("Bearer " + token, "/api/v1/me") == 200);
    CHECK(me("bearer " + token, "/api/v1/posts") == 200);
    for (const std::string wrong : {"Bearer", "Bearer none", "Basic bWF5YTp4", "Bearer a.b.c"}) {
        CAPTURE(wrong);
        CHECK(me(wrong, "/api/v1/posts") == 401);
    }
    auto forged = token;
    forged.back() = forged.back() == 'A' ? 'B' : 'A';
    CHECK(me("Bearer " + forged, "/api/v1/posts") == 401);
    CHECK(desk.ask("POST", "/api/v1/logout", {.authorization = "Bearer " + token}).status == 204);
    CHECK(me("Bearer " + token, "/api/v1/posts") == 401);
    const auto other = desk.token("maya");
    CHECK(desk.ask("POST", "/api/v1/logout-everywhere", {.as = "maya"}).status == 204);
    CHECK(me("Bearer " + other, "/api/v1/me") == 401);
}

TEST_CASE("what looks after the program answers the machine itself, or the operator token") {
    Desk desk;
    CHECK(desk.ask("GET", "/metrics").status == 403);
    CHECK(desk.ask("GET", "/metrics", {.direct = true}).status == 200);
    CHECK(desk.ask("POST", "/drain", {.direct = true}).status == 200);
    desk.limits().operator_token = "a token";
    CHECK(desk.ask("GET", "/metrics").status == 401);
    CHECK(desk.ask("GET", "/metrics", {.direct = true}).status == 200);
    CHECK(desk.ask("DELETE", "/drain", {.direct = true}).status == 401);
}

TEST_CASE("ready, draining, and what each asker is told") {
    Desk desk;
    CHECK(desk.ask("GET", "/livez").json == nlohmann::json{{"status", "alive"}});
    CHECK(desk.ask("GET", "/startupz").status == 200);
    CHECK(desk.ask("GET", "/readyz").json == nlohmann::json{{"status", "ready"}});
    CHECK(desk.ask("POST", "/drain", {.direct = true}).json.at("draining") == true);
    const auto stranger = desk.ask("GET", "/readyz"), watcher = desk.ask("GET", "/readyz", {.direct = true});
    CHECK(stranger.status == 503);
    CHECK(stranger.json == nlohmann::json{{"status", "not ready"}});
    CHECK(watcher.status == 503);
    CHECK(watcher.json.at("checks").at("drain").at("status") == "failing");
    CHECK(watcher.json.at("checks").at("database").at("status") == "ok");
    CHECK(desk.ask("DELETE", "/drain", {.direct = true}).status == 200);
    CHECK(desk.ask("GET", "/readyz").status == 200);
    desk.life().started = false;
    CHECK(desk.ask("GET", "/startupz").status == 503);
}

TEST_CASE("the page and its files are what is compiled in, and no path leads beside them") {
    Desk desk;
    const auto page = desk.ask("GET", "/");
    CHECK(page.status == 200);
    CHECK(page.answer.content_type == "text/html; charset=utf-8");
    CHECK(std::ranges::any_of(page.answer.headers, [](const auto& h) { return h.first == "Content-Security-Policy"; }));
    CHECK(desk.ask("GET", "/web/none.js").status == 404);
    CHECK(desk.ask("GET", "/web/..").status == 404);
}
