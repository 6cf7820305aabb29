// What is counted, as one process tells it to another whose ids are others.
#include <doctest/doctest.h>

#include "control/upgrade/report_wire.h"
#include "control/upgrade/totals_wire.h"

using namespace switchyard;
using namespace switchyard::control;
using namespace switchyard::control::upgrade;

namespace {

using Json = nlohmann::ordered_json;

// Ids of the one are ten times those of the other.
Names names_of(std::uint32_t times) {
    const auto name = [times](const char* kind) {
        return [times, kind](std::uint32_t id) { return id == 0 ? "" : kind + std::to_string(id / times); };
    };
    return {name("route"), name("up"), [times](std::uint32_t id) {
                if (id == 999 * times) return std::pair<std::string, std::string>{};
                return std::pair{std::string("up"), "127.0.0.1:" + std::to_string(id / times)};
            }};
}
Numbers numbers_of(std::uint32_t times) {
    const auto number = [times](std::size_t skip) {
        return [times, skip](const std::string& name) {
            return name.empty() ? 0U : static_cast<std::uint32_t>(std::stoul(name.substr(skip))) * times;
        };
    };
    return {number(5), number(2), [times](const std::string&, const std::string& address) {
                return static_cast<std::uint32_t>(std::stoul(address.substr(10))) * times;
            }};
}

WorkerReport full_report() {
    WorkerReport r;
    r.worker = 3;
    auto& delta = r.cells.emplace_back();
    delta.route = 1, delta.upstream = 2, delta.generation = 17, delta.keyless = true;
    delta.cell = std::make_unique<Cell>();
    delta.cell->by_class = {1, 2, 3, 4, 5, 6};
    delta.cell->bytes_in = 1'000'000'000'000, delta.cell->bytes_out = 8;
    delta.cell->attempts = 21, delta.cell->failures = 6, delta.cell->aborted = 2, delta.cell->rerouted = 3,
    delta.cell->denied = 9, delta.cell->coded = {4, 3000, 700, 1};
    delta.cell->answers[1] = 4;
    delta.cell->grpc[16] = 5;
    delta.cell->duration.record(150), delta.cell->first_byte.record(90), delta.cell->whole.record(4'000'000);
    r.endpoints.push_back({7, {10, 2, 1}, "no status line: \xff"});
    r.endpoints.push_back({999, {1, 1, 1}, ""});  // gone: has no name
    r.in_flight.push_back({16, 2, 3, 1, 4});
    auto& buckets = r.failed_buckets.emplace_back();
    buckets.route = 1, buckets.generation = 17, buckets.canary = {5, 65535}, buckets.baseline = {0};
    buckets.samples.push_back({9, 400, true, AnswerKind::empty, FailedBuckets::Sample::kOutside, 3, 2});
    r.endpoint_failures.push_back({1, 7, 2, 17});
    r.ages = true;
    auto& passage = r.passages.emplace_back();
    passage.generation = 17, passage.route = 1, passage.upstream = 2, passage.from = 3, passage.to = 500;
    passage.bucket = 77, passage.of = Passage::Of::head, passage.over = true, passage.hashed = true;
    auto& waited = r.heads_waited.emplace_back();
    waited.route = 1, waited.upstream = 2, waited.generation = 17, waited.ages = std::make_unique<Histogram>();
    waited.ages->record(12);
    r.client_connections = 9, r.accepted = 4, r.tls_failed = 1, r.tls_troubles[2] = 1, r.endpoint_tls.untrusted = 8;
    r.retries_other = 6, r.retries_status = 7, r.escaped = 1, r.refused = {3, 2, 1};
    return r;
}

}  // namespace

TEST_CASE("a report says there what it says here") {
    const auto text =
        Json::parse(report_text(full_report(), names_of(1)).dump(-1, ' ', false, Json::error_handler_t::replace));
    const auto there = report_of(text, numbers_of(10));
    REQUIRE(there);
    REQUIRE(there->cells.size() == 1);
    const auto& delta = there->cells[0];
    CHECK(delta.route == 10);
    CHECK(delta.upstream == 20);
    CHECK(delta.keyless);
    CHECK(delta.cell->bytes_in == 1'000'000'000'000);
    CHECK(delta.cell->denied == 9);
    CHECK(delta.cell->coded.bytes_out == 700);
    CHECK(delta.cell->duration.at(Histogram::index(150)) == 1);
    REQUIRE(there->endpoints.size() == 1);
    CHECK(there->endpoints[0].endpoint == 70);
    REQUIRE(there->failed_buckets.size() == 1);
    CHECK(there->failed_buckets[0].samples[0].answer == AnswerKind::empty);
    CHECK(there->passages[0].of == Passage::Of::head);
    CHECK(there->passages[0].over);
    CHECK_FALSE(there->passages[0].canary);
    // Told on from there it is the same text: nothing is lost on the way.
    auto again = report_text(*there, names_of(10));
    again["endpoints"][0]["refused"] = text["endpoints"][0]["refused"];
    CHECK(again == text);
}

