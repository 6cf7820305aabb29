#include "proxy/http/local_reply.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "proxy/base/failure.h"

using namespace switchyard;
using namespace switchyard::http;

namespace {

LocalReply reply_of(std::uint16_t status, std::string_view detail) {
    LocalReply out;
    out.status = status;
    out.detail = detail;
    return out;
}

std::string written(const LocalReply& reply) {
    std::string room(4096, '\0');
    HeadWriter out(room);
    write_local_reply(out, reply);
    REQUIRE_FALSE(out.overflow());
    return std::string(out.text());
}

std::string body_of(const std::string& message) {
    return message.substr(message.find("\r\n\r\n") + 4);
}

}  // namespace

TEST_CASE("a local reply is a problem document whose length is told truly") {
    auto reply = reply_of(502, "it broke");
    reply.request_id = "abc";
    reply.date_line = "Date: now\r\n";
    const auto text = written(reply);
    CHECK(text.starts_with("HTTP/1.1 502 Bad Gateway\r\nDate: now\r\n"));
    CHECK(text.find("Content-Type: application/problem+json\r\n") != text.npos);
    CHECK(text.find("X-Request-Id: abc\r\n") != text.npos);
    CHECK(text.find("Connection:") == text.npos);
    const auto body = body_of(text);
    CHECK(text.find("Content-Length: " + std::to_string(body.size()) + "\r\n") != text.npos);
    const auto problem = nlohmann::json::parse(body);
    CHECK(problem["status"] == 502);
    CHECK(problem["title"] == "Bad Gateway");
    CHECK(problem["detail"] == "it broke");
    CHECK(problem["request_id"] == "abc");
}

TEST_CASE("an answer to HEAD has the length of the body and no body") {
    auto reply = reply_of(404, "x");
    const auto with = written(reply);
    reply.head_only = true;
    const auto without = written(reply);
    CHECK(without == with.substr(0, with.size() - body_of(with).size()));
}

TEST_CASE("closing, waiting and extra lines are told") {
    auto reply = reply_of(503, "x");
    reply.extra_lines = "Allow: GET\r\n";
    reply.retry_after = 7;
    reply.close = true;
    const auto text = written(reply);
    CHECK(text.find("Connection: close\r\n") != text.npos);
    CHECK(text.find("Retry-After: 7\r\n") != text.npos);
    CHECK(text.find("Allow: GET\r\n") != text.npos);
}

TEST_CASE("a configured body is sent as it is") {
    auto reply = reply_of(200, "");
    reply.body = "hello";
    reply.content_type = "text/plain";
    const auto text = written(reply);
    CHECK(text == "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
}

TEST_CASE("a status that has no body gets none, whatever is configured") {
    for (const std::uint16_t status : std::initializer_list<std::uint16_t>{204, 205, 304}) {
        CAPTURE(status);
        auto reply = reply_of(status, "");
        reply.body = "hello";
        reply.content_type = "text/plain";
        const auto text = written(reply);
        CHECK(body_of(text).empty());
        CHECK(text.find("Content-Type") == text.npos);
        // 205 is told by its empty body, the others must not speak of a length (RFC 9110 §8.6, §15.3.6).
        CHECK((text.find("Content-Length: 0\r\n") != text.npos) == (status == 205));
    }
}

TEST_CASE("every failure with a status has a reason phrase and a detail that is plain JSON text") {
    for (const auto& row : kFailureTable) {
        if (row.status == 0) continue;
        CAPTURE(row.flag);
        CAPTURE(row.detail);
        CHECK_FALSE(reason_phrase(row.status).empty());
        CHECK(nlohmann::json::parse(body_of(written(reply_of(row.status, row.detail))))["detail"] ==
              std::string(row.detail));
    }
}

TEST_CASE("a reply that does not fit is noticed, not written past the end") {
    char room[64];
    HeadWriter out(room);
    write_local_reply(out, reply_of(502, "it broke"));
    CHECK(out.overflow());
    CHECK(out.size() <= sizeof room);
}
