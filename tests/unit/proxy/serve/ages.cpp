// What reports tell of requests that are under way, so that a slow one is known before it ends.
#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

const Cell* only_cell(const WorkerReport& report) {
    REQUIRE(report.cells.size() == 1);
    return report.cells[0].cell.get();
}

}  // namespace

TEST_CASE("how long a request waits for its head is told while it waits, and taken back when it is counted") {
    Stage stage(1);
    stage.crank->context.under_way.wanted = true;
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->pass(300);
    auto report = stage.crank->report();
    CHECK(report.cells.empty());
    REQUIRE(report.passages.size() == 1);
    CHECK(report.passages[0].from == 0);
    CHECK(report.passages[0].to >= Histogram::index(300'000));
    CHECK(report.passages[0].of == Passage::Of::both);
    REQUIRE(report.heads_waited.size() == 1);
    CHECK(report.heads_waited[0].ages->total() == 1);
    const auto told = report.passages[0].to;
    stage.crank->pass(1000);
    report = stage.crank->report();
    REQUIRE(report.passages.size() == 1);
    CHECK(report.passages[0].from == told);
    const auto later = report.passages[0].to;
    CHECK(later >= Histogram::index(1'300'000));
    stage.crank->send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    stage.crank->see(client, "ok");
    report = stage.crank->report();
    CHECK(report.heads_waited.empty());
    REQUIRE(report.passages.size() == 2);
    for (const auto& passage : report.passages) {
        CHECK(passage.over);
        CHECK(passage.from == later);
    }
    CHECK(only_cell(report)->first_byte.total() == 1);
    CHECK(only_cell(report)->whole.total() == 1);
    CHECK(stage.crank->report().passages.empty());
}

TEST_CASE("a body behind a fast head counts for the whole answer, from the moment it is late") {
    Stage stage(1);
    stage.crank->context.under_way.wanted = true;
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    stage.crank->see(client, "\r\n\r\n");
    stage.crank->pass(500);
    auto report = stage.crank->report();
    REQUIRE(report.passages.size() == 1);
    CHECK(report.passages[0].of == Passage::Of::whole);
    CHECK(report.passages[0].to >= Histogram::index(500'000));
    CHECK(report.heads_waited.empty());
    stage.crank->send(connection, "ok");
    stage.crank->see(client, "ok");
    report = stage.crank->report();
    CHECK(only_cell(report)->first_byte.quantile(1) < 500'000);
    CHECK(only_cell(report)->whole.quantile(1) >= 500'000);
}

TEST_CASE("a client that leaves takes nothing back of what was told") {
    Stage stage(1);
    stage.crank->context.under_way.wanted = true;
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->pass(500);
    CHECK(stage.crank->report().passages.size() == 1);
    client.reset();
    stage.crank->see_end(connection);
    const auto report = stage.crank->report();
    CHECK(report.passages.empty());
    CHECK(only_cell(report)->attempts == 0);
}

TEST_CASE("what has no end of its own, or a large one, stands outside the durations") {
    for (const char* head : {"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked", "Content-Length: 1048577",
                             "content-type: Application/gRPC+proto\r\nTransfer-Encoding: chunked"}) {
        CAPTURE(head);
        Stage stage(1);
        stage.crank->context.under_way.wanted = true;
        Wire client = stage.client();
        stage.crank->send(client, kGet);
        Wire connection = stage.accept();
        stage.crank->see(connection, "\r\n\r\n");
        stage.crank->send(connection, std::string("HTTP/1.1 200 OK\r\n") + head + "\r\n\r\n");
        stage.crank->see(client, "\r\n\r\n");
        stage.crank->pass(500);
        CHECK(stage.crank->report().passages.empty());
        connection.reset();
        stage.crank->see_end(client);
        const auto report = stage.crank->report();
        CHECK(only_cell(report)->attempts == 1);
        CHECK(only_cell(report)->whole.total() == 0);
    }
}

TEST_CASE("while nobody asks for ages nothing is told and nothing is kept") {
    Stage stage(1);
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    CHECK(stage.crank->context.under_way.empty());
    stage.crank->pass(500);
    CHECK(stage.crank->report().passages.empty());
    stage.crank->context.under_way.wanted = true;  // it was sent before
    CHECK(stage.crank->report().passages.empty());
}

TEST_CASE("where a request waits is noted while it waits, once, and told together with its age") {
    Stage stage(1);
    stage.crank->context.under_way.wanted = true;
    stage.crank->registry.marks("all")->note(MarkLimits{50'000, 800'000, 50'000, 800'000});
    Wire client = stage.client();
    stage.crank->send(client, kGet);
    Wire connection = stage.accept();
    stage.crank->see(connection, "\r\n\r\n");
    stage.crank->pass(300);
    const auto groups = [&] {
        std::vector<MarkNote::Group> out;
        for (const auto& noted : stage.crank->report().marks)
            for (const MarkNote& note : noted.notes) {
                CHECK(note.endpoint != MarkNote::kNoEndpoint);
                out.push_back(note.group);
            }
        return out;
    };
    using enum MarkNote::Group;
    CHECK(groups() == std::vector{slow, late});
    CHECK(groups().empty());
    stage.crank->pass(700);
    CHECK(groups() == std::vector{tail, late_tail});
    stage.crank->send(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    stage.crank->see(client, "ok");
    CHECK(groups().empty());
}
