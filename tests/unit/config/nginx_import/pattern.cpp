#include "config/nginx_import/pattern.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "config/model/expression.h"

using namespace switchyard::config::nginx;

TEST_CASE("what both dialects share is carried over") {
    const std::vector<std::pair<std::string, std::string>> rows{
        {"^canary$", "^canary$"},
        {R"(^v2\.[0-9]+)", R"(^v2\.[0-9]+)"},
        {R"(\bbeta\b)", R"(\bbeta\b)"},
        {"(?:a|b){2,3}", "(?:a|b){2,3}"},
        {R"(a\/b\-c\ d)", "a/b-c d"},
        {"[^]x]", "[^]x]"},
        {"^(?<id>a+)(?P<b_2>c)", "^(a+)(c)"},
    };
    for (const auto& [pcre, expected] : rows) {
        CAPTURE(pcre);
        if (const auto translated = re2_expression(pcre, false))
            CHECK(*translated == expected);
        else
            CHECK(pcre == "[^]x]");
    }
}

TEST_CASE("without regard to case, every letter stands for both") {
    const auto check = [](const std::string& pcre, const std::string& yes, const std::string& no) {
        CAPTURE(pcre);
        const auto translated = re2_expression(pcre, true);
        REQUIRE(translated);
        const auto pattern = switchyard::config::expression_of(*translated);
        REQUIRE(pattern);
        CHECK(switchyard::config::found_in(*pattern, yes));
        CHECK_FALSE(switchyard::config::found_in(*pattern, no));
    };
    check("canary", "X-CaNaRy", "canar");
    check("^[a-c]x$", "Bx", "dx");
    check("^[^a-c]x$", "Dx", "Bx");
    check(R"(^\d+a$)", "12A", "dA");
    const auto marked = re2_expression("(?i)beta", false);
    REQUIRE(marked);
    CHECK(switchyard::config::found_in(*switchyard::config::expression_of(*marked), "BETA"));
}

TEST_CASE("what only PCRE has is refused") {
    for (const auto* pcre : {"(?<!a)x", "(?<=a)b", "x(?!y)", "x(?=y)", R"((a)\1)", "(?>x)", "a++", "a*+", R"(\Ax)",
                             R"(\Qx\E)", "(", "[a", "a{3,2}", R"(x\)"}) {
        CAPTURE(pcre);
        CHECK_FALSE(re2_expression(pcre, false));
    }
}

TEST_CASE("a pattern of leading octets is an address block") {
    CHECK(address_block(R"(^10\.)") == "10.0.0.0/8");
    CHECK(address_block(R"(^192\.168\.)") == "192.168.0.0/16");
    CHECK(address_block(R"(^10\.1\.2\.3$)") == "10.1.2.3/32");
    for (const auto* other :
         {"10.", "^10", R"(^10\.1)", R"(^300\.)", R"(^10\.[0-9]+\.)", "", "^", R"(^1\.2\.3\.4\.5\.)"}) {
        CAPTURE(other);
        CHECK_FALSE(address_block(other));
    }
}
