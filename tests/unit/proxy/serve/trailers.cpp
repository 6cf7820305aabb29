// Trailers: dropped unless announced and allowed.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

TEST_CASE("trailers are passed on only by the names the route allows, and only where they belong") {
    Stage stage(1, R"("allow_trailers": ["X-Sum"])");
    Wire client = stage.client();
    stage.crank->send(
        client,
        "POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum, X-Other, Host\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\nhi\r\n0\r\nX-Sum: up\r\nContent-Length: 7\r\nHost: evil\r\nX-Other: 1\r\n\r\n");
    Wire connection = stage.accept();
    const auto up = stage.crank->see(connection, "\r\n0\r\n");
    CHECK(up.find("X-Sum: up\r\n\r\n") != up.npos);
    for (const char* gone : {"Content-Length: 7", "evil", "X-Other"}) CHECK(up.find(gone) == up.npos);
    CHECK(up.find("Trailer: x-sum\r\n") != up.npos);
    stage.crank->send(connection,
                      "HTTP/1.1 200 OK\r\nTrailer: X-sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"
                      "x-sum: down\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a\r\n\r\n");
    const auto down = stage.crank->see(client, "x-sum: down\r\n\r\n");
    CHECK(down.find("Set-Cookie") == down.npos);
    CHECK(count_of(down, "Transfer-Encoding") == 1);
    CHECK(down.find("Trailer: x-sum\r\n") != down.npos);
    CHECK(down.find("X-Sum: up") == down.npos);
}

TEST_CASE("a trailer that was not announced is dropped, though the route allows its name") {
    Stage stage(1, R"("allow_trailers": ["X-Sum", "X-More"])");
    Wire client = stage.client();
    stage.crank->send(client,
                      "POST / HTTP/1.1\r\nHost: a\r\nTrailer: x-more\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "0\r\nX-Sum: up\r\nX-More: m\r\n\r\n");
    Wire connection = stage.accept();
    const auto up = stage.crank->see(connection, "\r\n0\r\n");
    CHECK(up.find("X-Sum") == up.npos);
    CHECK(up.ends_with("0\r\nX-More: m\r\n\r\n"));
    stage.crank->send(connection,
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: down\r\n\r\n");
    const auto down = stage.crank->see(client, "\r\n0\r\n");
    CHECK(down.ends_with("0\r\n\r\n"));
    CHECK(down.find("Trailer") == down.npos);
}

TEST_CASE("trailers of a request that is still coming do not get into the answer") {
    Stage stage(1, R"("allow_trailers": ["X-Sum"])");
    Wire client = stage.client();
    stage.crank->send(client,
                      "POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n");
    Wire connection = stage.accept();
    stage.crank->see(connection, "2\r\nhi\r\n");
    stage.crank->send(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
    stage.crank->see(client, "2\r\nok\r\n");
    stage.crank->send(client, "0\r\nX-Sum: up\r\n\r\n");
    stage.crank->send(connection, "0\r\n\r\n");
    const auto seen = stage.crank->see(client, "\r\n0\r\n");
    CHECK(seen.find("X-Sum") == seen.npos);
}
