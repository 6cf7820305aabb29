// The id of an upstream that no generation holds any more is given to another one: nothing of the first is left.
#include <doctest/doctest.h>

#include "proxy/serve/worker_context.h"
#include "proxy/upstream/breaker_board.h"
#include "proxy/upstream/upstream.h"

using namespace switchyard;

TEST_CASE("breakers, queues and places for counts of an upstream end with it; what is counted is told first") {
    serve::WorkerContext context(0, 1);
    using upstream::Breaker;
    config::Breaker rule;
    rule.failure_percent = 50;
    rule.min_requests = 1;
    upstream::Upstream seven;
    seven.id = 7;
    seven.breaker_board = std::make_shared<upstream::BreakerBoard>(1);
    auto& breaker = context.breaker(seven);
    REQUIRE(breaker.passes(rule, 0));
    breaker.ended(rule, breaker.admit(), Breaker::Outcome::failed, 1);
    REQUIRE(context.breaker(seven).state() == Breaker::State::open);
    ++context.cell(3, 7, 1).attempts;
    context.queue(7);

    std::vector<bool> held(8);
    held[7] = true;
    context.keep_upstreams(held);
    CHECK(context.breaker(seven).state() == Breaker::State::open);

    context.keep_upstreams({});
    CHECK(context.breaker(seven).state() == Breaker::State::closed);
    WorkerReport report;
    context.take_cells(report);
    REQUIRE(report.cells.size() == 1);
    CHECK(report.cells[0].cell->attempts == 1);
    context.keep_upstreams({});
    ++context.cell(3, 7, 1).attempts;
    WorkerReport next;
    context.take_cells(next);
    REQUIRE(next.cells.size() == 1);
    CHECK(next.cells[0].cell->attempts == 1);
}
