#include "proxy/serve/access_line.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

using namespace switchyard::serve;

namespace {

constexpr std::int64_t kMoment = 1'795'219'200'123'456;  // 2026-11-21T00:00:00.123456Z

std::string line_of(const AccessEntry& entry) {
    std::vector<char> room(kMaxAccessLine);
    LineClock clock;
    return {room.data(), write_access_line(room, entry, clock)};
}

AccessEntry usual() {
    AccessEntry e;
    e.wall_us = kMoment;
    e.id = "abc";
    e.client = "10.0.0.1";
    e.listener = "web";
    e.method = "GET";
    e.host = "forum.example";
    e.path = "/t/1";
    e.status = 200;
    e.bytes_in = 3;
    e.bytes_out = 18446744073709551615u;
    e.route = "forum";
    e.rule = "beta";
    e.upstream = "green";
    e.endpoint = "127.0.0.1:9002";
    e.attempts = 2;
    e.generation = 43;
    e.first_byte_us = 1'234;
    e.duration_us = 1'002'005;
    return e;
}

}  // namespace

TEST_CASE("a line has every field, in its order, with its type") {
    CHECK(line_of(usual()) ==
          R"({"time":"2026-11-21T00:00:00.123456Z","id":"abc","client":"10.0.0.1","listener":"web","method":"GET",)"
          R"("host":"forum.example","path":"/t/1","protocol":"HTTP/1.1","status":200,"bytes_in":3,)"
          R"("bytes_out":18446744073709551615,"route":"forum","rule":"beta","upstream":"green",)"
          R"("endpoint":"127.0.0.1:9002","attempts":2,"generation":43,"ttfb_ms":1.234,"duration_ms":1002.005,)"
          R"("flag":""})"
          "\n");
}

TEST_CASE("a call of gRPC shows its status, and other requests have none") {
    auto e = usual();
    CHECK_FALSE(nlohmann::json::parse(line_of(e)).contains("grpc_status"));
    e.grpc_status = 0;
    CHECK(nlohmann::json::parse(line_of(e))["grpc_status"] == 0);
    e.grpc_status = 16;
    CHECK(line_of(e).find(R"("status":200,"grpc_status":16,"bytes_in":3)") != std::string::npos);
}

TEST_CASE("without a response there is no time to its first byte") {
    auto e = usual();
    e.first_byte_us = -1;
    e.flag = "timeout";
    const auto line = nlohmann::json::parse(line_of(e));
    CHECK(line["ttfb_ms"].is_null());
    CHECK(line["flag"] == "timeout");
}

TEST_CASE("no octet of a request can break a line or forge one") {
    std::mt19937 random(3);
    for (int round = 0; round < 2000; ++round) {
        std::string evil;
        for (int i = 0; i < 40; ++i) evil += static_cast<char>(random() % 256);
        if (round == 0) evil = "\"}\n{\"time\":\"\\";
        auto e = usual();
        e.path = e.host = e.id = e.route = evil;
        const auto text = line_of(e);
        CAPTURE(text);
        CHECK(text.find('\n') == text.size() - 1);
        const auto line = nlohmann::json::parse(text, nullptr, false);
        REQUIRE(line.is_object());
        CHECK(line.size() == 20);
        CHECK(line["status"] == 200);
        CHECK(line["path"] == line["host"]);
    }
}

TEST_CASE("names in other scripts stay readable") {
    auto e = usual();
    e.route = "täst-маршрут-路";
    CHECK(nlohmann::json::parse(line_of(e))["route"] == "täst-маршрут-路");
}

TEST_CASE("the longest texts fit, cut and marked") {
    const std::string worst(20'000, '\1');
    AccessEntry e = usual();
    e.id = e.client = e.listener = e.method = e.host = e.path = e.route = e.rule = e.upstream = e.endpoint = worst;
    e.generation = e.bytes_in = ~std::uint64_t{0};
    const auto text = line_of(e);
    CHECK(text.size() <= kMaxAccessLine);
    const auto line = nlohmann::json::parse(text);
    CHECK(line["path"].get<std::string>().size() == kMaxLoggedPath + 3);
    CHECK(line["path"].get<std::string>().ends_with("…"));
    e.path = "/short";
    CHECK(nlohmann::json::parse(line_of(e))["path"] == "/short");
}

TEST_CASE("the clock follows the seconds") {
    LineClock clock;
    char text[LineClock::kSize];
    auto at = [&](std::int64_t us) { return std::string(text, clock.write(text, us)); };
    CHECK(at(0) == "1970-01-01T00:00:00.000000Z");
    CHECK(at(999'999) == "1970-01-01T00:00:00.999999Z");
    CHECK(at(1'000'000) == "1970-01-01T00:00:01.000000Z");
    CHECK(at(kMoment) == "2026-11-21T00:00:00.123456Z");
    CHECK(at(1'709'164'799'000'001) == "2024-02-28T23:59:59.000001Z");
}
