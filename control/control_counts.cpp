// What was counted crosses with a process that takes another's place, and while the process of before still has
// something in flight, that one's counts go on to be told: sums never fall, limits hold over both, drains and rollouts
// see all there is (docs/operations.md).
#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/control_members.h"
#include "control/upgrade/totals_wire.h"
#include "proxy/base/log.h"
#include "proxy/snapshot/snapshot.h"

namespace switchyard::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using upgrade::Json;

// Of a process of before: behind those of this one.
constexpr unsigned kWorkersOfOne = 1U << 16;

constexpr milliseconds kLastCounts{1'000};

unsigned worker_elsewhere(unsigned number, unsigned worker) {
    return number * kWorkersOfOne + worker % kWorkersOfOne;
}

// Both processes read the same clock, but what may be read by another version is told as a difference.
milliseconds until(steady_clock::time_point then) {
    return std::chrono::duration_cast<milliseconds>(then - steady_clock::now());
}

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

Json ejections_text(const Ejection& ejection) {
    const auto past = ejection.past();
    Json standings = Json::array(), total = Json::array();
    for (const auto& [key, one] : past.standings) {
        Json row = {{"upstream", key.first}, {"endpoint", key.second}, {"times", one.times}};
        if (one.until) row["left_ms"] = until(*one.until).count();
        row["returned_ms"] = -until(one.returned).count();
        standings.push_back(std::move(row));
    }
    for (const auto& [key, times] : past.total) total.push_back({key.first, key.second, times});
    return {{"standings", std::move(standings)}, {"total", std::move(total)}};
}

Ejection::Past ejections_of(const Json& text) {
    Ejection::Past out;
    const auto now = steady_clock::now();
    for (const auto& row : text.value("standings", Json::array())) {
        auto& one = out.standings[{row.value("upstream", ""), row.value("endpoint", "")}];
        one.times = row.value("times", 0U);
        if (row.contains("left_ms")) one.until = now + milliseconds(row.value("left_ms", std::int64_t{0}));
        one.returned = now - milliseconds(row.value("returned_ms", std::int64_t{0}));
    }
    for (const auto& row : text.value("total", Json::array()))
        out.total[{row.at(0).get<std::string>(), row.at(1).get<std::string>()}] = row.at(2).get<std::uint64_t>();
    return out;
}

Json rates_text(const Registry& registry) {
    const auto& table = registry.rate_table_if_any();
    if (!table) return nullptr;
    Json held = Json::array();
    for (const auto& [key, full_at] : table->held(now_ns())) {
        held.push_back(key);
        held.push_back(full_at);
    }
    return {{"seed", table->seed()}, {"held", std::move(held)}};
}

void begin_rates(Registry& registry, const Json& text) {
    if (!text.is_object()) return;
    route::RateTable::Held held;
    const auto& words = text.at("held");
    for (std::size_t i = 0; i + 1 < words.size(); i += 2)
        held.emplace_back(words[i].get<std::uint64_t>(), words[i + 1].get<std::int64_t>());
    registry.begin_rate_table(text.at("seed").get<std::uint64_t>())->begin_with(held, now_ns());
}

Json publications_text(const Controller& controller) {
    Json buckets = Json::array();
    const auto& durations = controller.publish_durations();
    for (std::size_t i = 0; i < Histogram::kBuckets; ++i)
        if (durations.at(i) != 0) buckets.push_back({i, durations.at(i)});
    return {{"buckets", std::move(buckets)}, {"seconds", controller.publish_seconds()}};
}

void go_on_publishing(Controller& controller, const Json& text) {
    Histogram durations;
    for (const auto& row : text.value("buckets", Json::array()))
        if (const auto bucket = row.at(0).get<std::size_t>(); bucket < Histogram::kBuckets)
            durations.add(bucket, row.at(1).get<std::uint64_t>());
    controller.go_on_from(durations, text.value("seconds", 0.0));
}

Json drains_text(const DrainBook& book, const Registry& registry) {
    Json out = Json::array();
    for (const auto* drain : book.newest_first()) {
        Json one = {{"generation", drain->generation},
                    {"state", static_cast<int>(drain->state)},
                    {"started_ms", unix_ms(drain->started)},
                    {"cuts", drain->policy == DrainPolicy::cut},
                    {"cut", drain->cut}};
        if (drain->ended) one["ended_ms"] = unix_ms(*drain->ended);
        if (drain->deadline) one["deadline_ms"] = unix_ms(*drain->deadline);
        if (drain->due) one["left_ms"] = until(*drain->due).count();
        for (const auto id : drain->upstreams) one["upstreams"].push_back(registry.upstream_name(id));
        for (const auto& [upstream, count] : drain->at_start)
            one["at_start"][upstream] = {count.requests, count.tunnels, count.streams};
        out.push_back(std::move(one));
    }
    return out;
}

Drain drain_of(const Json& text, Registry& registry, std::map<std::uint32_t, std::string>& names) {
    Drain out;
    const auto time = [&](const char* name) { return text.value(name, std::int64_t{0}); };
    out.generation = text.at("generation").get<std::uint64_t>();
    out.state =
        static_cast<Drain::State>(std::clamp(text.at("state").get<int>(), 0, static_cast<int>(Drain::State::expired)));
    out.started = from_unix_ms(time("started_ms"));
    out.policy = text.value("cuts", false) ? DrainPolicy::cut : DrainPolicy::leave;
    out.cut = text.value("cut", false);
    if (text.contains("ended_ms")) out.ended = from_unix_ms(time("ended_ms"));
    if (text.contains("deadline_ms")) out.deadline = from_unix_ms(time("deadline_ms"));
    if (text.contains("left_ms")) out.due = steady_clock::now() + milliseconds(time("left_ms"));
    for (const auto& name : text.value("upstreams", Json::array())) {
        const auto id = registry.upstream(name.get<std::string>());
        names[id] = name.get<std::string>();
        out.upstreams.insert(id);
    }
    const auto at_start = text.value("at_start", Json::object());
    for (const auto& [upstream, count] : at_start.items())
        out.at_start[upstream] = {count.at(0).get<std::uint64_t>(), count.at(1).get<std::uint64_t>(),
                                  count.size() > 2 ? count.at(2).get<std::uint64_t>() : 0};
    return out;
}

HealthChecker::Found inherited_health(const Json& rows) {
    HealthChecker::Found out;
    for (const auto& row : rows)
        out[{row.value("upstream", ""), row.value("endpoint", "")}] = {
            row.value("up", false) ? HealthRule::State::up : HealthRule::State::down, row.value("detail", ""),
            std::chrono::system_clock::now(), std::chrono::microseconds{0}, row.value("drains", false)};
    return out;
}

std::map<std::string, HealthChecker::Counts> checks_of(const Json& text) {
    std::map<std::string, HealthChecker::Counts> out;
    for (const auto& [upstream, counts] : text.items())
        out[upstream] = {counts.at(0).get<std::uint64_t>(), counts.at(1).get<std::uint64_t>()};
    return out;
}

std::map<std::string, Registry::Turns> turns_of(const Json& text) {
    std::map<std::string, Registry::Turns> out;
    for (const auto& [route, turn] : text.items())
        out[route] = {turn.value("next", std::uint64_t{0}), turn.value("salt", std::uint64_t{0})};
    return out;
}

// One part that another version has written otherwise begins anew, and keeps no other from crossing.
template <class Take>
void each_alone(const char* what, Take take) {
    try {
        take();
    } catch (const std::exception& wrong) {
        log_warn("upgrade: {} do not cross, and begin anew: {}", what, wrong.what());
    }
}

}  // namespace

