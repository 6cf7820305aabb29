// A body that breaks off in the middle: no octet of it that came is lost, and no part looks like a whole.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

const std::string kFiveOfTen = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst";
const std::string kOneChunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n";

struct Broken {
    Stage stage;
    Wire client, endpoint;

    explicit Broken(const std::string& answer, const std::string& request = kGet, const std::string& upstream = {})
        : stage(1, "", upstream) {
        client = stage.client();
        stage.crank->send(client, request);
        endpoint = stage.accept();
        stage.crank->see(endpoint, "\r\n\r\n");
        stage.crank->send(endpoint, answer);
    }
    const std::string& end() { return stage.crank->see_end(client); }
};

}  // namespace

TEST_CASE("where the framing shows the cut, all that came is sent, and then comes an end in order") {
    for (const std::string& answer : {kFiveOfTen, kOneChunk}) {
        CAPTURE(answer);
        Broken b(answer);
        SUBCASE("the endpoint closes") {
            b.endpoint.close();
        }
        SUBCASE("the endpoint resets") {
            b.endpoint.reset();
        }
        SUBCASE("everything and the end come in one breath") {
            b.endpoint.write(answer == kFiveOfTen ? "1234" : "4\r\n1234\r\n");
            b.endpoint.close();
        }
        CHECK(b.end().find("first") != std::string::npos);
        CHECK(b.client.ended);
        CHECK_FALSE(b.client.cut);
        CHECK(b.client.seen.find("\r\n0\r\n") == std::string::npos);
    }
}

TEST_CASE("the chunks before a broken one are data") {
    Broken b(kOneChunk);
    b.stage.crank->see(b.client, "first");
    b.stage.crank->send(b.endpoint, "6\r\nsecond\r\nXX\r\n");
    CHECK(b.end().find("6\r\nsecond\r\n") != std::string::npos);
    CHECK(b.client.ended);
    CHECK(b.client.seen.find("\r\n0\r\n") == std::string::npos);
}

TEST_CASE("an endpoint that stops in the middle is an end in order as well") {
    Broken b(kFiveOfTen, kGet, R"("timeouts": {"idle": "2s"})");
    b.stage.crank->pass(2300);
    CHECK(b.end().ends_with("first"));
    CHECK(b.client.ended);
}

TEST_CASE("where an end is the only sign of the end, a cut is a reset") {
    Broken b(kOneChunk, "GET / HTTP/1.0\r\n\r\n");
    b.stage.crank->see(b.client, "first");
    b.endpoint.close();
    b.end();
    CHECK(b.client.cut);
}

TEST_CASE("an early answer reaches a client that looks for it only after a large upload") {
    constexpr std::size_t kSize = 20 * 1024 * 1024;
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n";
    const std::string body(kSize, 'u');
    SUBCASE("ours: the body is larger than the route allows") {
        Stage stage(1, R"("limits": {"body": "1MiB"})");
        Wire client = stage.client();
        stage.crank->send(client, head + body);
        CHECK_FALSE(client.cut);
        client.shutdown_send();
        CHECK(status_of(stage.crank->see_end(client)) == "413");
        CHECK(client.ended);
    }
    SUBCASE("the endpoint's") {
        Stage stage;
        Wire client = stage.client();
        stage.crank->send(client, head);
        Wire endpoint = stage.accept();
        stage.crank->see(endpoint, "\r\n\r\n");
        stage.crank->send(endpoint, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
        endpoint.shutdown_send();
        stage.crank->send(client, body);
        CHECK_FALSE(client.cut);
        client.shutdown_send();
        CHECK(status_of(stage.crank->see_end(client)) == "403");
        CHECK(client.ended);
    }
}

TEST_CASE("after the last answer a client that says nothing more is let go, and so is one that never ends") {
    Stage stage(1, R"("limits": {"body": "1MiB"})");
    Wire silent = stage.client(), endless = stage.client();
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n";
    stage.crank->send(silent, head);
    stage.crank->send(endless, head);
    for (int second = 0; second < 6; ++second) {
        stage.crank->send(endless, std::string(1000, 'u'));
        stage.crank->pass(1000);
    }
    CHECK(stage.crank->sessions() == 1);
    for (int second = 0; second < 25; ++second) {
        stage.crank->send(endless, std::string(1000, 'u'));
        stage.crank->pass(1000);
    }
    CHECK(stage.crank->sessions() == 0);
}
