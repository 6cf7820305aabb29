#include "proxy/compress/accept_encoding.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "proxy/http/characters.h"

using namespace switchyard;
using config::Encoding;

namespace {

const std::vector<Encoding> kAll{Encoding::zstd, Encoding::brotli, Encoding::gzip};

std::string chosen(std::string_view value, const std::vector<Encoding>& offered = kAll) {
    compress::AcceptEncoding accepted;
    while (!value.empty()) accepted.add(http::take_member(value));
    const auto encoding = accepted.choose(offered);
    return encoding ? std::string(config::word(*encoding)) : "none";
}

}  // namespace

TEST_CASE("what a client takes") {
    struct Row {
        std::string_view value, chosen;
    };
    constexpr Row kRows[] = {
        {"", "none"},
        {"gzip", "gzip"},
        {"GZip", "gzip"},
        {"x-gzip", "gzip"},
        {"deflate, compress", "none"},
        {"gzip, deflate, br, zstd", "zstd"},
        {"gzip, deflate, br", "br"},
        {"gzip;q=1.0, br;q=0.9", "gzip"},
        {"gzip;q=0.8, br;q=0.9, zstd;q=0.001", "br"},
        {"br;q=0.5, gzip;q=0.5", "br"},
        {"gzip;q=0", "none"},
        {"gzip;q=0.000", "none"},
        {"gzip;q=0.001", "gzip"},
        {"*", "zstd"},
        {"*;q=0", "none"},
        {"zstd;q=0, *", "br"},
        {"gzip, *;q=0", "gzip"},
        {"*;q=0.5, gzip", "gzip"},
        {"identity", "none"},
        {"identity, gzip", "gzip"},
        {"identity;q=1, gzip;q=0.5", "none"},
        {"identity;q=0.5, gzip;q=0.5", "gzip"},
        {"identity;q=0", "none"},
        {"identity;q=0, gzip", "gzip"},
        {"gzip ; q=0.3 , br ;  q=0.2", "gzip"},
        {"gzip;Q=0", "none"},
        // Malformed: not taken.
        {"gzip;q=2", "none"},
        {"gzip;q=0.1234", "none"},
        {"gzip;q=1.001", "none"},
        {"gzip;q=", "none"},
        {"gzip;q=.5", "none"},
        {"gzip;q=0,5", "none"},
        {"gzip;q=-1", "none"},
        {"gzip;level=3", "none"},
        {";q=1", "none"},
        {",,gzip,,", "gzip"},
        // Twice: the lesser.
        {"gzip;q=0, gzip", "none"},
        {"gzip, x-gzip;q=0", "none"},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.value);
        CHECK(chosen(row.value) == row.chosen);
    }
}

TEST_CASE("only what is offered is chosen, in its order among equals") {
    CHECK(chosen("gzip, br, zstd", {Encoding::gzip}) == "gzip");
    CHECK(chosen("br, zstd", {Encoding::gzip}) == "none");
    CHECK(chosen("gzip, br", {Encoding::gzip, Encoding::brotli}) == "gzip");
    CHECK(chosen("gzip, br", {}) == "none");
}