upgrade::Names Control::Members::names_of_ids() const {
    return {[this](std::uint32_t id) { return registry.route_name(id); },
            [this](std::uint32_t id) { return registry.upstream_name(id); },
            [this](std::uint32_t id) {
                const auto state = registry.endpoint(id);
                return state ? std::pair{state->upstream, state->address} : std::pair<std::string, std::string>{};
            }};
}

upgrade::Numbers Control::Members::numbers_of_names() {
    return {[this](const std::string& name) { return name.empty() ? 0 : registry.route(name); },
            [this](const std::string& name) { return name.empty() ? 0 : registry.upstream(name); },
            [this](const std::string& upstream, const std::string& address) {
                return registry.endpoint(upstream, address)->id;
            }};
}

void Control::Members::add_counts(Json& state) {
    gives_counts = succession->other_counts();
    state["counts"] = true;
    auto& found = state["health"] = Json::array();
    for (const auto& [key, seen] : health->found())
        found.push_back({{"upstream", key.first},
                         {"endpoint", key.second},
                         {"up", seen.state == HealthRule::State::up},
                         {"detail", seen.detail},
                         {"drains", seen.drains}});
    auto& checks = state["health_checks"] = Json::object();
    for (const auto& [upstream, counts] : health->counts()) checks[upstream] = {counts.ok, counts.failed};
    auto& turns = state["turns"] = Json::object();
    for (const auto& [route, turn] : registry.turns()) turns[route] = {{"next", turn.next}, {"salt", turn.salt}};
    state["totals"] = upgrade::totals_text(totals, names_of_ids());
    state["ejections"] = ejections_text(*ejection);
    state["breakers"] = registry.breakers();
    state["rates"] = rates_text(registry);
    state["publications"] = publications_text(*controller);
    state["certificates_exchanged"] = certificates->exchanged();
    state["orders"] = {acme->counts().issued, acme->counts().failed};
    state["rollouts"] = rollouts->handed_on();
    state["drains"] = drains_text(controller->drains(), registry);
}

