#include "proxy/route/condition.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "facts.h"
#include "proxy/route/claims.h"

using switchyard::route::Claims;
using switchyard::route::Condition;
namespace config = switchyard::config;
using Source = config::Key::Source;
using Test = config::Condition::Test;
using Kind = config::Condition::Kind;

namespace {

config::Condition test_of(Source source, std::string name, Test test, std::vector<std::string> values = {}) {
    config::Condition out;
    out.key = {source, std::move(name)};
    out.test = test;
    out.values = std::move(values);
    return out;
}

config::Condition of(Kind kind, std::vector<config::Condition> children) {
    config::Condition out;
    out.kind = kind;
    out.children = std::move(children);
    return out;
}

bool holds(const config::Condition& condition, const Facts& facts) {
    return Condition(condition).holds(facts.facts);
}

}  // namespace

TEST_CASE("each source is looked up in its own place") {
    const Facts facts("X-Release: canary\r\nCookie: a=1; group=beta; q=\"x\"\r\nCookie: late=2\r\n",
                      "PUT /api/v1?user=7&flag&user=8 HTTP/1.1");
    CHECK(holds(test_of(Source::header, "x-RELEASE", Test::equals, {"canary"}), facts));
    CHECK_FALSE(holds(test_of(Source::header, "X-Release", Test::equals, {"Canary"}), facts));
    CHECK(holds(test_of(Source::cookie, "group", Test::equals, {"beta"}), facts));
    CHECK(holds(test_of(Source::cookie, "q", Test::equals, {"x"}), facts));
    CHECK(holds(test_of(Source::cookie, "late", Test::equals, {"2"}), facts));
    CHECK_FALSE(holds(test_of(Source::cookie, "roup", Test::present), facts));
    CHECK_FALSE(holds(test_of(Source::cookie, "Group", Test::present), facts));
    CHECK(holds(test_of(Source::query, "user", Test::equals, {"7"}), facts));
    CHECK(holds(test_of(Source::query, "flag", Test::present), facts));
    CHECK(holds(test_of(Source::query, "flag", Test::equals, {""}), facts));
    CHECK_FALSE(holds(test_of(Source::query, "use", Test::present), facts));
    CHECK(holds(test_of(Source::method, "", Test::in, {"POST", "PUT"}), facts));
    CHECK(holds(test_of(Source::path, "", Test::prefix, {"/api"}), facts));
    CHECK(holds(test_of(Source::host, "", Test::equals, {"a.example"}), facts));
    CHECK(holds(test_of(Source::client, "", Test::in, {"192.168.0.0/16", "10.0.0.0/8"}), facts));
    CHECK_FALSE(holds(test_of(Source::client, "", Test::in, {"192.168.0.0/16"}), facts));
}

TEST_CASE("an absent key fails every test, an empty value only those that want more") {
    const Facts facts("X-Empty:\r\n");
    for (const Test test : {Test::equals, Test::in, Test::prefix, Test::matches}) {
        CAPTURE(static_cast<int>(test));
        CHECK_FALSE(holds(test_of(Source::header, "X-Absent", test, {""}), facts));
        CHECK(holds(test_of(Source::header, "X-Empty", test, {""}), facts));
    }
    CHECK_FALSE(holds(test_of(Source::header, "X-Absent", Test::present), facts));
    CHECK(holds(test_of(Source::header, "X-Empty", Test::present), facts));
    CHECK_FALSE(holds(test_of(Source::claim, "sub", Test::present), facts));
}

TEST_CASE("claims count only when they were verified") {
    Facts facts("Authorization: Bearer x\r\n");
    Claims claims;
    claims.set("sub", "ann");
    CHECK_FALSE(holds(test_of(Source::claim, "sub", Test::equals, {"ann"}), facts));
    facts.facts.claims = &claims;
    CHECK(holds(test_of(Source::claim, "sub", Test::equals, {"ann"}), facts));
}

TEST_CASE("a pattern is searched in the whole value") {
    const Facts facts("X-Agent: Mozilla/5.0 (bot)\r\nX-Long: " + std::string(2000, 'a') + "\r\n");
    CHECK(holds(test_of(Source::header, "X-Agent", Test::matches, {"\\bbot\\b"}), facts));
    CHECK_FALSE(holds(test_of(Source::header, "X-Agent", Test::matches, {"^bot"}), facts));
    CHECK(holds(test_of(Source::header, "X-Long", Test::matches, {"a"}), facts));
}

TEST_CASE("all, any and not combine as in logic") {
    const Facts facts("X-A: 1\r\n");
    const auto yes = test_of(Source::header, "X-A", Test::present), no = test_of(Source::header, "X-B", Test::present);
    for (const bool a : {false, true})
        for (const bool b : {false, true}) {
            const auto left = a ? yes : no, right = b ? yes : no;
            CHECK(holds(of(Kind::all, {left, right}), facts) == (a && b));
            CHECK(holds(of(Kind::any, {left, right}), facts) == (a || b));
            CHECK(holds(of(Kind::negate, {left}), facts) == !a);
            CHECK(holds(of(Kind::negate, {of(Kind::all, {left, right})}), facts) == !(a && b));
        }
    CHECK(holds(of(Kind::all, {}), facts));
    CHECK_FALSE(holds(of(Kind::any, {}), facts));
}

TEST_CASE("an expression judges values of any length, to the last octet") {
    const auto admin = test_of(Source::path, "", Test::matches, {"^/admin(/.*)?$"});
    const auto shout = test_of(Source::header, "X-A", Test::matches, {"!$"});
    for (const std::size_t size : {1u, 1017u, 1018u, 7'000u}) {
        CAPTURE(size);
        const std::string tail(size, 'x');
        const Facts facts("X-A: " + tail + "!\r\n", "GET /admin/" + tail + " HTTP/1.1");
        CHECK(holds(admin, facts));
        CHECK(holds(shout, facts));
        CHECK_FALSE(holds(of(Kind::negate, {admin}), facts));
    }
}

TEST_CASE("an expression that would try every way to fail takes one") {
    // A backtracking engine needs 2^4000 steps for each of these; the test would never end.
    const Facts facts("X-A: " + std::string(4000, '1') + "!\r\n");
    for (const auto* pattern : {"^([0-9]+\\.?)+$", "^(1+)+$", "^(1|11)*$", "^(.*1.*)*2$"}) {
        CAPTURE(pattern);
        CHECK_FALSE(holds(test_of(Source::header, "X-A", Test::matches, {pattern}), facts));
    }
}

TEST_CASE("octets that are no UTF-8 are matched as octets") {
    const Facts facts("X-A: caf\xe9 \xff\r\n");
    CHECK(holds(test_of(Source::header, "X-A", Test::matches, {"^caf. .$"}), facts));
    CHECK(holds(test_of(Source::header, "X-A", Test::matches, {"\xff$"}), facts));
}

TEST_CASE("a condition with an expression that the engine refuses knows it, however deep it stands") {
    const auto refused = test_of(Source::header, "X-A", Test::matches, {"(?=a)a"});
    CHECK(Condition(refused).refused());
    const auto method = test_of(Source::method, "", Test::equals, {"GET"});
    CHECK(Condition(of(Kind::all, {method, of(Kind::negate, {refused})})).refused());
    CHECK_FALSE(Condition(of(Kind::any, {method, method})).refused());
}
