#include "proxy/serve/endpoint_answer.h"

#include <doctest/doctest.h>

#include <string>

#include "proxy/http/head_parser.h"

using namespace switchyard;
using serve::EndpointAnswer;

namespace {

struct Exchanged {
    std::string request_text, text;
    route::Asked asked;
    EndpointAnswer answer;
    const char* why = nullptr;

    Exchanged(const std::string& request, const std::string& status_and_lines)
        : request_text(request + "\r\n\r\n"), text("HTTP/1.1 " + status_and_lines + "\r\n\r\n") {
        REQUIRE(http::HeadParser().request(request_text, asked.head) == http::HeadParser::Outcome::done);
        REQUIRE(asked.check(request_text.data()) == Failure::none);
        REQUIRE(http::HeadParser().response(text, answer.head) == http::HeadParser::Outcome::done);
        why = answer.check(text.data(), asked);
    }
};

const std::string kSimple = "GET / HTTP/1.1\r\nHost: a";

}  // namespace

TEST_CASE("what an answer says about what comes behind its head") {
    struct Row {
        std::string request, answer;
        bool interim, tunnel, body, takes_its_time, binds;
    };
    const Row rows[] = {
        {kSimple, "200 OK\r\nContent-Length: 3", false, false, true, false, false},
        {kSimple, "200 OK\r\nContent-Length: 1048577", false, false, true, true, false},
        {kSimple, "200 OK\r\nTransfer-Encoding: chunked", false, false, true, false, false},
        {kSimple, "200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: Text/Event-Stream", false, false, true, true,
         false},
        {kSimple, "204 No Content", false, false, false, false, false},
        {"HEAD / HTTP/1.1\r\nHost: a", "200 OK\r\nContent-Length: 9", false, false, false, false, false},
        {kSimple, "100 Continue", true, false, false, false, false},
        {kSimple, "404 Not Found\r\nContent-Length: 0", false, false, false, false, false},
        {kSimple + "\r\nConnection: upgrade\r\nUpgrade: websocket",
         "101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket", false, true, false, false, false},
        {"CONNECT a:443 HTTP/1.1\r\nHost: a:443", "200 OK", false, true, true, false, false},
        {kSimple, "401 Unauthorized\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0", false, false, false, false, true},
        {kSimple, "401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0", false, false, false, false,
         false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.request);
        CAPTURE(row.answer);
        const Exchanged e(row.request, row.answer);
        CHECK(e.why == nullptr);
        CHECK(e.answer.interim() == row.interim);
        CHECK(e.answer.opens_tunnel(e.asked) == row.tunnel);
        CHECK(e.answer.ought_to_have_a_body(e.asked) == row.body);
        CHECK(e.answer.takes_its_time(e.text.data()) == row.takes_its_time);
        CHECK(e.answer.binds(e.text.data(), e.asked) == row.binds);
    }
}

TEST_CASE("an answer that must not be passed on, and how it is told of") {
    CHECK(Exchanged(kSimple, "101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket").why != nullptr);
    CHECK(Exchanged(kSimple, "200 OK\r\nContent-Length: 1\r\nContent-Length: 2").why != nullptr);
    EndpointAnswer answer;
    CHECK(answer.refuse("its head is malformed", "HTTP/9 200") == "its head is malformed: HTTP/9 200");
    CHECK(answer.refuse("too long", std::string(100, 'x')) == "too long: " + std::string(64, 'x'));
}