// Before anything is compiled.
void Control::Members::inherit_counts() {
    const auto& state = heritage->state;
    const auto part = [&](const char* name) { return state.value(name, Json::object()); };
    each_alone("the health of endpoints",
               [&] { health->begin_with(inherited_health(state.value("health", Json::array()))); });
    each_alone("counts of health checks", [&] { health->go_on_from(checks_of(part("health_checks"))); });
    each_alone("the turns in splits", [&] { registry.begin_with(turns_of(part("turns"))); });
    each_alone("the sums of /metrics",
               [&] { totals.go_on_from(upgrade::totals_of(state.value("totals", Json()), numbers_of_names())); });
    each_alone("ejections", [&] { ejection->begin_with(ejections_of(part("ejections"))); });
    each_alone("breakers", [&] { registry.begin_with(part("breakers").get<Registry::Breakers>()); });
    each_alone("the buckets of rate limits", [&] { begin_rates(registry, state.value("rates", Json())); });
    each_alone("durations of publications", [&] { go_on_publishing(*controller, part("publications")); });
    each_alone("counts of certificates",
               [&] { certificates->go_on_from(state.value("certificates_exchanged", std::uint64_t{0})); });
    handed_rollouts = part("rollouts");
    if (heritage->tickets.is_open() && !registry.certificates().tickets().take(heritage->tickets.get()))
        log_warn("upgrade: the keys of TLS tickets did not come: clients make whole handshakes");
    heritage->tickets = switchyard::net::Descriptor();
    controller->events().go_on_after(state.value("events", Json::object()));
}

void Control::Members::inherit_orders() {
    each_alone("counts of orders of certificates", [&] {
        const auto orders = heritage->state.value("orders", Json::array());
        if (orders.size() == 2) acme->go_on_from({orders[0].get<std::uint64_t>(), orders[1].get<std::uint64_t>()});
    });
}

void Control::Members::inherit_drains() {
    each_alone("drains", [&] {
        std::vector<Drain> drains;
        std::map<std::uint32_t, std::string> upstreams;
        for (const auto& text : heritage->state.value("drains", Json::array()))
            drains.push_back(drain_of(text, registry, upstreams));
        controller->go_on_draining(std::move(drains), upstreams);
    });
}

// To the process in charge: what every worker has counted, then what is in flight where a limit asks.
void Control::Members::tell_counts(bool ages, std::function<void()> then) {
    const auto reports = std::make_shared<Json>(Json::array());
    pool->collect(ages, [this, reports, left = std::make_shared<unsigned>(workers),
                         then = std::move(then)](const WorkerReport& report) {
        count(report);  // it may have to go on by itself
        reports->push_back(upgrade::report_text(report, names_of_ids()));
        if (--*left > 0) return;
        succession->tell({{"type", "counts"},
                          {"reports", std::move(*reports)},
                          {"own", upgrade::share_text(elsewhere.own(*controller->snapshot(), true))}});
        if (then) then();
    });
}

// What has ended since it was asked last goes with the last word; a worker that is stuck is not waited for.
void Control::Members::tell_the_last() {
    const auto once = std::make_shared<boost::asio::steady_timer>(io, kLastCounts);
    const auto end = [this, once, told = std::make_shared<bool>(false)] {
        if (std::exchange(*told, true)) return;
        once->cancel();
        if (on_drained) on_drained();
    };
    if (!gives_counts) return end();
    once->async_wait([end](boost::system::error_code) { end(); });
    tell_counts(false, end);
}

