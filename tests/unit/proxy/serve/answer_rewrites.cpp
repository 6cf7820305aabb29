// Where answers lead and whom their cookies are for, in the client's words; how long they may be kept.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

const std::string kWays =
    R"("answers": {"location": [{"from": "http://app.internal/v1/", "to": "/app/"}, {"from": "/", "to": "https://{host}/"}],
                   "cookie_domain": [{"from": "app.internal", "to": "{host}"}], "cookie_path": [{"from": "/", "to": "/app/"}]})";

// The head that the client gets of an answer with these lines.
std::string passed_on(const std::string& route, const std::string& lines, const std::string& status = "200 OK",
                      const std::string& target = "/") {
    Stage stage(1, route);
    Wire client = stage.client();
    stage.crank->send(client, "GET " + target + " HTTP/1.1\r\nHost: site.example\r\n\r\n");
    Wire connection = stage.accept();
    const std::string request = stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n" + lines + "\r\n");
    return stage.crank->see(client, "\r\n\r\n") + request;
}

std::string instead_of(const std::string& name, const std::string& value) {
    return values(passed_on(kWays, name + ": " + value + "\r\n"), name);
}

}  // namespace

TEST_CASE("a start of Location or Refresh makes way for another, and nothing else does") {
    CHECK(instead_of("Location", "http://app.internal/v1/x?y") == "/app/x?y");
    CHECK(instead_of("location", "/x") == "https://site.example/x");
    CHECK(instead_of("Location", "http://other/v1/") == "http://other/v1/");
    CHECK(instead_of("Refresh", "5; URL=http://app.internal/v1/x") == "5; URL=/app/x");
    CHECK(instead_of("Refresh", "5") == "5");
    CHECK(instead_of("Content-Location", "/x") == "/x");
}

TEST_CASE("domains and paths of cookies are changed, whatever stands around them") {
    CHECK(instead_of("Set-Cookie", "a=path=/; Domain=.APP.internal; Path=/v; Secure") ==
          "a=path=/; Domain=site.example; Path=/app/v; Secure");
    CHECK(instead_of("Set-Cookie", "a=b;path=/;domain=other") == "a=b;path=/app/;domain=other");
    CHECK(instead_of("Set-Cookie", "a=b; HttpOnly") == "a=b; HttpOnly");
    CHECK(instead_of("Set-Cookie", "a; path") == "a; path");
    const std::string head =
        passed_on(kWays, "Set-Cookie: a=1; Path=/\r\nX-Between: 1\r\nSet-Cookie: b=2; Path=/b\r\n");
    CHECK(values(head, "Set-Cookie") == "a=1; Path=/app/|b=2; Path=/app/b");
    CHECK(values(head, "X-Between") == "1");
}

TEST_CASE("cookies get and lose flags: of the first that names them, and nothing else of them changes") {
    const std::string ways = R"("answers": {"cookie_path": [{"from": "/", "to": "/app/"}], "cookie_flags": [
        {"cookie": "id", "flags": ["secure", "samesite=strict", "nohttponly"]}, {"flags": ["httponly", "nosamesite"]}]})";
    const auto flagged = [&](const std::string& cookie) {
        return values(passed_on(ways, "Set-Cookie: " + cookie + "\r\n"), "Set-Cookie");
    };
    CHECK(flagged("id=1; HttpOnly; Max-Age=5; SameSite=None") == "id=1; Max-Age=5; SameSite=Strict; Secure");
    CHECK(flagged("id = 1;secure;path=/") == "id = 1;secure;path=/app/; SameSite=Strict");
    CHECK(flagged("ID=secure; Secure; samesite=lax") == "ID=secure; Secure; HttpOnly");
    CHECK(flagged("bare") == "bare; HttpOnly");
    CHECK(flagged("a=\"x;SameSite=y\"") == "a=\"x; HttpOnly");  // as browsers read it
}

TEST_CASE("how long an answer may be kept is the route's word, where answers are kept") {
    const std::string lines = "Cache-Control: private\r\nExpires: 0\r\nX-A: 1\r\n";
    const std::string kept = passed_on(R"("expires": "1h")", lines);
    CHECK(values(kept, "Cache-Control") == "max-age=3600");
    CHECK(values(kept, "Expires") == "-");
    CHECK(values(kept, "X-A") == "1");
    CHECK(values(passed_on(R"("expires": "no-cache")", ""), "Cache-Control") == "no-cache");
    CHECK(values(passed_on(R"("expires": "max")", ""), "Cache-Control") == "max-age=315360000");
    CHECK(values(passed_on(R"("expires": "1h")", lines, "500 No"), "Cache-Control") == "private");
    // Edits are the last word.
    CHECK(values(passed_on(R"("expires": "1h", "response_headers": {"set": {"Cache-Control": "no-store"}})", lines),
                 "Cache-Control") == "no-store");
}

TEST_CASE("an endpoint is told what was taken off its path") {
    const std::string route = R"("match": {"path_prefix": "/wiki"}, "strip_prefix": "/wiki", "forwarded_prefix": true)";
    const std::string both = passed_on(route, "", "200 OK", "/wiki/x");
    CHECK(values(both.substr(both.find("GET /x ")), "X-Forwarded-Prefix") == "/wiki");
    // The route's own word is the last, however it is spelled.
    const std::string own =
        passed_on(route + R"(, "request_headers": {"set": {"x-forwarded-prefix": "/mine"}})", "", "200 OK", "/wiki/x");
    CHECK(values(own.substr(own.find("GET /x ")), "X-Forwarded-Prefix") == "/mine");
    // What was taken off is no text with places to fill.
    const std::string braces =
        passed_on(R"("match": {"path_prefix": "/{host}"}, "strip_prefix": "/{host}", "forwarded_prefix": true)", "",
                  "200 OK", "/{host}/x");
    CHECK(values(braces.substr(braces.find("GET /x ")), "X-Forwarded-Prefix") == "/{host}");
}
