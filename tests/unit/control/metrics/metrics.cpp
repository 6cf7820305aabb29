#include <doctest/doctest.h>

#include "control/metrics/metrics_text.h"

using namespace switchyard;
using namespace switchyard::control;

namespace {

const Totals::Time kNow{std::chrono::hours(1)};

WorkerReport report(unsigned worker, std::uint64_t ok, std::uint64_t failed, std::uint64_t microseconds) {
    WorkerReport r;
    r.worker = worker;
    auto cell = std::make_unique<Cell>();
    cell->by_class[2] = ok;
    cell->by_class[5] = failed;
    for (std::uint64_t i = 0; i < ok + failed; ++i) cell->duration.record(microseconds);
    r.cells.push_back({0, 0, std::move(cell)});
    r.endpoints.push_back({7, {ok, failed, 0}});
    r.client_connections = 10;
    r.client_connections_idle = 4;
    return r;
}

std::string text_of(const Totals& totals) {
    Histogram publish;
    publish.record(700);
    MetricsView view;
    view.totals = &totals;
    view.route_name = [](std::uint32_t) { return "a \"route\"\\\n"; };
    view.upstream_name = [](std::uint32_t) { return "blue"; };
    view.endpoints.push_back({7, "blue", "127.0.0.1:1", true, 3, 2});
    view.generation = 43;
    view.publish_durations = &publish;
    view.version = "1";
    Exposition out;
    write_metrics(out, view);
    return out.take();
}

bool has(const std::string& text, const std::string& line) {
    return text.find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("totals are the sum over workers and reports; connections are the last word of each worker") {
    Totals totals;
    totals.add(report(0, 3, 1, 900), kNow);
    totals.add(report(1, 5, 0, 900), kNow);
    totals.add(report(0, 1, 0, 900), kNow);
    const auto& cell = totals.cells().at({0, 0});
    CHECK(cell.by_class[2] == 9);
    CHECK(cell.by_class[5] == 1);
    CHECK(cell.duration.total() == 10);
    CHECK(totals.endpoints().at(7).ok == 9);
    CHECK(totals.connections().client == 20);
    totals.forget_endpoint(7);
    CHECK(totals.endpoints().count(7) == 0);
}

TEST_CASE("recent is over the last full seconds, and forgets") {
    Totals totals;
    totals.add(report(0, 90, 10, 5000), kNow);
    CHECK(totals.recent(kNow).per_second == 0);  // the second is still filling
    const auto recent = totals.recent(kNow + std::chrono::seconds(1));
    CHECK(recent.per_second == doctest::Approx(10));
    CHECK(recent.errors_per_second == doctest::Approx(1));
    CHECK(recent.p99_us == doctest::Approx(5000).epsilon(0.05));
    CHECK(totals.recent_of_route(1, kNow + std::chrono::seconds(1)).per_second == 0);
    CHECK(totals.recent(kNow + std::chrono::seconds(12)).per_second == 0);
    totals.add(report(0, 20, 0, 5000), kNow + std::chrono::seconds(11));  // the same slot, eleven seconds later
    CHECK(totals.recent(kNow + std::chrono::seconds(12)).per_second == doctest::Approx(2));
}

TEST_CASE("the text holds every family of the contract, with escaped labels") {
    Totals totals;
    totals.add(report(0, 3, 1, 900), kNow);
    const auto text = text_of(totals);
    CHECK(has(text,
              "switchyard_requests_total{route=\"a \\\"route\\\"\\\\\\n\",upstream=\"blue\",code_class=\"2xx\"} 3"));
    CHECK(has(text,
              "switchyard_endpoint_requests_total{upstream=\"blue\",endpoint=\"127.0.0.1:1\",result=\"failed\"} 1"));
    CHECK(has(text, "switchyard_endpoint_in_flight{upstream=\"blue\",endpoint=\"127.0.0.1:1\"} 3"));
    CHECK(has(text, "switchyard_endpoint_up{upstream=\"blue\",endpoint=\"127.0.0.1:1\"} 1"));
    CHECK(has(text, "switchyard_endpoint_ejections_total{upstream=\"blue\",endpoint=\"127.0.0.1:1\"} 2"));
    CHECK(has(text, "switchyard_generation 43"));
    CHECK(has(text, "switchyard_connections{side=\"client\",state=\"active\"} 6"));
    CHECK(has(text, "switchyard_publish_duration_seconds_bucket{le=\"0.001\"} 1"));
    for (const char* family : {"switchyard_request_duration_seconds", "switchyard_retries_total",
                               "switchyard_drain_in_flight", "switchyard_health_checks_total", "switchyard_build_info"})
        CHECK(text.find(std::string("# TYPE ") + family + " ") != std::string::npos);
}

TEST_CASE("calls of gRPC are counted by the name of their status") {
    Totals totals;
    auto r = report(0, 3, 0, 900);
    r.cells[0].cell->grpc[0] = 2;
    r.cells[0].cell->grpc[14] = 1;
    totals.add(r, kNow);
    const auto text = text_of(totals);
    CHECK(text.find("upstream=\"blue\",status=\"OK\"} 2") != std::string::npos);
    CHECK(text.find("upstream=\"blue\",status=\"UNAVAILABLE\"} 1") != std::string::npos);
    CHECK(text.find("status=\"INTERNAL\"") == std::string::npos);
}

TEST_CASE("histogram buckets never fall and end at the count") {
    Totals totals;
    for (std::uint64_t us : {100, 900, 40'000, 2'000'000}) totals.add(report(0, 1, 0, us), kNow);
    const auto& d = totals.cells().at({0, 0}).duration;
    CHECK(d.at_most(500) == 1);
    CHECK(d.at_most(1000) == 2);
    CHECK(d.at_most(50'000) == 3);
    CHECK(d.at_most(5'000'000) == 4);
    CHECK(d.sum_seconds() == doctest::Approx(2.041).epsilon(0.02));
}

TEST_CASE("what is configured no more is forgotten after a grace, and not before; it begins anew when it comes back") {
    Totals totals;
    const auto served = [&](std::uint32_t route, std::uint32_t upstream) {
        auto r = report(0, 1, 0, 900);
        r.cells[0].route = route;
        r.cells[0].upstream = upstream;
        totals.add(r, kNow);
    };
    served(0, 0);
    served(1, 1);
    served(1, 2);
    totals.configured({1}, {1}, kNow);
    totals.configured({1}, {1, 2}, kNow + Totals::kGrace);  // it came back meanwhile
    totals.configured({1}, {1}, kNow + Totals::kGrace + std::chrono::minutes(1));
    CHECK(totals.cells().size() == 3);
    totals.configured({1}, {1}, kNow + 2 * Totals::kGrace + std::chrono::minutes(1));
    CHECK(totals.cells().size() == 2);
    CHECK(totals.cells().count({0, 0}) == 1);
    CHECK(totals.cells().count({1, 1}) == 1);
    served(1, 2);
    CHECK(totals.cells().at({1, 2}).by_class[2] == 1);
}

TEST_CASE("releases that are named by their number do not add up, however quickly they come") {
    Totals totals;
    auto now = kNow;
    for (std::uint32_t release = 1; release <= 10'000; ++release) {
        auto r = report(0, 1, 0, 900);
        r.cells[0].route = 1;
        r.cells[0].upstream = release;
        totals.add(r, now);
        if (release % 100 == 0) totals.configured({1}, {release}, now);
        now += std::chrono::milliseconds(10);
    }
    CHECK(totals.cells().size() == Totals::kMostGone + 1);
    CHECK(totals.cells().count({1, 9'999}) == 1);  // the latest are kept
}

TEST_CASE("who ought to look what is gone is told in time, and not all the time") {
    Totals totals;
    std::set<std::uint32_t> routes;
    unsigned looked = 0;
    for (std::uint32_t release = 1; release <= 5'000; ++release) {
        auto r = report(0, 1, 0, 900);
        r.cells[0].route = release;
        totals.add(r, kNow);
        CHECK(totals.cells().size() <= 2 * Totals::kMostGone + 2);
        if (!totals.crowded()) continue;
        totals.configured({release}, {1}, kNow);
        CHECK_FALSE(totals.crowded());
        ++looked;
    }
    CHECK(looked <= 5'000 / Totals::kMostGone);
    // What is configured is no crowd, however much it is.
    for (std::uint32_t route = 1; route <= 3'000; ++route) routes.insert(route);
    for (std::uint32_t route = 1; route <= 3'000; ++route) {
        auto r = report(0, 1, 0, 900);
        r.cells[0].route = route;
        totals.add(r, kNow);
    }
    totals.configured(routes, {1}, kNow);
    CHECK_FALSE(totals.crowded());
}

TEST_CASE("an id that is given to another name starts at zero") {
    Totals totals;
    const auto served = [&](std::uint32_t route, std::uint32_t upstream) {
        auto r = report(0, 1, 0, 900);
        r.cells[0].route = route;
        r.cells[0].upstream = upstream;
        totals.add(r, kNow);
    };
    for (int i = 0; i < 3; ++i) served(1, 1), served(1, 2), served(2, 1);
    totals.forget_upstream(1);
    CHECK(totals.cells().size() == 1);
    served(1, 1);
    CHECK(totals.cells().at({1, 1}).by_class[2] == 1);
    totals.forget_route(1);
    CHECK(totals.cells().empty());
    CHECK(totals.recent_of_route(1, kNow + std::chrono::seconds(1)).per_second == 0);
}

TEST_CASE("the last answers of an endpoint that were refused are kept, and go with it") {
    Totals totals;
    for (int i = 0; i < 7; ++i) {
        auto r = report(0, 0, 1, 900);
        r.endpoints[0].refused = std::to_string(i);
        totals.add(r, kNow + std::chrono::seconds(i));
    }
    totals.add(report(0, 1, 0, 900), kNow);
    const auto& refused = totals.refused_of(7);
    REQUIRE(refused.size() == Totals::kRefusedKept);
    CHECK(refused.front().why == "2");
    CHECK(refused.back().why == "6");
    CHECK(refused.back().at == kNow + std::chrono::seconds(6));
    CHECK(totals.refused_of(8).empty());
    totals.forget_endpoint(7);
    CHECK(totals.refused_of(7).empty());
}

TEST_CASE("an endpoint id that is given again starts at zero") {
    Totals totals;
    totals.add(report(0, 100, 0, 900), kNow);
    totals.forget_endpoint(7);
    totals.add(report(0, 1, 0, 900), kNow);
    CHECK(totals.endpoints().at(7).ok == 1);
}
