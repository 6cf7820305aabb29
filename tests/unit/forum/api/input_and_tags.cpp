#include <doctest/doctest.h>

#include "forum/api/entity_tag.h"
#include "forum/api/json_input.h"
#include "forum/api/json_text.h"

using namespace forum;

namespace {

Call call_with(std::string body, std::string type = "application/json") {
    Call call;
    call.method = "POST";
    call.body = std::move(body);
    call.content_type = std::move(type);
    return call;
}

int status_of(const std::string& body, const std::string& type = "application/json") {
    try {
        JsonInput input(call_with(body, type));
        (void)input.text("name");
        (void)input.maybe_integer("number", -1, 1);
        (void)input.maybe_texts("list");
        input.finish();
        return 200;
    } catch (const Refusal& refusal) {
        return refusal.answer().status;
    }
}

}  // namespace

TEST_CASE("the type of a body is told in any case and with parameters") {
    for (const char* type : {"application/json", "Application/JSON", "application/json; charset=utf-8"}) {
        CAPTURE(type);
        CHECK(status_of(R"({"name":"x"})", type) == 200);
    }
    for (const char* type : {"", "application/jsonx", "application/jso", "text/json", "application/problem+json"}) {
        CAPTURE(type);
        CHECK(status_of(R"({"name":"x"})", type) == 415);
    }
}

TEST_CASE("bodies that are no JSON object in strict UTF-8 are 400, wrong fields are 422, other types 415") {
    struct Row {
        std::string body;
        int status;
    };
    const std::vector<Row> rows = {
        {R"({"name":"x"})", 200},
        {R"({"name":"x","number":1,"list":["a"]})", 200},
        {R"({"name":"x","number":null})", 422},
        {R"({"name":"x","number":1.0})", 200},
        {R"({"name":"x","number":0.5})", 422},
        {R"({"name":"x","number":1e300})", 422},
        {R"({"name":null})", 422},
        {"", 400},
        {"[]", 400},
        {"{", 400},
        {R"({"name":"x"} trailing)", 400},
        {R"({"name":"x","name":"y"})", 400},
        {"{\"name\":\"\xC0\xAF\"}", 400},
        {"{\"name\":\"\xED\xA0\x80\"}", 400},
        {R"({"name":"\ud800"})", 400},
        {std::string(100'000, '['), 400},
        {R"({"name":3})", 422},
        {R"({})", 422},
        {R"({"name":"x","number":2})", 422},
        {R"({"name":"x","number":0.5})", 422},
        {R"({"name":"x","number":18446744073709551615})", 422},
        {R"({"name":"x","list":"a"})", 422},
        {R"({"name":"x","list":[1]})", 422},
        {R"({"name":"x","unknown":1})", 422},
    };
    for (const Row& row : rows) {
        CAPTURE(row.body.substr(0, 60));
        CHECK(status_of(row.body) == row.status);
    }
    CHECK(status_of(R"({"name":"x"})", "text/plain") == 415);
    CHECK(status_of(R"({"name":"x"})", "application/json; charset=utf-8") == 200);
}

TEST_CASE("one answer names every wrong field") {
    JsonInput input(call_with(R"({"a":1,"b":"x","zz/y":1})"));
    (void)input.text("a");
    (void)input.integer("b", 0, 9);
    (void)input.text("c");
    try {
        input.finish();
        FAIL("nothing was refused");
    } catch (const Refusal& refusal) {
        for (const char* pointer : {"\"/a\"", "\"/b\"", "\"/c\"", "\"/zz~1y\""}) {
            CAPTURE(pointer);
            CHECK(refusal.answer().body.find(pointer) != std::string::npos);
        }
    }
}

TEST_CASE("JSON text has its commas and escapes") {
    JsonText json;
    json.begin_object().member("a", 1).key("b").begin_array().value("x").value(true).null().end_array();
    json.key("c").begin_object().end_object().member("d", "q\"\\\n\x01\xE6\x95\xB0").end_object();
    CHECK(json.text() == "{\"a\":1,\"b\":[\"x\",true,null],\"c\":{},\"d\":\"q\\\"\\\\\\n\\u0001\xE6\x95\xB0\"}");
}

TEST_CASE("tags match in lists, weakly for readers, by edit version for writers") {
    const std::string tag = versioned_tag(3, "body");
    CHECK(tag_matches(tag, tag));
    CHECK(tag_matches("\"other\", W/" + tag, tag));
    CHECK(tag_matches("*", tag));
    CHECK_FALSE(tag_matches("\"other\"", tag));
    CHECK(version_matches(versioned_tag(3, "other body"), 3));
    CHECK(version_matches("\"x\", " + tag, 3));
    CHECK(version_matches("*", 3));
    CHECK_FALSE(version_matches(tag, 4));
    CHECK_FALSE(version_matches(tag, 30));
    CHECK_FALSE(version_matches("\"v3\"", 3));
}
