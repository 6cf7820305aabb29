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
