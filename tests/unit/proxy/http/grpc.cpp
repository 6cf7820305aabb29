// What gRPC says in heads and trailers.
#include "proxy/http/grpc.h"

#include <doctest/doctest.h>

#include <cstring>

#include "proxy/http/head_parser.h"

using namespace switchyard;
using namespace switchyard::http;

namespace {

constexpr int kNone = -1;

int number(std::optional<GrpcStatus> status) {
    return status ? static_cast<int>(*status) : kNone;
}

int of_head(const std::string& lines) {
    std::string text = "HTTP/1.1 200 OK\r\n" + lines + "\r\n";
    Head head;
    HeadParser parser;
    REQUIRE(parser.response({text.data(), text.size()}, head) == HeadParser::Outcome::done);
    return number(grpc_status_of(text.data(), head));
}

}  // namespace

TEST_CASE("a call is what its content type says, and grpc-web is none") {
    for (const char* type :
         {"application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8", "Application/GRPC+json"})
        CHECK(is_grpc(type));
    for (const char* type : {"", "application/grp", "application/grpc-web", "application/grpc-web+proto",
                             "application/grpcx", "text/plain", " application/grpc"})
        CHECK_FALSE(is_grpc(type));
}

TEST_CASE("a status is one number from 0 to 16, said once; all else is unknown, and silence is silence") {
    struct Row {
        const char* lines;
        int status;
    };
    const Row rows[] = {
        {"", kNone},
        {"grpc-message: fine\r\n", kNone},
        {"x-grpc-status: 1\r\n", kNone},
        {"grpc-status: 0\r\n", 0},
        {"grpc-status: 7\r\n", 7},
        {"Grpc-Status: 16\r\n", 16},
        {"grpc-status: 013\r\n", 2},
        {"grpc-status: 17\r\n", 2},
        {"grpc-status: 99\r\n", 2},
        {"grpc-status: -1\r\n", 2},
        {"grpc-status: +1\r\n", 2},
        {"grpc-status: 1 \r\n", 1},
        {"grpc-status:\r\n", 2},
        {"grpc-status: OK\r\n", 2},
        {"grpc-status: 0x0\r\n", 2},
        {"grpc-status: 0, 0\r\n", 2},
        {"grpc-status: 0\r\ngrpc-status: 0\r\n", 2},
        {"grpc-status: 5\r\ngrpc-message: x\r\ngrpc-status: 0\r\n", 2},
        {"grpc-message: x\r\ngrpc-status: 14\r\n", 14},
    };
    for (const Row& row : rows) {
        CAPTURE(row.lines);
        CHECK(number(grpc_status_of(row.lines)) == row.status);
        CHECK(of_head(row.lines) == row.status);
    }
}

TEST_CASE("what a client makes of an answer that has no status, by its HTTP status") {
    const std::pair<std::uint16_t, int> rows[] = {{200, 2}, {302, 2},  {400, 13}, {401, 16}, {403, 7},  {404, 12},
                                                  {409, 2}, {429, 14}, {500, 2},  {502, 14}, {503, 14}, {504, 14}};
    for (const auto& [http, grpc] : rows) {
        CAPTURE(http);
        CHECK(static_cast<int>(grpc_status_of_http(http)) == grpc);
    }
}

TEST_CASE("every failure that a client can be told is told as a status that is none of success") {
    for (const FailureTraits& trait : kFailureTable) {
        if (trait.failure == Failure::none) continue;
        CAPTURE(static_cast<int>(trait.failure));
        const auto status = grpc_status_of(trait.failure);
        CHECK(status != GrpcStatus::ok);
        CHECK(status != GrpcStatus::unknown);
        CHECK((status == GrpcStatus::cancelled) == (trait.status == 0));
    }
    const std::pair<Failure, int> rows[] = {
        {Failure::none, 0},
        {Failure::no_endpoint, 14},
        {Failure::overflow, 14},
        {Failure::breaker_open, 14},
        {Failure::drained, 14},
        {Failure::connect_failed, 14},
        {Failure::connect_timeout, 14},
        {Failure::tls_untrusted, 14},
        {Failure::reset, 14},
        {Failure::bad_response, 14},
        {Failure::rate_limited, 8},
        {Failure::route_full, 14},
        {Failure::request_timeout, 4},
        {Failure::response_timeout, 4},
        {Failure::body_idle, 4},
        {Failure::no_route, 12},
        {Failure::body_too_large, 8},
        {Failure::head_too_large, 8},
        {Failure::bad_request, 13},
        {Failure::internal, 13},
        {Failure::client_closed, 1},
    };
    for (const auto& [failure, grpc] : rows) {
        CAPTURE(static_cast<int>(failure));
        CHECK(static_cast<int>(grpc_status_of(failure)) == grpc);
    }
}

TEST_CASE("a timeout is one to eight digits and a unit, rounded up to what is waited for") {
    struct Row {
        const char* text;
        std::int64_t ms;
    };
    const Row rows[] = {{"1H", 3'600'000},
                        {"2M", 120'000},
                        {"3S", 3'000},
                        {"4m", 4},
                        {"1u", 1},
                        {"1000u", 1},
                        {"1001u", 2},
                        {"1n", 1},
                        {"1000001n", 2},
                        {"0m", 0},
                        {"99999999H", 359'999'996'400'000},
                        {"00000005S", 5'000},
                        {"", kNone},
                        {"S", kNone},
                        {"5", kNone},
                        {"5s", kNone},
                        {"5h", kNone},
                        {"-5S", kNone},
                        {"5 S", kNone},
                        {"123456789m", kNone},
                        {"5.5S", kNone},
                        {"5SS", kNone},
                        {"0x5S", kNone}};
    for (const Row& row : rows) {
        CAPTURE(row.text);
        CHECK(parse_grpc_timeout(row.text).value_or(kNone) == row.ms);
    }
}

TEST_CASE("what is left of a time is written so that it is read back, and never as more") {
    for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{1}, std::int64_t{99'999'999}, std::int64_t{100'000'000},
                                  std::int64_t{99'999'999'000}, std::int64_t{100'000'000'000'000}}) {
        CAPTURE(ms);
        const auto back = parse_grpc_timeout(grpc_timeout(ms));
        REQUIRE(back);
        CHECK(*back <= ms);
        CHECK(*back >= ms - 3'600'000);
        CHECK((ms > 99'999'999 || *back == ms));
    }
    CHECK(grpc_timeout(-5) == "0m");
    CHECK(grpc_timeout(250) == "250m");
    CHECK(grpc_timeout(100'000'000) == "100000S");
}

TEST_CASE("an endpoint that says how long to wait is believed; one that says anything else wants no other attempt") {
    CHECK(parse_grpc_pushback("0") == 0);
    CHECK(parse_grpc_pushback("250") == 250);
    for (const char* none : {"", "-1", "-250", "soon", "1.5", "1 ", "123456789"}) {
        CAPTURE(none);
        CHECK_FALSE(parse_grpc_pushback(none));
    }
}

TEST_CASE("a message is printable, and what is not is escaped") {
    CHECK(grpc_message("plain text, with ~ and !") == "plain text, with ~ and !");
    CHECK(grpc_message("100%") == "100%25");
    CHECK(grpc_message("a\r\nb\t\x7f") == "a%0D%0Ab%09%7F");
    CHECK(grpc_message("\xc3\xa9") == "%C3%A9");
}
