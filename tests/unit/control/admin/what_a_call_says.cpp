// Queries, places and bodies of calls: what is taken, and what is said of what is not.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "control/admin/call/body.h"
#include "control/admin/call/edit_body.h"

using namespace switchyard;
using namespace switchyard::control;
using namespace std::chrono_literals;

namespace {

AdminRequest with_query(const std::string& name, const std::string& value) {
    AdminRequest request;
    request.query[name] = value;
    return request;
}

AdminRequest with_body(std::string body) {
    AdminRequest request;
    request.body = std::move(body);
    return request;
}

}  // namespace

TEST_CASE("a number in a query is a whole one, or refused by its name") {
    CHECK(query_number({}, "limit", 100).value() == 100);
    CHECK(query_number(with_query("limit", "7"), "limit", 100).value() == 7);
    for (const auto* text : {"", "-1", "7x", " 7", "1e3", "99999999999999999999"}) {
        CAPTURE(text);
        const auto refused = query_number(with_query("limit", text), "limit", 100);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().detail.find("?limit") != std::string::npos);
    }
}

TEST_CASE("a wait is a duration with its unit, and no longer than a call may live") {
    CHECK(query_wait({}).value() == 0ms);
    CHECK(query_wait(with_query("wait", "30s")).value() == 30s);
    CHECK(query_wait(with_query("wait", "7d")).value() == kLongestWait);
    CHECK_FALSE(query_wait(with_query("wait", "30")).has_value());
}

TEST_CASE("a generation in a path is a number") {
    AdminRequest request;
    request.places = {"42", "last"};
    CHECK(place_number(request, 0).value() == 42);
    CHECK_FALSE(place_number(request, 1).has_value());
}

TEST_CASE("a body is JSON, with comments, and an empty one only where nothing need be said") {
    CHECK(parse_body(with_body(R"({"to": "green"} // now)")).value()["to"] == "green");
    CHECK(parse_body({}, true).value().empty());
    CHECK_FALSE(parse_body({}).has_value());
    CHECK_FALSE(parse_body(with_body("{")).has_value());
    const auto twice = parse_body(with_body(R"({"to": "a", "to": "b"})"));
    REQUIRE_FALSE(twice.has_value());
    CHECK(twice.error().errors.at(0).pointer == "/to");
}

TEST_CASE("each kind of value is told from the others, with its pointer") {
    const Json json = {{"text", 1}, {"number", -1}, {"flag", 1}, {"within", "30"}, {"good", "1m30s"}};
    CallBody body(json, "/at", {"text", "number", "flag", "within", "good", "missing"});
    CHECK_FALSE(body.text("text").has_value());
    CHECK_FALSE(body.number("number").has_value());
    CHECK_FALSE(body.flag("flag").has_value());
    CHECK_FALSE(body.duration("within").has_value());
    CHECK(body.duration("good") == 90s);
    CHECK_FALSE(body.text("missing").has_value());
    CHECK(body.required_text("missing").empty());
    std::vector<std::string> pointers;
    for (const auto& error : body.errors()) pointers.push_back(error.pointer);
    CHECK(pointers == std::vector<std::string>{"/at/text", "/at/number", "/at/flag", "/at/within", "/at/missing"});
}

TEST_CASE("what should be an object and is none is one mistake, not one for each key") {
    const Json json = {1, 2};
    CallBody body(json, "/0", {"to"});
    CHECK(body.required_text("to").empty());
    CHECK(body.errors().size() == 1);
}

TEST_CASE("a split's weights keep their order, and each that is wrong is named") {
    const auto good = read_split(Json::parse(R"({"green": 10, "blue": 90})"), "", "app");
    CHECK(good.has_value());
    const auto bad = read_split(Json::parse(R"({"green": -1, "a/b": 1.5, "blue": 90})"), "/weights", "app");
    REQUIRE_FALSE(bad.has_value());
    REQUIRE(bad.error().errors.size() == 2);
    CHECK(bad.error().errors[0].pointer == "/weights/green");
    CHECK(bad.error().errors[1].pointer == "/weights/a~1b");
    CHECK_FALSE(read_split(Json(7), "", "app").has_value());
}

TEST_CASE("a requirement that requires nothing is a mistake") {
    const Json nothing = {{"upstream", "green"}};
    CallBody body(nothing, "", {"upstream", "healthy", "in_flight_below"});
    static_cast<void>(read_requirement(body));
    REQUIRE(body.errors().size() == 1);
    CHECK(body.errors()[0].pointer == "/healthy");
}

TEST_CASE("an endpoint's state is one of three words") {
    const Json wrong = {{"state", "drian"}};
    CallBody body(wrong, "", {"state"});
    static_cast<void>(read_endpoint_state(body, "blue", "127.0.0.1:1"));
    REQUIRE(body.errors().size() == 1);
    CHECK(body.errors()[0].detail.find("drain") != std::string::npos);
}
