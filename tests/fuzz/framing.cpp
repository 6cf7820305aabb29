// The law of framing: of a head whose length the guard has decided, a strict reader finds the message whole with
// exactly that body, and not whole with one byte less. Both directions; the input is the head's field lines alone, so
// that what is tried is Content-Length, Transfer-Encoding, Connection and their like.
#include <algorithm>
#include <cstdint>
#include <string>

#include "law.h"
#include "proxy/http/framing.h"
#include "proxy/http/head_parser.h"
#include "proxy/http/target.h"
#include "tests/support/strict_message.h"

using namespace switchyard;
using Strict = test::StrictResult::Outcome;

namespace {

constexpr std::uint64_t kMostBody = 4096;  // longer ones are the same to the guard and only slow here

// The body that the guard's verdict means, and whether one exists that is short enough to try.
bool body_for(const http::Body& body, std::string& out) {
    switch (body.kind) {
        case http::Body::Kind::none:
            return true;
        case http::Body::Kind::length:
            if (body.length > kMostBody) return false;
            out.assign(static_cast<std::size_t>(body.length), 'b');
            return true;
        case http::Body::Kind::chunked:
            out = "3\r\nabc\r\n0\r\n\r\n";
            return true;
        case http::Body::Kind::until_close:
            return false;
    }
    return false;
}

void check_request(const std::string& head_bytes) {
    http::HeadParser parser;
    http::Head head;
    if (parser.request(head_bytes, head) != http::HeadParser::Outcome::done || head.size != head_bytes.size()) return;
    const bool has_host = head.count(http::FieldName::host) == 1;
    if (!has_host || http::read_target(head_bytes.data(), head).refused != nullptr) return;  // see target.cpp
    const auto guarded = http::guard_request(head_bytes.data(), head);
    if (guarded.refused != nullptr) return;
    LAW(guarded.body.kind != http::Body::Kind::until_close);
    std::string body;
    if (!body_for(guarded.body, body)) return;
    const auto whole = test::read_strict_request(head_bytes + body);
    LAW(whole.outcome == Strict::whole);
    LAW(whole.message.size == head_bytes.size() + body.size());
    LAW(whole.message.chunked == (guarded.body.kind == http::Body::Kind::chunked));
    if (body.empty()) return;
    body.pop_back();
    LAW(test::read_strict_request(head_bytes + body).outcome == Strict::partial);
}

void check_response(const std::string& head_bytes, std::string_view method) {
    http::HeadParser parser;
    http::Head head;
    if (parser.response(head_bytes, head) != http::HeadParser::Outcome::done || head.size != head_bytes.size()) return;
    const auto guarded = http::guard_response(head_bytes.data(), head, method);
    if (guarded.refused != nullptr) return;
    std::string body;
    if (guarded.body.kind == http::Body::Kind::until_close) {
        LAW(test::read_strict_response(head_bytes + "any", method, true).message.until_close);
        return;
    }
    if (!body_for(guarded.body, body)) return;
    const auto whole = test::read_strict_response(head_bytes + body, method, false);
    LAW(whole.outcome == Strict::whole);
    LAW(whole.message.size == head_bytes.size() + body.size());
}

}  // namespace

// The first byte chooses version, method and status; the rest are the field lines.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    constexpr const char* kMethods[] = {"GET", "POST", "HEAD", "OPTIONS"};
    constexpr const char* kStatuses[] = {"200 OK", "204 No Content", "304 Not Modified", "404 Not Found"};
    const std::string fields(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string version = (data[0] & 1) != 0 ? "HTTP/1.1" : "HTTP/1.0";
    const std::string method = kMethods[data[0] >> 1 & 3];
    check_request(method + " / " + version + "\r\n" + fields + "\r\n\r\n");
    check_response(version + ' ' + kStatuses[data[0] >> 3 & 3] + "\r\n" + fields + "\r\n\r\n", method);
    return 0;
}
