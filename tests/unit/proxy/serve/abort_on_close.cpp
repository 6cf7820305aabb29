// A client that closes its side: half of a conversation by default, the end of it where the route says so.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

const std::string kAbort = R"("abort_on_close": true)";

bool flagged_left(Stage& stage) {
    std::uint64_t aborted = 0;
    for (const auto& cell : stage.crank->report().cells) aborted += cell.cell->aborted;
    return aborted == 1;
}

}  // namespace

TEST_CASE("who has asked and closed his side is answered, unless the route takes it for leaving") {
    Stage stage;
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    client.shutdown_send();
    stage.crank->turn();
    CHECK(stage.in_flight() == 1);
    stage.crank->send(connection, kOk);
    CHECK(status_of(stage.crank->see_end(client)) == "200");
}

TEST_CASE("while the endpoint works on it, its request is given up at once") {
    for (const std::string& request : {kGet, post()}) {
        CAPTURE(request);
        Stage stage(1, kAbort);
        Wire client = stage.client();
        stage.crank->send(client, request);
        Wire connection = stage.accept();
        stage.crank->see(connection, request.substr(request.find("\r\n\r\n")));
        CHECK(stage.in_flight() == 1);
        client.shutdown_send();
        stage.crank->see_end(connection);
        CHECK(stage.in_flight() == 0);
        CHECK(flagged_left(stage));
        // The endpoint is not blamed for it.
        CHECK(stage.crank->suspects.empty());
    }
}

TEST_CASE("in the middle of a silent body, too") {
    Stage stage(1, kAbort);
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
    stage.crank->see(client, "part");
    client.shutdown_send();
    stage.crank->see_end(connection);
    CHECK(stage.in_flight() == 0);
    CHECK(flagged_left(stage));
}

TEST_CASE("a body that is still on its way is read to its end first") {
    Stage stage(1, kAbort);
    Wire client = stage.client();
    stage.crank->send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf ");
    Wire connection = stage.accept();
    stage.crank->see(connection, "half ");
    client.write("whole");
    client.shutdown_send();
    stage.crank->see(connection, "whole");
    stage.crank->see_end(connection);
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("nothing is sent for a client who has left before it could be") {
    Stage stage(1, kAbort);
    Wire client = stage.client();
    client.write(kGet);
    client.shutdown_send();
    stage.crank->see_end(client);
    CHECK(stage.in_flight() == 0);
    CHECK(stage.crank->sessions() == 0);
}
