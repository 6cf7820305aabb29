// What is asked of a server about its health by gRPC, and what is made of its answer.
#include "control/watch/grpc_health.h"

#include <doctest/doctest.h>

#include "control/net/http_request.h"

namespace control = switchyard::control;
using namespace switchyard::control;

namespace {

std::string message(const std::string& octets) {
    return std::string("\0\0\0\0", 4) + static_cast<char>(octets.size()) + octets;
}

control::net::HttpAnswer answer(unsigned status, const std::string& body, const std::string& trailers) {
    control::net::HttpAnswer out;
    out.status = status;
    out.body = body;
    out.trailers = trailers;
    return out;
}

}  // namespace

TEST_CASE("what is asked is a call of Check, with the name of the service") {
    const auto asked = grpc_health_call("shop.Cart");
    CHECK(asked.method == "POST");
    CHECK(asked.target == "/grpc.health.v1.Health/Check");
    CHECK(control::net::request_text(asked, "10.0.0.1:9001").find("\r\nTE: trailers\r\n") != std::string::npos);
    CHECK(asked.body == message("\x0a\x09shop.Cart"));
    CHECK(grpc_health_call("").body == message(""));
    const std::string long_name(200, 'x');
    CHECK(grpc_health_call(long_name).body.ends_with("\x0a\xc8\x01" + long_name));
}

TEST_CASE("only SERVING is healthy, and what else there is says what to do") {
    struct Row {
        control::net::HttpAnswer answer;
        const char* trouble;
    };
    const std::string serving = message(std::string("\x08\x01", 2)), ok = "grpc-status: 0\r\n";
    const Row rows[] = {
        {answer(200, serving, ok), ""},
        {answer(200, message(std::string("\x12\x02hi\x08\x01\x1d\x01\x02\x03\x04", 11)), ok), ""},  // of later versions
        {answer(200, message(std::string("\x08\x02", 2)), ok), "answered NOT_SERVING, expected SERVING"},
        {answer(200, message(""), ok), "answered UNKNOWN, expected SERVING"},
        {answer(200, message(std::string("\x08\x03", 2)), ok), "answered SERVICE_UNKNOWN, expected SERVING"},
        {answer(200, message(std::string("\x08\x7f", 2)), ok), "answered nonsense, expected SERVING"},
        {answer(200, message(std::string("\x08", 1)), ok), "its answer is no HealthCheckResponse"},
        {answer(200, message(std::string("\x12\x09", 2)), ok), "its answer is no HealthCheckResponse"},
        {answer(200, "", ok), "its answer is no HealthCheckResponse"},
        {answer(200, serving, "grpc-status: 14\r\n"), "answered UNAVAILABLE"},
        {answer(200, serving, ""), "answered UNKNOWN"},
        {answer(200, "", "grpc-status: 12\r\n"),
         "it has no grpc.health.v1.Health (UNIMPLEMENTED): register that service, or check it by tcp"},
        {answer(200, "", "grpc-status: 5\r\n"), "it knows no service \"x\" (NOT_FOUND)"},
        {answer(404, "", ""), "answered HTTP 404, which is no answer of gRPC"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.trouble);
        CHECK(grpc_health_trouble(row.answer, "x") == row.trouble);
    }
}
