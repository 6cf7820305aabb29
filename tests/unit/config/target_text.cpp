#include "config/text/target_text.h"

#include <doctest/doctest.h>

#include <string>

using namespace switchyard::config;

namespace {

// Each part by what it is.
std::string parts(std::string_view text) {
    static constexpr const char* kNames[] = {"", "host", "path", "query", "path#", "host#"};
    std::string out;
    while (!text.empty()) {
        const TargetPart part = next_part(text);
        out += '[' + std::string(kNames[static_cast<int>(part.what)]);
        if (part.group != 0) out += std::to_string(part.group);
        out += std::string(part.what == TargetPart::What::text ? ""
                           : part.text.empty()                 ? ""
                                                               : ":") +
               std::string(part.text) + ']';
    }
    return out;
}

}  // namespace

TEST_CASE("words, groups and marks are told from text") {
    CHECK(parts("https://{host}{path}?{query}") == "[https://][host][path][query:?]");
    CHECK(parts("/a?x={1}&{query}") == "[/a][?x=][path#1][query:&]");
    CHECK(parts("/{host.2}/{9}") == "[/][host#2][/][path#9]");
    CHECK(parts("{query}") == "[query]");
    CHECK(parts("/?a&b") == "[/][?a][&b]");
    // Any other brace means itself.
    CHECK(parts("/{0}") == "[/][{0}]");
    CHECK(parts("/{10}{") == "[/][{10}][{]");
    CHECK(parts("?") == "[?]");
    CHECK(parts("").empty());
}

TEST_CASE("groups have names of their own") {
    CHECK(group_named("1")->group == 1);
    CHECK(group_named("host.9")->what == TargetPart::What::host_group);
    for (const char* other : {"", "0", "10", "host", "host.", "host.0", "path.1", "a"}) CHECK_FALSE(group_named(other));
}
