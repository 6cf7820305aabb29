// What a worker remembers of the requests that it has served.
#include "proxy/serve/recent_requests.h"

#include <doctest/doctest.h>

#include <string>

#include "proxy/http/head_parser.h"

namespace switchyard::serve {
namespace {

void note(RecentRequests& recent, std::int64_t now_ms, const std::string& text) {
    http::Head head;
    REQUIRE(http::HeadParser().request(text, head) == http::HeadParser::Outcome::done);
    recent.note(now_ms, head, text.data(), "10.0.0.1", "web");
}

}  // namespace

TEST_CASE("one request in a while is remembered, with all that its route may ask") {
    RecentRequests recent;
    CHECK(recent.due(0));
    note(recent, 0, "GET /a?b=c HTTP/1.1\r\nHost: Here\r\nX-User: 7\r\nCookie:\r\n\r\n");
    CHECK_FALSE(recent.due(RecentRequests::kPaceMs - 1));
    CHECK(recent.due(RecentRequests::kPaceMs));
    const auto all = recent.newest_first();
    REQUIRE(all.size() == 1);
    CHECK(all[0].method == "GET");
    CHECK(all[0].target == "/a?b=c");
    CHECK(all[0].host == "Here");
    CHECK(all[0].client == "10.0.0.1");
    CHECK(all[0].listener == "web");
    CHECK(all[0].fields == std::vector<std::pair<std::string, std::string>>{{"X-User", "7"}, {"Cookie", ""}});
}

TEST_CASE("the newest stay, and what is too long or has no path is passed over") {
    RecentRequests recent;
    for (int i = 0; i < 50; ++i) note(recent, i, "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto all = recent.newest_first();
    REQUIRE(all.size() == RecentRequests::kKept);
    CHECK(all.front().target == "/49");
    CHECK(all.back().target == "/30");
    note(recent, 100,
         "GET /long HTTP/1.1\r\nHost: a\r\nX: " + std::string(RecentRequests::kMostText, 'x') + "\r\n\r\n");
    note(recent, 100, "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n");
    CHECK(recent.newest_first().front().target == "/49");
    // What is passed over does not put the next one off.
    CHECK(recent.due(49 + RecentRequests::kPaceMs));
}

}  // namespace switchyard::serve
