#include "proxy/compress/fitness.h"

#include <doctest/doctest.h>

#include <string>

#include "proxy/http/head_parser.h"

using namespace switchyard;
using config::Encoding;

namespace {

struct Case {
    std::string asked = "Accept-Encoding: gzip\r\n";
    std::string answer = "Content-Type: text/html\r\n";
    std::string status = "200";
    std::string method = "GET";
    std::optional<std::uint64_t> length = 5000;
    std::string version = "1.1";
};

// "as it is", "varies" (for others), or the encoding.
std::string made_of(const Case& c, const config::Compress& compress = {.encodings = {Encoding::gzip}}) {
    const std::string asked = c.method + " / HTTP/" + c.version + "\r\nHost: a\r\n" + c.asked + "\r\n";
    const std::string answer = "HTTP/1.1 " + c.status + " X\r\n" + c.answer + "\r\n";
    http::Head asked_head, answer_head;
    REQUIRE(http::HeadParser().request(asked, asked_head) == http::HeadParser::Outcome::done);
    REQUIRE(http::HeadParser().response(answer, answer_head) == http::HeadParser::Outcome::done);
    const auto fitness =
        compress::fitness_of(compress, {asked.data(), asked_head, c.method, answer.data(), answer_head, c.length});
    if (!fitness.is_coded) return fitness.varies ? "varies" : "as it is";
    return fitness.unchanged ? "unchanged" : std::string(word(fitness.encoding));
}

Case with(auto change) {
    Case c;
    change(c);
    return c;
}

}  // namespace

TEST_CASE("an answer of a type that is meant is compressed for who takes it, and varies for all") {
    CHECK(made_of({}) == "gzip");
    CHECK(made_of(with([](Case& c) { c.asked = ""; })) == "varies");
    CHECK(made_of(with([](Case& c) { c.asked = "Accept-Encoding: br\r\n"; })) == "varies");
    CHECK(made_of(with([](Case& c) { c.asked = "Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n"; })) == "gzip");
    CHECK(made_of(with([](Case& c) { c.version = "1.0"; })) == "varies");
    for (const char* type : {"text/html; charset=utf-8", "TEXT/HTML", "application/json", "text/event-stream"})
        CHECK(made_of(with([&](Case& c) { c.answer = std::string("Content-Type: ") + type + "\r\n"; })) == "gzip");
    for (const char* type : {"image/png", "application/octet-stream", "textual/html", "text", "text/", ""})
        CHECK(made_of(with([&](Case& c) { c.answer = std::string("Content-Type: ") + type + "\r\n"; })) == "as it is");
    CHECK(made_of(with([](Case& c) { c.answer = ""; })) == "as it is");
    CHECK(made_of(with([](Case& c) { c.answer = "Content-Type: image/png\r\n"; }),
                  {.encodings = {Encoding::gzip}, .types = {"*"}}) == "gzip");
}

TEST_CASE("by its status") {
    for (const char* status : {"200", "201", "203", "299"})
        CHECK(made_of(with([&](Case& c) { c.status = status; })) == "gzip");
    for (const char* status : {"204", "205", "206", "301", "404", "500", "101"})
        CHECK(made_of(with([&](Case& c) { c.status = status; })) == "as it is");
    CHECK(made_of(with([](Case& c) { c.status = "304", c.answer = "", c.length.reset(); })) == "unchanged");
    CHECK(made_of(with([](Case& c) { c.status = "304", c.answer = "", c.asked = ""; })) == "varies");
}

TEST_CASE("by its size, where that is known") {
    CHECK(made_of(with([](Case& c) { c.length = 1023; })) == "as it is");
    CHECK(made_of(with([](Case& c) { c.length = 1024; })) == "gzip");
    CHECK(made_of(with([](Case& c) { c.length.reset(); })) == "gzip");
    CHECK(made_of(with([](Case& c) { c.length = 0; }), {.encodings = {Encoding::gzip}, .min_size = 0}) == "as it is");
    // Of an answer to HEAD the length is what GET would bring.
    CHECK(made_of(with([](Case& c) { c.method = "HEAD", c.length.reset(), c.answer += "Content-Length: 100\r\n"; })) ==
          "as it is");
    CHECK(made_of(with([](Case& c) {
              c.method = "HEAD", c.length.reset(), c.answer += "Content-Length: 100000\r\n";
          })) == "gzip");
}

TEST_CASE("what is sealed stays as it is") {
    for (const char* line :
         {"Content-Encoding: br", "Content-Encoding: gzip, identity", "Cache-Control: public, no-transform",
          "cache-control: No-Transform", "Content-MD5: x",
          "Content-Digest: sha-256=:x:", "Repr-Digest: sha-256=:x:", "Digest: sha-256=x", "Content-Range: bytes 0-1/2"})
        CHECK(made_of(with([&](Case& c) { (c.answer += line) += "\r\n"; })) == "as it is");
    CHECK(made_of(with([](Case& c) { c.asked += "Cache-Control: no-transform\r\n"; })) == "as it is");
    CHECK(made_of(with([](Case& c) { c.answer += "Content-Encoding: identity\r\n"; })) == "gzip");
    CHECK(made_of(with([](Case& c) { c.answer += "Cache-Control: no-transformation\r\n"; })) == "gzip");
    CHECK(made_of(with([](Case& c) { c.asked += "Range: bytes=0-1\r\n"; })) == "gzip");  // the endpoint sends it all
}
