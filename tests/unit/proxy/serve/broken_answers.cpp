// Responses that break before anything of them has gone out: there is still time to say so.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

// What the client gets when the endpoint says this and, perhaps, closes, before the worker looks.
std::string told(Stage& stage, Wire& client, const std::string& response, bool closes) {
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    connection.write(response);
    if (closes) connection.close();
    stage.crank->until("an answer or the end", [&] {
        client.read();
        return client.seen.find("}\n") != std::string::npos || client.ended || client.cut;
    });
    if (!closes) stage.crank->see_end(connection);
    CHECK(stage.in_flight() == 0);
    return client.take();
}

}  // namespace

TEST_CASE("a response that breaks with its first octets is answered with 502, and the client stays") {
    struct Row {
        const char* response;
        bool closes;
    };
    const Row kRows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r", true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n", false},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokay\r\n0\r\n\r\n", false},
    };
    for (const Row& row : kRows) {
        const std::string response = row.response;
        CAPTURE(response);
        Stage stage;
        Wire client = stage.client();
        const auto seen = told(stage, client, response, row.closes);
        REQUIRE(status_of(seen) == "502");
        CHECK(count_of(seen, "HTTP/1.1 ") == 1);
        CHECK_FALSE(client.cut);
        stage.crank->send(client, kGet);
        Wire connection = stage.accept();
        stage.crank->see(connection, "\r\n\r\n");
        stage.crank->send(connection, kOk);
        CHECK(status_of(stage.crank->see(client, "ok")) == "200");
    }
}

TEST_CASE("a response that breaks after its first octets went out ends after them, and never looks whole") {
    for (const bool chunked : {false, true}) {
        CAPTURE(chunked);
        Stage stage;
        Wire client = stage.client();
        const std::string head =
            chunked ? "Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n" : "Content-Length: 9\r\n\r\nsome";
        const auto seen = told(stage, client, "HTTP/1.1 200 OK\r\n" + head, true);
        CHECK(client.ended);
        CHECK(seen.find("some") != seen.npos);
        CHECK(seen.find("\r\n0\r\n") == seen.npos);
    }
}

TEST_CASE("what broke at once is counted once, against the endpoint") {
    Stage stage;
    Wire client = stage.client();
    told(stage, client, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true);
    const auto report = stage.crank->report();
    std::uint64_t unreachable = 0, ok = 0;
    for (const auto& endpoint : report.endpoints) {
        unreachable += endpoint.counts.unreachable;
        ok += endpoint.counts.ok;
    }
    CHECK(unreachable == 1);
    CHECK(ok == 0);
}
