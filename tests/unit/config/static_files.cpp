// What may be said of files that a route answers with.
#include <doctest/doctest.h>

#include <string>

#include "config/parse.h"

using namespace switchyard;

namespace {

// The errors' places and words, one a line; empty: it is right.
std::string wrong(const std::string& route) {
    const auto parsed = config::parse(
        R"({"upstreams": {"app": {"endpoints": [{"address": "127.0.0.1:1"}]}}, "routes": [{"name": "r", )" + route +
        "}]}");
    std::string out;
    for (const auto& error : parsed.errors) out += error.pointer + ": " + error.detail + "\n";
    return out;
}

bool is_wrong(const std::string& route, const std::string& place) {
    return wrong(route).find("/routes/0/" + place + ": ") != std::string::npos;
}

}  // namespace

TEST_CASE("files are one of the things that a route does") {
    CHECK(wrong(R"("static": {"root": "/srv"})").empty());
    CHECK(
        wrong(
            R"("match": {"path_prefix": "/a"}, "static": {"alias": "/srv", "index": [], "fallback": "/x", "precompressed": ["br"], "types": {".x": "a/b"}}, "expires": "1h")")
            .empty());
    CHECK(is_wrong(R"("static": {"root": "/srv"}, "split": {"app": 1})", "static"));
    CHECK(is_wrong(R"("static": {"root": "/srv"}, "respond": {"status": 204})", "static"));
}

TEST_CASE("what cannot be meant is named with its cure") {
    CHECK(is_wrong(R"("static": {"index": ["a"]})", "static"));
    CHECK(is_wrong(R"("static": {"root": "srv"})", "static/root"));
    CHECK(is_wrong(R"("match": {"path_prefix": "/a"}, "static": {"root": "/srv", "alias": "/srv"})", "static/alias"));
    CHECK(is_wrong(R"("match": {"path_exact": "/a"}, "static": {"alias": "/srv"})", "static/alias"));
    CHECK(is_wrong(R"("static": {"root": "/srv", "index": ["../x"]})", "static/index/0"));
    CHECK(is_wrong(R"("static": {"root": "/srv", "fallback": "index.html"})", "static/fallback"));
    CHECK(is_wrong(R"("static": {"root": "/srv", "types": {"wasm": "application/wasm"}})", "static/types/wasm"));
    CHECK(is_wrong(R"("static": {"root": "/srv", "types": {".wasm": "wasm"}})", "static/types/.wasm"));
    CHECK(is_wrong(R"("static": {"root": "/srv", "precompressed": ["br", "br"]})", "static/precompressed/1"));
}
