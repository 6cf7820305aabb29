// Requests and responses that follow one another on connections that stay.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

TEST_CASE("pipelined requests are answered in their order over one connection to the endpoint") {
    Stage stage;
    Wire client = stage.client();
    std::string all;
    for (int i = 0; i < 5; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    stage.crank->send(client, all);
    Wire connection = stage.accept();
    for (int i = 0; i < 5; ++i) {
        stage.crank->see(connection, "GET /" + std::to_string(i) + " ");
        CHECK(connection.take().find("GET /" + std::to_string(i + 1) + " ") == std::string::npos);
        stage.crank->send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n" + std::to_string(i));
        stage.crank->see(client, "\r\n\r\n" + std::to_string(i));
        CHECK(count_of(client.take(), "HTTP/1.1 200") == 1);
    }
    CHECK_FALSE(stage.endpoints[0]->accept().is_open());
}

TEST_CASE("a request cut anywhere arrives as one") {
    const std::string request = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    for (std::size_t cut = 1; cut < request.size(); ++cut) {
        CAPTURE(cut);
        Stage stage;
        Wire client = stage.client();
        stage.crank->send(client, request.substr(0, cut));
        stage.crank->send(client, request.substr(cut));
        Wire connection = stage.accept();
        REQUIRE(stage.crank->see(connection, "hello").starts_with("POST /x HTTP/1.1\r\n"));
    }
}

TEST_CASE("a response cut anywhere arrives as one, in every framing") {
    const std::string responses[] = {kOk, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                                     "HTTP/1.1 100 Continue\r\n\r\n" + kOk};
    for (const auto& response : responses) {
        Stage stage;
        Wire client = stage.client();
        Wire connection = stage.kept_connection(client);
        for (std::size_t cut = 1; cut < response.size(); ++cut) {
            CAPTURE(response);
            CAPTURE(cut);
            stage.crank->send(client, kGet);
            stage.crank->see(connection, "\r\n\r\n");
            connection.take();
            stage.crank->send(connection, response.substr(0, cut));
            client.read();
            stage.crank->send(connection, response.substr(cut));
            const bool chunked = response.find("chunked") != response.npos;
            const auto seen = stage.crank->see(client, chunked ? "\r\n0\r\n\r\n" : "\r\n\r\nok");
            REQUIRE((seen.find("ok") != seen.npos || seen.find("1\r\no\r\n1\r\nk\r\n") != seen.npos));
            client.take();
        }
    }
}

TEST_CASE("empty lines before a request are ignored, twenty of them are not") {
    Stage stage;
    Wire client = stage.client();
    stage.crank->send(client, "\r\n");
    stage.crank->send(client, "\r\n" + kGet);
    Wire connection = stage.accept();
    CHECK(stage.crank->see(connection, "\r\n\r\n").starts_with("GET / "));
    Wire other = stage.client();
    std::string many;
    for (int i = 0; i < 20; ++i) many += "\r\n";
    stage.crank->send(other, many);
    CHECK(status_of(stage.crank->see_end(other)) == "400");
}

TEST_CASE("HEAD, 204 and 304 end with their head, whatever length they tell") {
    struct Row {
        const char* method;
        const char* response;
    };
    const Row kRows[] = {{"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"},
                         {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
                         {"HEAD", "HTTP/1.1 404 Not Found\r\n\r\n"},
                         {"GET", "HTTP/1.1 204 No Content\r\n\r\n"},
                         {"GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"},
                         {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nETag: \"x\"\r\n\r\n"}};
    Stage stage;
    Wire client = stage.client();
    Wire connection = stage.kept_connection(client);
    for (const Row& row : kRows) {
        CAPTURE(row.response);
        stage.crank->send(client, std::string(row.method) + " / HTTP/1.1\r\nHost: a\r\n\r\n");
        stage.crank->see(connection, "\r\n\r\n");
        connection.take();
        stage.crank->send(connection, row.response);
        const auto seen = stage.crank->see(client, "\r\n\r\n");
        CHECK(seen.ends_with("\r\n\r\n"));
        CHECK((seen.find("Content-Length: 500") != seen.npos) ==
              (std::string(row.response).find("500") != std::string::npos));
        // RFC 9110 §8.6: never on a 204, wherever it was written.
        CHECK(seen.find("Content-Length: 0") == seen.npos);
        client.take();
    }
    // Both connections are still at a message border.
    stage.crank->send(client, kGet);
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, kOk);
    CHECK(stage.crank->see(client, "ok").starts_with("HTTP/1.1 200 OK"));
}

TEST_CASE("Expect: 100-continue is asked of the endpoint, and the body follows its invitation") {
    Stage stage;
    Wire client = stage.client();
    stage.crank->send(client, "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    Wire connection = stage.accept();
    CHECK(stage.crank->see(connection, "\r\n\r\n").find("Expect: 100-continue") != std::string::npos);
    stage.crank->send(connection, "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(stage.crank->see(client, "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    stage.crank->send(client, "hello");
    stage.crank->see(connection, "\r\n\r\nhello");
    stage.crank->send(connection, kOk);
    CHECK(stage.crank->see(client, "ok").find("HTTP/1.1 200 OK") != std::string::npos);
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("an endpoint that refuses an expectation is heard, and the connection ends") {
    Stage stage;
    Wire client = stage.client();
    stage.crank->send(client, "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
    const auto seen = stage.crank->see(client, "\r\n\r\n");
    CHECK(status_of(seen) == "417");
    CHECK(seen.find("Connection: close\r\n") != seen.npos);
    stage.crank->see_end(client);
}

TEST_CASE("an endpoint that answers an expectation without an invitation is not asked again on that connection") {
    // Whether it reads the body that came all the same, or takes it for the next request, is not known.
    for (const bool invited : {false, true}) {
        CAPTURE(invited);
        Stage stage;
        Wire client = stage.client();
        const std::string body = "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n";
        stage.crank->send(client, "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: " +
                                      std::to_string(body.size()) + "\r\n\r\n" + body);
        Wire connection = stage.accept();
        stage.crank->see(connection, body);
        connection.take();
        if (invited) stage.crank->send(connection, "HTTP/1.1 100 Continue\r\n\r\n");
        stage.crank->send(connection, kOk);
        stage.crank->see(client, "\r\n\r\nok");
        if (invited) {
            stage.crank->turn();
            connection.read();
            CHECK_FALSE(connection.ended);
            continue;
        }
        stage.crank->see_end(connection);
        stage.crank->send(client, kGet);
        Wire fresh = stage.accept();
        stage.crank->see(fresh, "GET / ");
    }
}

TEST_CASE("interim answers are passed on in their order, but not to HTTP/1.0") {
    Stage stage;
    Wire client = stage.client();
    Wire connection = stage.kept_connection(client);
    const std::string interim =
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: X\r\nX: 1\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n";
    stage.crank->send(client, kGet);
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, interim + kOk);
    const auto seen = stage.crank->see(client, "\r\n\r\nok");
    CHECK(seen.starts_with(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK"));

    Wire old = stage.client();
    connection.take();
    stage.crank->send(old, "GET / HTTP/1.0\r\n\r\n");
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, interim + kOk);
    CHECK(stage.crank->see_end(old).starts_with("HTTP/1.1 200 OK"));
    CHECK(count_of(old.seen, "HTTP/1.1") == 1);
}

TEST_CASE("an endpoint that only ever sends interim answers is given up") {
    Stage stage;
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    for (int i = 0; i < 1200 && !connection.cut; ++i) {
        connection.write("HTTP/1.1 102 Processing\r\n\r\n");
        stage.crank->turn();
    }
    CHECK(count_of(stage.crank->see(client, "502"), "102 Processing") == 1000);
}

TEST_CASE("interim answers of any size a head may have are passed on, and each gives the endpoint its time anew") {
    Stage stage(1, "", R"("timeouts": {"response_head": "2s"})");
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    std::string hints = "HTTP/1.1 103 Early Hints\r\n";
    for (int i = 0; i < 60; ++i) hints += "Link: </" + std::string(200, 'x') + ">; rel=preload\r\n";
    for (int i = 0; i < 20; ++i) {
        stage.crank->pass(1500);
        stage.crank->send(connection, i == 10 ? hints + "\r\n" : "HTTP/1.1 102 Processing\r\n\r\n");
    }
    CHECK(stage.crank->see(client, "Early Hints").find(hints) != std::string::npos);
    stage.crank->send(connection, kOk);
    const auto& seen = stage.crank->see(client, "ok");
    CHECK(count_of(seen, "HTTP/1.1 102 Processing") == 19);
    CHECK(count_of(seen, "HTTP/1.1 200 OK") == 1);
}

TEST_CASE("an endpoint that falls silent after an interim answer is late, and not the client") {
    Stage stage(1, "", R"("timeouts": {"response_head": "2s", "idle": "2s"})");
    Wire client = stage.client();
    stage.crank->send(client, post());
    Wire connection = stage.accept();
    stage.crank->see(connection, "hello");
    stage.crank->send(connection, "HTTP/1.1 102 Processing\r\n\r\n");
    stage.crank->pass(2300);
    CHECK(count_of(stage.crank->see(client, "504 Gateway Timeout"), "HTTP/1.1 102 Processing") == 1);
}

TEST_CASE("a 204 ends at its empty line whatever it says, and its connection serves nobody else") {
    for (const std::string fields :
         {"Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\n", "Transfer-Encoding: gzip, chunked\r\n"}) {
        CAPTURE(fields);
        Stage stage;
        Wire client = stage.client();
        stage.crank->send(client, kGet);
        Wire connection = stage.accept();
        stage.crank->see(connection, "\r\n\r\n");
        stage.crank->send(connection, "HTTP/1.1 204 No Content\r\n" + fields + "\r\nHTTP/1.1 200 OK\r\n\r\nevil");
        const auto seen = stage.crank->see(client, "\r\n\r\n");
        CHECK(status_of(seen) == "204");
        CHECK(seen.find("Transfer-Encoding") == seen.npos);
        CHECK(seen.find("Content-Length") == seen.npos);
        stage.crank->see_end(connection);
        client.take();
        stage.crank->send(client, kGet);
        Wire fresh = stage.accept();
        stage.answer(fresh, client, kGet);
    }
}

TEST_CASE("HTTP/1.0 clients get a body until close, or keep their connection when they ask for it") {
    Stage stage;
    Wire client = stage.client();
    stage.crank->send(client, "GET / HTTP/1.0\r\n\r\n");
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
    const auto seen = stage.crank->see_end(client);
    CHECK(seen.ends_with("\r\n\r\nok"));
    CHECK(seen.find("chunked") == seen.npos);
    CHECK(seen.find("Connection: close") != seen.npos);
    CHECK(client.ended);

    Wire keeping = stage.client();
    connection.take();
    for (int i = 0; i < 2; ++i) {
        stage.crank->send(keeping, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        stage.crank->see(connection, "\r\n\r\n");
        connection.take();
        stage.crank->send(connection, kOk);
        CHECK(stage.crank->see(keeping, "\r\n\r\nok").find("Connection: keep-alive") != std::string::npos);
        keeping.take();
    }
}

TEST_CASE("an HTTP/1.0 endpoint's body until close becomes chunks for an HTTP/1.1 client") {
    Stage stage;
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, "HTTP/1.0 200 OK\r\n\r\nhel");
    stage.crank->send(connection, "lo");
    connection.close();
    const auto seen = stage.crank->see(client, "0\r\n\r\n");
    CHECK(seen.find("Transfer-Encoding: chunked\r\n") != seen.npos);
    CHECK(seen.find("3\r\nhel\r\n") != seen.npos);
    CHECK(seen.find("2\r\nlo\r\n") != seen.npos);
    stage.crank->send(client, kGet);  // the client's connection stays
    stage.accept();
}

TEST_CASE("an answer before the request's end is passed on, and no connection is kept") {
    Stage stage;
    Wire client = stage.client();
    stage.crank->send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nsome");
    Wire connection = stage.accept();
    stage.crank->see(connection, "some");
    stage.crank->send(connection, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
    const auto seen = stage.crank->see(client, "big");
    CHECK(status_of(seen) == "413");
    CHECK(seen.find("Connection: close\r\n") != seen.npos);
    stage.crank->see_end(connection);
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("a client that was promised its connection before the end of the worker gets one more answer on it") {
    Stage stage;
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    connection.take();
    stage.crank->send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nso");
    CHECK(stage.crank->see(client, "so").find("Connection: close") == std::string::npos);
    stage.crank->context.stopping = true;
    stage.crank->send(connection, "me");
    stage.crank->see(client, "some");
    client.take();
    stage.crank->turn();
    stage.crank->send(client, kGet);
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, kOk);
    CHECK(stage.crank->see_end(client).find("Connection: close\r\n") != std::string::npos);
}

TEST_CASE("the date is added when the endpoint has none, and what is hop by hop is taken out") {
    Stage stage(1, R"("response_headers": {"set": {"Server": "ours"}, "remove": ["X-Inner"]})");
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(
        connection,
        "HTTP/1.1 200 OK\r\nserver: theirs\r\nX-INNER: 1\r\nKeep-Alive: timeout=5\r\nConnection: X-Hop\r\n"
        "X-Hop: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok");
    const auto seen = stage.crank->see(client, "ok");
    CHECK(count_of(seen, "Date: ") == 1);
    CHECK(count_of(seen, "Set-Cookie: ") == 2);
    CHECK(seen.find("Server: ours\r\n") != seen.npos);
    for (const char* gone : {"theirs", "X-INNER", "Keep-Alive", "X-Hop"}) CHECK(seen.find(gone) == seen.npos);
}

TEST_CASE("an idle client connection ends after its time, and holds no buffer meanwhile") {
    Stage stage(1, {}, {}, R"("idle_timeout": "5s")");
    Wire client = stage.client();
    Wire connection = stage.kept_connection(client);
    stage.crank->pass(4900);
    CHECK(stage.crank->sessions() == 1);
    stage.crank->pass(300);
    stage.crank->see_end(client);
    client.close();
    stage.crank->turn();
    CHECK(stage.crank->sessions() == 0);
}

TEST_CASE("debug headers tell the generation, and after a publish the new one, on the same connection") {
    ListeningWire endpoint;
    const auto config = one_route({endpoint.port()}, R"("debug_headers": true)");
    Crank crank(config);
    Wire client = crank.client();
    for (const std::uint64_t generation : {1u, 2u, 3u}) {
        crank.send(client, kGet);
        static Wire connection;
        if (generation == 1) connection = crank.accept(endpoint);
        crank.see(connection, "\r\n\r\n");
        connection.take();
        crank.send(connection, kOk);
        const auto seen = crank.see(client, "\r\n\r\nok");
        CHECK(seen.find("X-Switchyard: generation=" + std::to_string(generation) +
                        "; route=all; upstream=app; endpoint=127.0.0.1:" + std::to_string(endpoint.port())) !=
              seen.npos);
        client.take();
        crank.publish(config);
        CHECK(crank.generations() == 1);
        if (generation == 3) connection.close();
    }
    CHECK(crank.retired == std::vector<std::uint64_t>{1, 2, 3});
}

TEST_CASE("a generation is held by the exchange that was routed by it, and no longer") {
    ListeningWire endpoint;
    const auto config = one_route({endpoint.port()}, R"("debug_headers": true)");
    Crank crank(config);
    Wire client = crank.client();
    crank.send(client, kGet + kGet);
    Wire connection = crank.accept(endpoint);
    crank.see(connection, "\r\n\r\n");
    crank.publish(config);
    CHECK(crank.generations() == 2);
    CHECK(crank.retired.empty());
    crank.send(connection, kOk);
    CHECK(crank.see(client, "ok").find("generation=1;") != std::string::npos);
    // The pipelined request that was in the buffer all the time is routed by the new one.
    CHECK(crank.retired == std::vector<std::uint64_t>{1});
    client.take();
    crank.send(connection, kOk);
    CHECK(crank.see(client, "ok").find("generation=2;") != std::string::npos);
}
