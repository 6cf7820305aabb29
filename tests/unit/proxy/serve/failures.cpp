// What goes wrong at the endpoint or at the client, and what the other side gets to see of it.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard::test;

namespace {

// First attempts: how many failed, of how many.
std::pair<std::uint64_t, std::uint64_t> failed_of(Stage& stage) {
    std::pair<std::uint64_t, std::uint64_t> out{0, 0};
    for (const auto& delta : stage.crank->report().cells)
        out.first += delta.cell->failures, out.second += delta.cell->attempts;
    return out;
}

}  // namespace

TEST_CASE("a POST that may have been acted on is not sent again") {
    Stage stage(2, {}, R"("timeouts": {"response_head": "2s"})");
    Wire client = stage.client();
    stage.crank->send(client, post());
    std::size_t which = 0;
    Wire connection = stage.accept_any(which);
    stage.crank->see(connection, "hello");
    stage.crank->pass(2300);
    CHECK(status_of(stage.crank->see(client, "\r\n\r\n")) == "504");
    CHECK_FALSE(stage.endpoints[1 - which]->accept().is_open());
}

TEST_CASE("a refused connection is tried at another endpoint, even for a POST") {
    for (const std::string& request : {kGet, post()}) {
        int answered = 0;
        for (int round = 0; round < 8; ++round) {
            Stage stage(2);
            stage.endpoints[0]->close();
            Wire client = stage.client();
            stage.crank->context.stopping = round % 2 == 1;  // what is accepted before the end is saved during it
            stage.crank->send(client, request);
            Wire connection = stage.accept(1);
            stage.crank->see(connection, "\r\n\r\n");
            stage.crank->send(connection, kOk);
            answered += status_of(stage.crank->see(client, "ok")) == "200";
            CHECK(stage.in_flight() == 0);
        }
        CHECK(answered == 8);
    }
}

