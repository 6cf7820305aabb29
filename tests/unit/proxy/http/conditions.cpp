// Dates, ranges and conditions of requests for files.
#include <doctest/doctest.h>

#include <string>

#include "proxy/http/byte_range.h"
#include "proxy/http/head_parser.h"
#include "proxy/http/http_date.h"
#include "proxy/http/preconditions.h"

using namespace switchyard;
using http::ByteRange;
using http::Precondition;

namespace {

struct Question {
    std::string text;
    http::Head head;
    explicit Question(const std::string& lines) : text("GET / HTTP/1.1\r\nHost: a\r\n" + lines + "\r\n") {
        REQUIRE(http::HeadParser().request(text, head) == http::HeadParser::Outcome::done);
    }
};

const std::string kTag = "\"5f-2a\"";
constexpr std::int64_t kAt = 1'764'489'600;  // Sun, 30 Nov 2025 08:00:00 GMT

Precondition asked(const std::string& lines) {
    const Question question(lines);
    return http::precondition(question.text.data(), question.head, {kTag, kAt});
}

bool counts(const std::string& lines) {
    const Question question(lines);
    return http::range_counts(question.text.data(), question.head, {kTag, kAt});
}

bool is_part(std::string_view value, std::uint64_t total, std::uint64_t first, std::uint64_t size) {
    const ByteRange range = http::byte_range(value, total);
    return range.kind == ByteRange::Kind::part && range.first == first && range.size == size;
}

}  // namespace

TEST_CASE("dates are read as they are written") {
    CHECK(http::http_date(kAt) == "Sun, 30 Nov 2025 08:00:00 GMT");
    CHECK(http::http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
    for (std::int64_t at = 0; at < 4'000'000'000; at += 98'765'431)
        CHECK(http::parse_http_date(http::http_date(at)) == at);
    for (const char* text :
         {"", "Sun, 30 Nov 2025 08:00:00 UTC", "Sun, 31 Nov 2025 08:00:00 GMT", "Sunday, 30-Nov-25 08:00:00 GMT",
          "Sun Nov 30 08:00:00 2025", "Sun, 30 Nov 2025 24:00:00 GMT", "Sun, 30 Nov 2025 08:00:-1 GMT",
          "Sun, 30 nov 2025 08:00:00 GMT"})
        CHECK_MESSAGE(!http::parse_http_date(text), text);
}

TEST_CASE("a range is a part, the whole, or beyond the end") {
    CHECK(is_part("bytes=0-0", 10, 0, 1));
    CHECK(is_part("bytes=2-5", 10, 2, 4));
    CHECK(is_part("BYTES=2-", 10, 2, 8));
    CHECK(is_part("bytes=2-99999999999999999999999", 10, 2, 8));
    CHECK(is_part("bytes=-3", 10, 7, 3));
    CHECK(is_part("bytes=-30", 10, 0, 10));
    for (const char* value : {"bytes=10-", "bytes=99999999999999999999-", "bytes=-0"})
        CHECK_MESSAGE(http::byte_range(value, 10).kind == ByteRange::Kind::unsatisfiable, value);
    CHECK(http::byte_range("bytes=0-", 0).kind == ByteRange::Kind::whole);
    CHECK(http::byte_range("bytes=-1", 0).kind == ByteRange::Kind::whole);
    for (const char* value : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=1-x", "bytes=0-1,4-5",
                              "lines=0-1", "bytes=+1-2", "bytes= 1 - 2"})
        CHECK_MESSAGE(http::byte_range(value, 10).kind == ByteRange::Kind::whole, value);
}

TEST_CASE("conditions hold in the order of the RFC") {
    CHECK(asked("") == Precondition::holds);
    CHECK(asked("If-None-Match: " + kTag + "\r\n") == Precondition::not_modified);
    CHECK(asked("If-None-Match: \"other\", W/" + kTag + "\r\n") == Precondition::not_modified);
    CHECK(asked("If-None-Match: *\r\n") == Precondition::not_modified);
    CHECK(asked("If-None-Match: \"other\"\r\n") == Precondition::holds);
    CHECK(asked("If-Modified-Since: Sun, 30 Nov 2025 08:00:00 GMT\r\n") == Precondition::not_modified);
    CHECK(asked("If-Modified-Since: Sun, 30 Nov 2025 09:00:00 GMT\r\n") == Precondition::not_modified);
    CHECK(asked("If-Modified-Since: Sun, 30 Nov 2025 07:59:59 GMT\r\n") == Precondition::holds);
    CHECK(asked("If-Modified-Since: yesterday\r\n") == Precondition::holds);
    // A tag goes before a date.
    CHECK(asked("If-None-Match: \"other\"\r\nIf-Modified-Since: Sun, 30 Nov 2025 09:00:00 GMT\r\n") ==
          Precondition::holds);
    CHECK(asked("If-Match: " + kTag + "\r\n") == Precondition::holds);
    CHECK(asked("If-Match: W/" + kTag + "\r\n") == Precondition::failed);
    CHECK(asked("If-Match: \"other\"\r\nIf-None-Match: " + kTag + "\r\n") == Precondition::failed);
    CHECK(asked("If-Unmodified-Since: Sun, 30 Nov 2025 07:00:00 GMT\r\n") == Precondition::failed);
    CHECK(asked("If-Unmodified-Since: Sun, 30 Nov 2025 08:00:00 GMT\r\n") == Precondition::holds);
}

TEST_CASE("If-Range lets a range count for exactly this") {
    CHECK(counts(""));
    CHECK(counts("If-Range: " + kTag + "\r\n"));
    CHECK(counts("If-Range: Sun, 30 Nov 2025 08:00:00 GMT\r\n"));
    CHECK_FALSE(counts("If-Range: W/" + kTag + "\r\n"));
    CHECK_FALSE(counts("If-Range: \"other\"\r\n"));
    CHECK_FALSE(counts("If-Range: Sun, 30 Nov 2025 09:00:00 GMT\r\n"));
}
