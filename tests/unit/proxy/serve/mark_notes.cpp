// Where a mark came from is noted while a rollout asks for it, and not otherwise.
#include "proxy/base/mark_notes.h"

#include <doctest/doctest.h>

#include "exchanges.h"

using namespace switchyard;
using namespace switchyard::test;

namespace {

void exchange(Stage& stage, Wire& client, Wire& endpoint, const std::string& request, const std::string& answer) {
    stage.crank->send(client, request);
    stage.crank->see(endpoint, "\r\n\r\n");
    endpoint.take();
    stage.crank->send(endpoint, answer);
    stage.crank->see(client, "\r\n\r\n");
    client.take();
}

std::string error_answer(const std::string& status) {
    return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n";
}

}  // namespace

TEST_CASE("failures and other answers are noted with method, path, status and endpoint, once somebody asks") {
    Stage stage;
    Wire client = stage.client();
    Wire endpoint = stage.kept_connection(client);
    const std::string checkout = "GET /orders/17?x=1 HTTP/1.1\r\nHost: a\r\n\r\n";
    exchange(stage, client, endpoint, checkout, error_answer("500 Oops"));
    CHECK(stage.crank->report().marks.empty());

    stage.crank->registry.marks("all")->note(MarkLimits{});
    exchange(stage, client, endpoint, checkout, error_answer("500 Oops"));
    exchange(stage, client, endpoint, checkout, error_answer("503 Busy"));
    exchange(stage, client, endpoint, "GET /missing HTTP/1.1\r\nHost: a\r\n\r\n", error_answer("404 No"));
    exchange(stage, client, endpoint, kGet, kOk);
    const auto report = stage.crank->report();
    REQUIRE(report.marks.size() == 1);
    CHECK(report.marks[0].route == stage.crank->registry.route("all"));
    CHECK(report.marks[0].upstream == stage.crank->registry.upstream("app"));
    const auto& notes = report.marks[0].notes;
    REQUIRE(notes.size() == 3);
    CHECK(notes[0].group == MarkNote::Group::failed);
    CHECK(notes[0].status == 500);
    CHECK(notes[1].status == 503);
    CHECK(notes[0].method() == "GET");
    CHECK(notes[0].path() == "/orders/*");
    CHECK(stage.crank->registry.endpoint(notes[0].endpoint) != nullptr);
    CHECK(notes[2].group == MarkNote::Group::answer);
    CHECK(notes[2].answer == AnswerKind::not_found);
    CHECK(notes[2].path() == "/missing");

    CHECK(report.marks[0].generation == 1);

    stage.crank->registry.marks("all")->note(std::nullopt);
    exchange(stage, client, endpoint, checkout, error_answer("500 Oops"));
    CHECK(stage.crank->report().marks.empty());
}

TEST_CASE("who answers later than what is slow is noted, and a cut answer by what cut it") {
    Stage stage;
    Wire client = stage.client();
    Wire endpoint = stage.kept_connection(client);
    MarkLimits limits;
    limits.slow_us = 50'000;
    stage.crank->registry.marks("all")->note(limits);
    stage.crank->send(client, kGet);
    stage.crank->see(endpoint, "\r\n\r\n");
    endpoint.take();
    stage.crank->pass(100);
    stage.crank->send(endpoint, kOk);
    stage.crank->see(client, "ok");
    client.take();
    auto report = stage.crank->report();
    REQUIRE(report.marks.size() == 1);
    REQUIRE(report.marks[0].notes.size() == 1);
    CHECK(report.marks[0].notes[0].group == MarkNote::Group::slow);
    CHECK(report.marks[0].notes[0].status == 200);

    stage.crank->send(client, kGet);
    stage.crank->see(endpoint, "\r\n\r\n");
    stage.crank->send(endpoint, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    stage.crank->see(client, "half");
    endpoint.close();
    stage.crank->see_end(client);
    report = stage.crank->report();
    REQUIRE(report.marks.size() == 1);
    REQUIRE(report.marks[0].notes.size() == 2);
    CHECK(report.marks[0].notes[0].failure == Failure::truncated);
    CHECK(report.marks[0].notes[1].answer == AnswerKind::cut);
}

TEST_CASE("a fast head with a late body is late and not slow; what passes the tail's limit is of the tail, too") {
    Stage stage;
    Wire client = stage.client();
    Wire endpoint = stage.kept_connection(client);
    stage.crank->registry.marks("all")->note(MarkLimits{50'000, 80'000, 50'000, 80'000});
    const auto groups = [&](long head_ms, long body_ms) {
        stage.crank->send(client, kGet);
        stage.crank->see(endpoint, "\r\n\r\n");
        endpoint.take();
        stage.crank->pass(head_ms);
        stage.crank->send(endpoint, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
        stage.crank->see(client, "\r\n\r\n");
        client.take();
        stage.crank->pass(body_ms);
        stage.crank->send(endpoint, "ok");
        stage.crank->see(client, "ok");
        client.take();
        std::vector<MarkNote::Group> out;
        for (const auto& noted : stage.crank->report().marks)
            for (const MarkNote& note : noted.notes) out.push_back(note.group);
        return out;
    };
    using enum MarkNote::Group;
    CHECK(groups(0, 0).empty());
    CHECK(groups(0, 70) == std::vector{late});
    CHECK(groups(0, 100) == std::vector{late, late_tail});
    CHECK(groups(70, 0) == std::vector{slow, late});
    CHECK(groups(100, 0) == std::vector{slow, tail, late, late_tail});
}