TEST_CASE("a connection that is refused everywhere is 502, and counted against the endpoints") {
    Stage stage(2);
    for (auto& endpoint : stage.endpoints) endpoint->close();
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    CHECK(status_of(stage.crank->see(client, "\r\n\r\n")) == "502");
    const auto report = stage.crank->report();
    std::uint64_t unreachable = 0;
    for (const auto& endpoint : report.endpoints) unreachable += endpoint.counts.unreachable;
    CHECK(unreachable == 2);
    CHECK(report.retries_connect == 1);
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("with one endpoint a refused connection is 502 as well") {
    Stage stage(1);
    stage.endpoints[0]->close();
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    const auto seen = stage.crank->see(client, "\r\n\r\n");
    CHECK(status_of(seen) == "502");
    CHECK(seen.find("Retry-After") == seen.npos);
}

TEST_CASE("no endpoint at all is 503 with a time to come back") {
    Stage stage(1);
    stage.crank->context.in_force->snapshot->upstreams[0]->endpoints[0].state->set(
        switchyard::upstream::EndpointState::up, false);
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    const auto seen = stage.crank->see(client, "\r\n\r\n");
    CHECK(status_of(seen) == "503");
    CHECK(seen.find("Retry-After: 1\r\n") != seen.npos);
}

TEST_CASE("a kept connection that was closed meanwhile costs the client nothing, GET or POST") {
    for (const std::string& request : {kGet, post(),
                                       std::string("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                                   "2\r\nhi\r\n0\r\n\r\n")}) {
        CAPTURE(request);
        Stage stage;
        Wire client = stage.client();
        Wire old = stage.kept_connection(client);
        old.close();  // the worker has not heard of it yet when the next request comes
        client.write(request);
        Wire fresh = stage.accept();
        stage.crank->see(fresh, "\r\n\r\n");
        stage.crank->send(fresh, kOk);
        CHECK(status_of(stage.crank->see(client, "ok")) == "200");
        CHECK(stage.in_flight() == 0);
        CHECK(failed_of(stage) == std::pair<std::uint64_t, std::uint64_t>{0, 2});  // it says nothing about the endpoint
    }
}

TEST_CASE(
    "a GET that the endpoint has read on a kept connection and cut is answered by another try, and counts against it") {
    for (const bool in_order : {true, false}) {
        CAPTURE(in_order);
        Stage stage;
        Wire client = stage.client();
        Wire old = stage.kept_connection(client);
        stage.crank->send(client, kGet);
        stage.crank->see(old, "\r\n\r\n");
        if (in_order)
            old.close();
        else
            old.reset();
        Wire fresh = stage.accept();
        stage.crank->see(fresh, "\r\n\r\n");
        stage.crank->send(fresh, kOk);
        CHECK(status_of(stage.crank->see(client, "ok")) == "200");
        CHECK(failed_of(stage) == std::pair<std::uint64_t, std::uint64_t>{1, 2});
    }
}

TEST_CASE("a chunked request whose first bytes were taken is not begun anew in the middle") {
    // The size of the first chunk is there, its data not yet: nothing of the body has been sent, but part was read.
    for (const std::string& first : {std::string("5\r\n"), std::string("5"), std::string("0\r\n\r\n")}) {
        CAPTURE(first);
        Stage stage(2);
        Wire client = stage.client();
        stage.crank->send(client, "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + first);
        std::size_t which = 0;
        Wire connection = stage.accept_any(which);
        stage.crank->see(connection, "\r\n\r\n");
        connection.reset();
        stage.crank->turn();
        if (first != "0\r\n\r\n") client.write("abcde\r\n0\r\n\r\n");
        // Either the proxy gives up with 502, or another endpoint gets the whole message.
        Wire other;
        stage.crank->until("an answer or another attempt", [&] {
            if (!other.is_open()) other = stage.endpoints[1 - which]->accept();
            if (other.is_open()) other.read();
            client.read();
            return !client.seen.empty() || other.seen.find("0\r\n\r\n") != std::string::npos;
        });
        if (client.seen.empty())
            CHECK(other.seen.ends_with(first == "0\r\n\r\n" ? "\r\n\r\n0\r\n\r\n" : "\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"));
        else
            CHECK(status_of(client.seen) == "502");
    }
}

TEST_CASE("a POST goes out on a fresh connection until the endpoint has shown that it lets connections wait") {
    Stage stage;
    Wire client = stage.client();
    Wire first = stage.kept_connection(client);
    stage.crank->send(client, post());
    Wire witness = stage.accept();
    stage.answer(witness, client, post());
    stage.crank->pass(switchyard::upstream::Patience::kProofMs);
    stage.crank->send(client, kGet);
    stage.answer(witness, client, kGet);
    stage.crank->send(client, post());
    stage.answer(witness, client, post());
    CHECK_FALSE(stage.endpoints[0]->accept().is_open());
}

TEST_CASE("a POST that the endpoint has read on a kept connection is never sent again, however it is cut") {
    for (const int way : {0, 1, 2}) {
        CAPTURE(way);
        Stage stage;
        Wire client = stage.client();
        Wire connection = stage.trusted_connection(client);
        stage.crank->send(client, post());
        if (way == 2) {
            // It reads the head, acts, and leaves the body unread.
            stage.crank->until("the head", [&] { return connection.read(10) == 10; });
        } else {
            stage.crank->see(connection, "hello");
        }
        if (way == 0)
            connection.close();
        else if (way == 1)
            connection.reset();
        else
            connection.close();
        CHECK(status_of(stage.crank->see(client, "\r\n\r\n")) == "502");
        CHECK_FALSE(stage.endpoints[0]->accept().is_open());
        CHECK(stage.in_flight() == 0);
        CHECK(failed_of(stage).first == 1);  // the client got a 502 of the endpoint's making
    }
}

TEST_CASE("a response with a malformed head is 502 and the connection is not used again") {
    const char* kRows[] = {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "nonsense\r\n\r\n",
                           "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
                           "HTTP/2.0 200 OK\r\n\r\n"};
    for (const char* row : kRows) {
        CAPTURE(row);
        Stage stage;
        Wire client = stage.client();
        stage.crank->send(client, kGet);
        Wire connection = stage.accept();
        stage.crank->see(connection, "\r\n\r\n");
        stage.crank->send(connection, row);
        CHECK(status_of(stage.crank->see(client, "\r\n\r\n")) == "502");
        stage.crank->see_end(connection);
    }
}

TEST_CASE("a client that leaves takes the endpoint's connection with it and is counted as such") {
    for (const bool answering : {false, true}) {
        CAPTURE(answering);
        Stage stage;
        Wire client = stage.client();
        stage.crank->send(client, kGet);
        Wire connection = stage.accept();
        stage.crank->see(connection, "\r\n\r\n");
        if (answering) {
            stage.crank->send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nsome");
            stage.crank->see(client, "some");
        }
        client.reset();  // an end in order could be a client that still listens
        stage.crank->turn();
        if (answering) {
            const std::string more(100'000, 'x');
            for (int i = 0; i < 20 && !connection.cut; ++i) {
                connection.write(more);
                stage.crank->turn();
            }
        }
        stage.crank->see_end(connection);
        CHECK(stage.in_flight() == 0);
        const auto report = stage.crank->report();
        REQUIRE(report.cells.size() == 1);
        CHECK(report.cells[0].cell->aborted == 1);
        CHECK(report.cells[0].cell->failures == 0);
        CHECK(report.cells[0].cell->attempts == (answering ? 1 : 0));
    }
}

TEST_CASE("a client that has shut its sending side still gets its answer") {
    Stage stage;
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    client.shutdown_send();
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->pass(500);
    stage.crank->send(connection, kOk);
    CHECK(status_of(stage.crank->see_end(client)) == "200");
}

TEST_CASE("a body larger than the route allows is 413, told at once or found out on the way") {
    Stage told(1, R"("limits": {"body": "10"})");
    Wire client = told.client();
    told.crank->send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
    CHECK(status_of(told.crank->see_end(client)) == "413");
    CHECK_FALSE(told.endpoints[0]->accept().is_open());

    Stage found(1, R"("limits": {"body": "10"})");
    Wire other = found.client();
    found.crank->send(other, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n");
    Wire connection = found.accept();
    found.crank->see(connection, "12345678");
    found.crank->send(other, "8\r\n12345678\r\n");
    CHECK(status_of(found.crank->see_end(other)) == "413");
    found.crank->see_end(connection);
    CHECK(connection.seen.find("0\r\n\r\n") == std::string::npos);
    CHECK(found.in_flight() == 0);
}

TEST_CASE("failures in a row make a suspect, and a success starts the count anew") {
    Stage stage(1, R"("retries": {"attempts": 0})", R"("ejection": {"consecutive_failures": 3})");
    Wire client = stage.client();
    Wire connection = stage.kept_connection(client);
    const auto answer = [&](const std::string& response) {
        stage.crank->send(client, kGet);
        stage.crank->see(connection, "\r\n\r\n");
        connection.take();
        stage.crank->send(connection, response);
        stage.crank->see(client, "ok");
        client.take();
    };
    const std::string bad = "HTTP/1.1 500 Broken\r\nContent-Length: 2\r\n\r\nok";
    for (int i = 0; i < 2; ++i) answer(bad);
    answer(kOk);
    for (int i = 0; i < 2; ++i) answer(bad);
    CHECK(stage.crank->suspects.empty());
    answer(bad);
    REQUIRE(stage.crank->suspects.size() == 1);
    CHECK(stage.crank->suspects[0].consecutive == 3);
}

TEST_CASE("each attempt is counted once, as what it came to in the end") {
    Stage stage(1, R"("retries": {"attempts": 0})");
    struct Row {
        const char* response;
        bool close;
        std::uint64_t ok, failed, unreachable;
    };
    const Row kRows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false, 1, 0, 0},
        {"HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nok", false, 0, 1, 0},
        {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok", true, 0, 0, 1},
        {"HTTP/1.1 503 No\r\nContent-Length: 20\r\n\r\nok", true, 0, 0, 1},
        {"", true, 0, 0, 1},
    };
    for (const Row& row : kRows) {
        CAPTURE(row.response);
        Wire client = stage.client();
        stage.crank->send(client, kGet);
        Wire connection = stage.accept();
        stage.crank->see(connection, "\r\n\r\n");
        if (*row.response != '\0') {
            stage.crank->send(connection, row.response);
            stage.crank->see(client, "ok");
        }
        if (row.close) connection.close();
        stage.crank->turn();
        connection.close();
        stage.crank->until("the end", [&] { return stage.in_flight() == 0; });
        const auto report = stage.crank->report();
        REQUIRE(report.endpoints.size() == 1);
        CHECK(report.endpoints[0].counts.ok == row.ok);
        CHECK(report.endpoints[0].counts.failed == row.failed);
        CHECK(report.endpoints[0].counts.unreachable == row.unreachable);
    }
}

TEST_CASE("a count that was reported before the response broke is not taken back below zero") {
    Stage stage;
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok");
    stage.crank->see(client, "ok");
    std::uint64_t ok = 0, unreachable = 0;
    const auto add = [&] {
        for (const auto& endpoint : stage.crank->report().endpoints) {
            CHECK(endpoint.counts.ok < 1000);
            ok += endpoint.counts.ok;
            unreachable += endpoint.counts.unreachable;
        }
    };
    add();
    connection.close();
    stage.crank->see_end(client);
    add();
    CHECK(ok + unreachable == 1);
    CHECK(unreachable == 1);
}
