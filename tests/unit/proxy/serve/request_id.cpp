#include "proxy/serve/request_id.h"

#include <doctest/doctest.h>

#include <string>

using switchyard::serve::RequestId;

TEST_CASE("a made id is 128 bits in 32 hexadecimal digits, whatever the bits") {
    RequestId id;
    CHECK(id.empty());
    id.make(0xfedcba9876543210, 0x00000000ffffffff);
    CHECK(id.text().size() == 32);
    CHECK(id.text().find_first_not_of("0123456789abcdef") == std::string_view::npos);
    RequestId other;
    other.make(0xfedcba9876543211, 0x00000000ffffffff);
    CHECK(other.text() != id.text());
}

TEST_CASE("a given id is taken when it is a token of at most 64 octets") {
    for (const auto& [given, fit] : {std::pair<std::string, bool>{"a", true},
                                     {std::string(64, 'x'), true},
                                     {std::string(65, 'x'), false},
                                     {"", false},
                                     {"a b", false},
                                     {"a\"", false}}) {
        CAPTURE(given);
        RequestId id;
        CHECK(id.take(given) == fit);
        CHECK(id.text() == (fit ? given : ""));
    }
}
