// How long clients and endpoints may take, and what the other side gets to see of it.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

TEST_CASE("a head that does not come to its end in time gets 408") {
    Stage stage(1, {}, {}, R"("head_timeout": "3s")");
    Wire client = stage.client();
    stage.crank->send(client, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < 2; ++i) {
        stage.crank->pass(1000);
        stage.crank->send(client, "X: 1\r\n");  // a drop now and then does not buy more time
    }
    CHECK(client.read() == 0);
    stage.crank->pass(1200);
    const auto seen = stage.crank->see_end(client);
    CHECK(status_of(seen) == "408");
    CHECK(seen.find("Connection: close") != seen.npos);
}

TEST_CASE("a request body that stops gets 408 when the endpoint is not to blame") {
    Stage stage(1, {}, R"("timeouts": {"idle": "2s"})");
    Wire client = stage.client();
    stage.crank->send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nsome");
    Wire connection = stage.accept();
    stage.crank->see(connection, "some");
    stage.crank->pass(2500);
    CHECK(status_of(stage.crank->see_end(client)) == "408");
    stage.crank->see_end(connection);
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("an endpoint that does not answer in time gets 504, once its second chance is gone too") {
    Stage stage(2, {}, R"("timeouts": {"response_head": "2s"})");
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    std::size_t first = 0, second = 0;
    Wire one = stage.accept_any(first);
    stage.crank->see(one, "\r\n\r\n");
    stage.crank->pass(2300);
    Wire two = stage.accept_any(second);
    CHECK(first != second);
    stage.crank->see(two, "\r\n\r\n");
    stage.crank->pass(2300);
    CHECK(status_of(stage.crank->see(client, "\r\n\r\n")) == "504");
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("the time of a whole request is limited, whatever it waits for") {
    for (const bool head_sent : {false, true}) {
        Stage stage(1, R"("timeouts": {"request": "3s"})");
        Wire client = stage.client();
        stage.crank->send(client, kGet);
        Wire connection = stage.accept();
        stage.crank->see(connection, "\r\n\r\n");
        if (head_sent) {
            stage.crank->send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
            stage.crank->see(client, "\r\n\r\n");
            for (int i = 0; i < 5; ++i) {
                stage.crank->pass(500);
                stage.crank->send(connection, "x");  // steady, but too slow for the limit
            }
        }
        stage.crank->pass(3500);
        if (head_sent) {
            stage.crank->see_end(client);
            CHECK(client.seen.find("Content-Length: 100") != client.seen.npos);
            CHECK(client.seen.ends_with("xxxxx"));  // all that came, and 95 are missing
            CHECK(client.ended);
        } else {
            CHECK(status_of(stage.crank->see(client, "\r\n\r\n")) == "504");
        }
        CHECK(stage.in_flight() == 0);
    }
}

TEST_CASE("a body that stops in the middle is ended after the idle time, and does not look whole") {
    Stage stage(1, {}, R"("timeouts": {"idle": "2s"})");
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
    stage.crank->see(client, "ok");
    for (int i = 0; i < 5; ++i) {  // as long as bytes come it goes on
        stage.crank->pass(1500);
        stage.crank->send(connection, "1\r\nx\r\n");
    }
    CHECK_FALSE(client.cut);
    // What the client says meanwhile does not count as news of the endpoint.
    for (int i = 0; i < 4; ++i) {
        stage.crank->pass(600);
        client.write("x");
        stage.crank->turn();
    }
    stage.crank->see_end(client);
    CHECK(client.seen.find("\r\n0\r\n") == client.seen.npos);
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("an endpoint that stops taking an upload is timed out, however much the client still has to say") {
    Stage stage(1, {}, R"("timeouts": {"idle": "2s"})");
    Wire client = stage.client();
    stage.crank->send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
    Wire connection = stage.accept();
    connection.shrink_buffers();
    const std::string piece(100'000, 'x');
    int still = 0;
    for (int i = 0; i < 900 && still < 3; ++i) {
        still = client.write(piece) == 0 ? still + 1 : 0;
        stage.crank->turn();
    }
    CHECK(still == 3);
    CHECK(stage.in_flight() == 1);
    stage.crank->pass(5'000);
    CHECK(stage.in_flight() == 0);
    CHECK_FALSE(connection.cut);
}