void Control::Members::tell_ages() {
    pool->ages(
        [this, all = std::make_shared<HeldAges>(), left = std::make_shared<unsigned>(workers)](const HeldAges& ages) {
            all->requests += ages.requests;
            all->tunnels += ages.tunnels;
            all->youngest_us = std::min(all->youngest_us, ages.youngest_us);
            if (--*left > 0) return;
            succession->tell({{"type", "ages"},
                              {"requests", all->requests},
                              {"tunnels", all->tunnels},
                              {"youngest_ms", all->youngest_us / 1000}});
        });
}

bool Control::Members::wanted(const upgrade::Message& message) {
    const auto type = message.type();
    if (type == "collect") {
        elsewhere.tell(upgrade::share_of(message.body.value("elsewhere", Json::object())));
        ages_wanted = message.body.value("ages", false);
        tell_counts(ages_wanted, {});
        return true;
    }
    if (type == "ages") {
        tell_ages();
        return true;
    }
    if (type == "cut") {
        std::set<std::uint32_t> ids;
        for (const auto& name : message.body.value("upstreams", Json::array()))
            if (name.is_string()) ids.insert(registry.upstream(name.get<std::string>()));
        pool->cut(message.body.value("before", std::uint64_t{0}), ids);
        return true;
    }
    if (type != "counted") return false;
    for (const auto& text : message.body.value("reports", Json::array()))
        if (auto report = upgrade::report_of(text, numbers_of_names())) {
            report->worker += kHeirWorkers;
            totals.add(*report, steady_clock::now());
            series.add(*report, steady_clock::now());
        }
    return true;
}

// What may be lost only where the other one is stuck, and with a takeover that fails.
void Control::Members::tell_elder(Json reports) {
    if (predecessors->newest_counts())
        predecessors->offer_newest({{"type", "counted"}, {"reports", std::move(reports)}});
}

void Control::Members::ask_predecessors() {
    if (!deciding || predecessors->empty()) return;
    const auto own = elsewhere.own(*controller->snapshot(), false);
    predecessors->ask([&](unsigned number) -> Json {
        auto others = own;
        for (const auto& [other, share] : shares)
            if (other != number) others += share;
        return {{"type", "collect"}, {"ages", rollouts->any_active()}, {"elsewhere", upgrade::share_text(others)}};
    });
}

// Callers wait for it in the queue: one that asks whether something has ended must not hear of what is only here.
void Control::Members::accept_when_heard() {
    const auto accept = [this, done = std::make_shared<bool>(false)] {
        if (!std::exchange(*done, true)) admin->accept();
    };
    if (!predecessors->await_all(accept)) return accept();
    ask_predecessors();
    const auto most = std::make_shared<boost::asio::steady_timer>(io, kLastCounts);
    most->async_wait([accept, most](boost::system::error_code) { accept(); });
}

void Control::Members::heard_counts(unsigned number, bool newest, const upgrade::Message& message) {
    std::vector<InFlight> in_flight;
    std::uint64_t requests = 0, tunnels = 0, connections = 0;
    const auto reports = message.body.value("reports", Json::array());
    if (!newest && heritage && heritage->machine.phase() == upgrade::HeirMachine::Phase::probation) tell_elder(reports);
    for (const auto& text : reports) {
        auto report = upgrade::report_of(text, numbers_of_names());
        if (!report) continue;
        report->worker = worker_elsewhere(number, report->worker);
        connections += report->client_connections;
        for (const auto& flight : report->in_flight) {
            in_flight.push_back(flight);
            requests += flight.requests + flight.streams;
            tunnels += flight.tunnels;
        }
        count(*report);
        if (deciding) rollouts->report(*report);
    }
    predecessors->has(number, requests, tunnels, connections);
    controller->reported(number, in_flight);
    held_upstreams.tell(number, in_flight);
    shares[number] = upgrade::share_of(message.body.value("own", Json::object()));
    tell_elsewhere();
}

void Control::Members::tell_elsewhere() {
    InFlightShare all;
    for (const auto& [number, share] : shares) all += share;
    elsewhere.tell(all);
}

void Control::Members::forget_predecessor(unsigned number) {
    const auto first = worker_elsewhere(number, 0), end = worker_elsewhere(number + 1, 0);
    totals.forget_workers(first, end);
    rollouts->forget_workers(first, end);
    shares.erase(number);
    held_upstreams.forget(number);
    tell_elsewhere();
}

}  // namespace switchyard::control
