#include "proxy/http/characters.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

using namespace switchyard::http;

TEST_CASE("a value is looked at eight octets at a time, and judged like one octet after the other") {
    std::mt19937 random(7);
    const std::string unusual("\t \x00\x1f\x7f\x80\xff\r\n", 9);
    for (int round = 0; round < 20'000; ++round) {
        std::string text(random() % 40, 'a');
        for (char& c : text) c = static_cast<char>(' ' + random() % 95);
        for (auto n = random() % 3; n > 0 && !text.empty(); --n)
            text[random() % text.size()] = unusual[random() % unusual.size()];
        CAPTURE(text);
        CHECK(all_value(text) == all(text, kValue));
    }
    for (unsigned octet = 0; octet < 256; ++octet)
        for (std::size_t at = 0; at < 8; ++at) {
            std::string text(8, octet % 2 == 0 ? 'x' : '\xff');
            text[at] = static_cast<char>(octet);
            CAPTURE(octet);
            CHECK(all_value(text) == all(text, kValue));
        }
}

TEST_CASE("every octet of a value counts, however long it is") {
    for (std::size_t size = 1; size < 26; ++size)
        for (std::size_t at = 0; at < size; ++at)
            for (const char octet : {'\t', '\x1f', '\x7f', '\0', '\xff'}) {
                std::string text(size, 'v');
                text[at] = octet;
                CAPTURE(size);
                CAPTURE(at);
                CHECK(all_value(text) == all(text, kValue));
            }
}

TEST_CASE("a plain name ends at the first octet that is neither letter nor hyphen") {
    const auto plain = [](char c) { return c == '-' || (lower(c) >= 'a' && lower(c) <= 'z'); };
    for (unsigned octet = 0; octet < 256; ++octet)
        for (std::size_t at = 0; at < 19; ++at) {
            std::string text = "Content-Type-zZaA-x: text/plain";
            text[at] = static_cast<char>(octet);
            std::size_t first = 0;
            while (plain(text[first])) ++first;
            CAPTURE(text);
            CHECK(plain_name(text.data(), text.size()) == first);
            // What does not fill a step is left to others, and nothing behind the limit is looked at.
            for (std::size_t limit = 0; limit < text.size(); ++limit) {
                const auto found = plain_name(text.data(), limit);
                CHECK(found <= limit);
                CHECK(found == (first < limit / 8 * 8 ? first : limit / 8 * 8));
            }
        }
}

TEST_CASE("small letters are written and compared as octet by octet, whatever stands there") {
    for (unsigned octet = 0; octet < 256; ++octet)
        for (std::size_t size = 1; size < 20; ++size)
            for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
                std::string text(size, 'N'), small(size, 'n');
                text[at] = static_cast<char>(octet);
                small[at] = lower(text[at]);
                std::string written(size, '\0');
                CAPTURE(octet);
                CAPTURE(size);
                REQUIRE(write_lower(written.data(), text) == written.data() + size);
                REQUIRE(written == small);
                REQUIRE(equals_lower(text, small));
                small[at] = static_cast<char>(small[at] ^ 1);
                REQUIRE_FALSE(equals_lower(text, small));
            }
}
