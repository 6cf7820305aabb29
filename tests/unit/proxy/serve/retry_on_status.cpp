// Answers after which another endpoint is asked, one attempt's own limit of time, and the pause before the next.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

const std::string kStillBusy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";

std::string retrying(const std::string& more) {
    return R"("retries": {"attempts": 3, )" + more + "}";
}

// One endpoint after the other answers so until the client has its answer: how many were asked.
std::size_t asked_in_turn(Stage& stage, const std::string& request, const std::string& answer, std::string& seen) {
    Wire client = stage.client();
    stage.crank->send(client, request);
    std::vector<Wire> connections;
    for (;;) {
        std::size_t which = 0;
        Wire connection;
        stage.crank->until("an endpoint or the answer", [&] {
            for (auto& endpoint : stage.endpoints) {
                connection = endpoint->accept();
                if (connection.is_open()) return true;
                ++which;
            }
            client.read();
            return client.seen.find("\r\n\r\n") != std::string::npos;
        });
        if (!connection.is_open()) break;
        stage.crank->see(connection, request.substr(request.find("\r\n\r\n")));
        stage.crank->send(connection, answer);
        connections.push_back(std::move(connection));
    }
    seen = client.seen;
    return connections.size();
}

}  // namespace

TEST_CASE("after a status of the route's another endpoint is asked, and the last answer is passed on") {
    Stage stage(3, retrying(R"("on": [502, 503])"));
    std::string seen;
    CHECK(asked_in_turn(stage, kGet, kStillBusy, seen) == 3);
    CHECK(status_of(seen) == "503");
    CHECK(seen.find("Service Unavailable") != std::string::npos);
    CHECK(asked_in_turn(stage, kGet, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", seen) == 1);
    CHECK(status_of(seen) == "500");
    // What may have been acted on is not asked twice.
    CHECK(asked_in_turn(stage, post(), kStillBusy, seen) == 1);
    CHECK(status_of(seen) == "503");
    CHECK(stage.in_flight() == 0);
    const auto report = stage.crank->report();
    CHECK(report.retries_status == 2);
    std::uint64_t failed = 0, first = 0;
    for (const auto& endpoint : report.endpoints) failed += endpoint.counts.failed;
    for (const auto& cell : report.cells) first += cell.cell->failures;
    CHECK(failed == 5);  // each answer counts for its endpoint
    CHECK(first == 3);   // and each request once for the release
}

TEST_CASE("a class of statuses, and an endpoint that has the answer") {
    Stage stage(2, retrying(R"("on": ["4xx"])"));
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    std::size_t first = 0, second = 0;
    Wire one = stage.accept_any(first);
    stage.crank->see(one, "\r\n\r\n");
    stage.crank->send(one, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    Wire other = stage.accept_any(second);
    CHECK(first != second);
    stage.crank->see(other, "\r\n\r\n");
    stage.crank->send(other, kOk);
    CHECK(status_of(stage.crank->see(client, "ok")) == "200");
}

TEST_CASE("an attempt has a limit of its own, within that of the request") {
    Stage stage(2, retrying(R"("per_try": "1s")"), R"("timeouts": {"response_head": "30s"})");
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    std::size_t first = 0, second = 0;
    Wire one = stage.accept_any(first);
    stage.crank->see(one, "\r\n\r\n");
    stage.crank->pass(900);
    CHECK(stage.endpoints[1 - first]->accept().is_open() == false);
    stage.crank->pass(200);
    Wire other = stage.accept_any(second);
    CHECK(first != second);
    stage.crank->see(other, "\r\n\r\n");
    stage.crank->send(other, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok");
    stage.crank->see(client, "ok");
    stage.crank->pass(2000);  // the answer itself may take longer
    stage.crank->send(other, "ok");
    CHECK(status_of(stage.crank->see(client, "okok")) == "200");
}

TEST_CASE("before the next attempt there is a pause, which the request's own end cuts short") {
    Stage stage(2, retrying(R"("on": [503], "backoff": "2s")"));
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    std::size_t first = 0, second = 0;
    Wire one = stage.accept_any(first);
    stage.crank->see(one, "\r\n\r\n");
    stage.crank->send(one, kStillBusy);
    stage.crank->pass(2100);  // the longest that it may be
    Wire other = stage.accept_any(second);
    stage.crank->see(other, "\r\n\r\n");
    stage.crank->send(other, kOk);
    CHECK(status_of(stage.crank->see(client, "ok")) == "200");
    // There is no time for another attempt: the answer is passed on.
    Stage hurried(2, retrying(R"("on": [503], "backoff": "2s")") + R"(, "timeouts": {"request": "1s"})");
    std::string seen;
    CHECK(asked_in_turn(hurried, kGet, kStillBusy, seen) == 1);
    CHECK(status_of(seen) == "503");
}

TEST_CASE("where the breaker lets nobody through any more the answer that is there is passed on") {
    Stage stage(2, retrying(R"("on": [503])"),
                R"("breaker": {"failure_percent": 50, "min_requests": 1, "window": "10s", "open_time": "5s"})");
    std::string seen;
    CHECK(asked_in_turn(stage, kGet, kStillBusy, seen) == 1);
    CHECK(seen.find("Service Unavailable") != seen.npos);
    CHECK(seen.ends_with("busy"));
    const auto report = stage.crank->report();
    CHECK(report.retries_status == 0);
    std::uint64_t failed = 0;
    for (const auto& endpoint : report.endpoints) failed += endpoint.counts.failed;
    CHECK(failed == 1);
    CHECK(stage.in_flight() == 0);
}

TEST_CASE("where the others were taken during the pause the answer that is there is passed on") {
    Stage stage(2);
    std::string config = one_route({stage.endpoints[0]->port(), stage.endpoints[1]->port()},
                                   retrying(R"("on": [503], "backoff": "2s")"));
    for (auto& endpoint : stage.endpoints) {
        const std::string port = ":" + std::to_string(endpoint->port()) + "\"";
        config.insert(config.find(port) + port.size(), R"(, "max_connections": 1)");
    }
    stage.crank->publish(config);
    Wire client = stage.client(), second = stage.client(), third = stage.client();
    stage.crank->send(client, kGet);
    std::size_t first = 0, other = 0;
    Wire one = stage.accept_any(first);
    stage.crank->see(one, "\r\n\r\n");
    stage.crank->send(one, kStillBusy);
    stage.crank->send(second, kGet);
    stage.crank->send(third, kGet);
    Wire two = stage.accept_any(other);
    stage.crank->pass(2100);
    CHECK(stage.crank->see(client, "\r\n\r\n").find("Service Unavailable") != std::string::npos);
    stage.crank->see(client, "busy");
    CHECK(stage.crank->report().retries_status == 0);
}

TEST_CASE("the limit of an attempt does not run while the client sends its body") {
    for (const std::string listener : {"", R"("min_rate": 1000)"}) {
        CAPTURE(listener);
        Stage stage(1, retrying(R"("per_try": "1s")"), R"("timeouts": {"idle": "30s"})", listener);
        Wire client = stage.client();
        stage.crank->send(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\nsome");
        Wire connection = stage.accept();
        stage.crank->see(connection, "some");
        for (int i = 0; i < 3; ++i) {
            stage.crank->pass(800);
            stage.crank->send(client, std::string(5000, 'x'));
        }
        CHECK(client.seen.empty());
        stage.crank->send(client, std::string(4995, 'x') + "!");
        stage.crank->see(connection, "!");
        stage.crank->pass(900);
        CHECK(client.seen.empty());
        // From here on it is the endpoint's time.
        stage.crank->pass(300);
        CHECK(status_of(stage.crank->see(client, "\r\n\r\n")) == "504");
    }
}

TEST_CASE("no attempt begins when the time of the request is up, and nobody is blamed for it") {
    Stage stage(2, retrying(R"("backoff": "10s")") + R"(, "timeouts": {"request": "1s"})");
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    std::size_t first = 0;
    Wire one = stage.accept_any(first);
    stage.crank->see(one, "\r\n\r\n");
    one.close();  // ends without an answer
    stage.crank->pass(1100);
    CHECK(status_of(stage.crank->see(client, "\r\n\r\n")) == "502");
    for (auto& endpoint : stage.endpoints) CHECK_FALSE(endpoint->accept().is_open());
    std::uint64_t blamed = 0;
    for (const auto& endpoint : stage.crank->report().endpoints)
        blamed += endpoint.counts.failed + endpoint.counts.unreachable;
    CHECK(blamed == 1);
}
