#include "control/admin/call/browser_sessions.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "control/admin/call/same_origin.h"
#include "control/ui/page_file.h"

using namespace switchyard;
using namespace switchyard::control;

namespace {

const BrowserSessions::Time kBegin{std::chrono::hours(5)};
const Identity kCi{"ci", config::Role::operate};

AdminRequest from(const char* host, const char* origin = "", const char* site = "") {
    AdminRequest out;
    out.headers["host"] = host;
    if (*origin != '\0') out.headers["origin"] = origin;
    if (*site != '\0') out.headers["sec-fetch-site"] = site;
    return out;
}

}  // namespace

TEST_CASE("a session is known by its cookie and proven by what only its page has, until it ends") {
    BrowserSessions sessions;
    const auto begun = sessions.begin(kCi, kBegin);
    const auto found = sessions.find(begun.cookie, begun.proof, kBegin + std::chrono::hours(11));
    REQUIRE(found.has_value());
    CHECK(found->who.name == "ci");
    CHECK(found->who.role == config::Role::operate);
    CHECK(found->proven);
    CHECK(found->left == std::chrono::hours(1));
    CHECK_FALSE(sessions.find(begun.cookie, "", kBegin)->proven);
    CHECK_FALSE(sessions.find(begun.cookie, begun.cookie, kBegin)->proven);
    CHECK_FALSE(sessions.find(begun.proof, begun.cookie, kBegin).has_value());
    CHECK_FALSE(sessions.find(begun.cookie, begun.proof, kBegin + BrowserSessions::kLife).has_value());
    sessions.end(begun.cookie);
    CHECK_FALSE(sessions.find(begun.cookie, begun.proof, kBegin).has_value());
}

TEST_CASE("a code begins one session, within a minute") {
    BrowserSessions sessions;
    const auto code = sessions.make_code(kCi, kBegin);
    REQUIRE(sessions.redeem(code, kBegin + std::chrono::seconds(59)).has_value());
    CHECK_FALSE(sessions.redeem(code, kBegin).has_value());
    const auto late = sessions.make_code(kCi, kBegin);
    CHECK_FALSE(sessions.redeem(late, kBegin + BrowserSessions::kCodeLife).has_value());
    CHECK_FALSE(sessions.redeem("", kBegin).has_value());
}

TEST_CASE("sessions and codes are bounded: the one that ends first goes") {
    BrowserSessions sessions;
    const auto first = sessions.begin(kCi, kBegin);
    const auto first_code = sessions.make_code(kCi, kBegin);
    BrowserSessions::Begun last;
    for (std::size_t i = 1; i <= BrowserSessions::kMostSessions; ++i)
        last = sessions.begin(kCi, kBegin + std::chrono::seconds(i));
    for (std::size_t i = 0; i < BrowserSessions::kMostCodes; ++i)
        sessions.make_code(kCi, kBegin + std::chrono::milliseconds(1));
    CHECK_FALSE(sessions.find(first.cookie, first.proof, kBegin).has_value());
    CHECK(sessions.find(last.cookie, last.proof, kBegin).has_value());
    CHECK_FALSE(sessions.redeem(first_code, kBegin).has_value());
}

TEST_CASE("a cookie is found by its whole name among others") {
    CHECK(cookie_of("a=1; switchyard_x=2; b=3", "switchyard_x") == "2");
    CHECK(cookie_of("switchyard_x=2", "switchyard_x") == "2");
    CHECK(cookie_of("a=1, switchyard_x=2", "switchyard_x") == "2");
    CHECK(cookie_of("not_switchyard_x=1; switchyard_xy=2", "switchyard_x").empty());
    CHECK(cookie_of("", "switchyard_x").empty());
}

TEST_CASE("the page is at names that nobody else can have, and is called by itself alone") {
    config::Admin plain;
    plain.bind = *config::Address::parse("proxy.internal:9900");
    for (const char* host :
         {"127.0.0.1:9900", "[::1]:9900", "localhost:9900", "LOCALHOST", "10.1.2.3", "proxy.internal:9900"})
        CHECK_FALSE(foreign_host(from(host), plain).has_value());
    for (const char* host : {"evil.example:9900", "127.0.0.1.evil.example", "localhost.evil.example", ""})
        CHECK(foreign_host(from(host), plain).has_value());
    CHECK_FALSE(foreign_page(from("localhost:9900", "http://localhost:9900", "same-origin"), plain).has_value());
    CHECK_FALSE(foreign_page(from("localhost:9900"), plain).has_value());  // no browser
    CHECK(foreign_page(from("localhost:9900", "http://localhost:9901"), plain).has_value());
    CHECK(foreign_page(from("localhost:9900", "https://localhost:9900"), plain).has_value());
    CHECK(foreign_page(from("localhost:9900", "null"), plain).has_value());
    CHECK(foreign_page(from("localhost:9900", "", "cross-site"), plain).has_value());
    CHECK(foreign_page(from("localhost:9900", "", "same-site"), plain).has_value());
    config::Admin tls = plain;
    tls.tls_certificate = "/somewhere.pem";
    CHECK_FALSE(foreign_page(from("admin.example", "https://admin.example"), tls).has_value());
    CHECK(foreign_page(from("admin.example", "http://admin.example"), tls).has_value());
}

TEST_CASE("the page's files are in the program, and the page names no place elsewhere") {
    const auto page = page_file("");
    REQUIRE(page.has_value());
    CHECK(page->type == "text/html; charset=utf-8");
    CHECK(page->text == page_file("index.html")->text);
    CHECK(page->text.find("://") == std::string_view::npos);
    CHECK_FALSE(page_file("../index.html").has_value());
    CHECK_FALSE(page_file("nothing.js").has_value());
}