TEST_CASE("what another version writes otherwise counts as nothing, and what is no report is none") {
    auto text = report_text(full_report(), names_of(1));
    text["cells"][0]["by_class"] = {1, 2, 3};
    text["cells"][0]["answers"].push_back(1);
    text["cells"][0]["duration"] = {4000, 1};
    text["new_word"] = {1, 2};
    text["failed_buckets"][0]["samples"][0][3] = 200;
    const auto there = report_of(text, numbers_of(1));
    REQUIRE(there);
    CHECK(there->cells[0].cell->by_class == decltype(Cell::by_class){});
    CHECK(there->cells[0].cell->answers == AnswerCounts{});
    CHECK(there->cells[0].cell->duration.total() == 0);
    CHECK(there->cells[0].cell->attempts == 21);
    CHECK(there->failed_buckets[0].samples[0].answer == AnswerKind::ordinary);
    CHECK_FALSE(report_of(Json::array(), numbers_of(1)));
    CHECK_FALSE(report_of({{"worker", "first"}}, numbers_of(1)));
    CHECK_FALSE(report_of({{"passages", {{1, 2}}}}, numbers_of(1)));
    CHECK(report_of(Json::object(), numbers_of(1)));
}

TEST_CASE("sums go on where they were") {
    Totals before;
    const Totals::Time now{};
    for (int i = 0; i < 3; ++i) before.add(full_report(), now);
    before.escaped_in_control = 2;
    const auto text = Json::parse(totals_text(before, names_of(1)).dump());
    Totals after;
    after.go_on_from(totals_of(text, numbers_of(10)));
    REQUIRE(after.cells().count({10, 20}) == 1);
    const auto& traffic = after.cells().at({10, 20});
    CHECK(traffic.by_class == decltype(traffic.by_class){3, 6, 9, 12, 15, 18});
    CHECK(traffic.bytes_in == 3'000'000'000'000);
    CHECK(traffic.denied == 27);
    CHECK(traffic.coded.bytes_in == 9000);
    CHECK(traffic.coded.refused == 3);
    CHECK(traffic.duration.total() == 3);
    CHECK(traffic.duration.sum_seconds() == doctest::Approx(before.cells().at({1, 2}).duration.sum_seconds()));
    CHECK(after.endpoints().at(70).ok == 30);
    CHECK(after.counters().retries_other == 18);
    CHECK(after.counters().retries_status == 21);
    CHECK(after.counters().refused.full == 9);
    CHECK(after.counters().refused.peers == 6);
    CHECK(after.counters().tls_troubles[2] == 3);
    CHECK(after.escaped_in_control == 2);
    auto again = totals_text(after, names_of(10));
    // No less, by no rounding.
    CHECK(again["cells"][0]["duration"]["sum"].get<double>() >= text["cells"][0]["duration"]["sum"].get<double>());
    again["cells"][0]["duration"]["sum"] = text["cells"][0]["duration"]["sum"];
    CHECK(again == text);

    auto report = full_report();
    report.worker = 5U << 16;
    after.add(report, now);
    CHECK(after.connections().client == 9);
    after.forget_workers(5U << 16, 6U << 16);
    CHECK(after.connections().client == 0);
    CHECK(totals_of("nonsense", numbers_of(1)).cells.empty());
    CHECK(totals_of({{"cells", 4}}, numbers_of(1)).cells.empty());
}

TEST_CASE("what is in flight where a limit counts it") {
    InFlightShare share;
    share.endpoints[{"blue", "127.0.0.1:1"}] = 3;
    share.routes["app"] = 2, share.listeners["web"] = 9, share.waiting["blue"] = 1;
    CHECK(share_of(Json::parse(share_text(share).dump())) == share);
    CHECK(share_of("nonsense") == InFlightShare{});
    CHECK(share_of({{"endpoints", {{1}}}}) == InFlightShare{});
    auto twice = share;
    twice += share;
    CHECK(twice.endpoints[{"blue", "127.0.0.1:1"}] == 6);
}
