#include "control/rollout/runner/rollouts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <sstream>

#include "control/rollout/fit_plan.h"
#include "control/rollout/parse_plan.h"

namespace switchyard::control::rollout {

namespace {

// 7 of "r7"; 0 for anything else.
std::uint64_t number_of(std::string_view id) {
    std::uint64_t number = 0;
    if (id.size() < 2 || id.front() != 'r') return 0;
    const auto [end, ec] = std::from_chars(id.data() + 1, id.data() + id.size(), number);
    return ec == std::errc{} && end == id.data() + id.size() ? number : 0;
}

std::vector<Record> records_of(const std::string& text) {
    std::vector<Record> out;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (auto record = parse_record(line)) out.push_back(std::move(*record));
    return out;
}

}  // namespace

Rollouts::Json Rollouts::handed_on() {
    Json out = Json::object();
    for (const auto& rollout : all_)
        if (rollout->machine().active()) out[rollout->id()] = rollout->handed_on();
    return out;
}

void Rollouts::forget_workers(unsigned from, unsigned to) {
    for (const auto& rollout : all_) rollout->forget_workers(from, to);
}

void Rollouts::restore(const std::map<std::string, std::string>& kept, const Json& told) {
    std::map<std::uint64_t, std::string> in_order;
    for (const auto& [id, text] : kept)
        if (const auto number = number_of(id); number > 0) in_order.emplace(number, id);
    for (const auto& [number, id] : in_order) {
        last_number_ = std::max(last_number_, number);
        const auto records = records_of(kept.at(id));
        if (records.empty() || records.front().kind != Record::Kind::started) continue;
        auto plan = parse_plan(records.front().detail);
        if (!plan.plan) {
            doors_.outside.event(
                {{"rollout", id}, {"kind", "not_restored"}, {"detail", "its plan is of another version"}});
            continue;
        }
        const auto beside = [&, id = id](std::string_view what) {
            const auto it = kept.find(id + std::string(what));
            return it == kept.end() ? Json() : Json::parse(it->second, nullptr, false);
        };
        auto rollout = std::make_shared<LiveRollout>(id, std::move(*plan.plan), doors_, recent_);
        all_.push_back(rollout);
        if (const auto it = told.find(id); told.is_object() && it != told.end() && it->is_object())
            rollout->take_over(records, Timeline::from_json(it->value("timeline", Json())),
                               it->value("evidence", Json()), *it);
        else
            rollout->restore(records, Timeline::from_json(beside("#timeline")), beside("#evidence"));
    }
    forget_oldest();
}

void Rollouts::forget_oldest() {
    const auto ended = static_cast<std::size_t>(std::ranges::count_if(all_, [](const auto& r) { return !r->busy(); }));
    if (ended == std::exchange(ended_, ended) || keep_ == 0 || ended <= keep_) return;
    std::vector<std::string> ids;
    std::set<std::string> routes;  // that still exist and have a later one
    for (const auto& route : doors_.steering.model().routes) routes.insert(route.name);
    std::size_t later = 0;
    for (const auto& rollout : newest_first()) {
        if (rollout->busy()) continue;
        const bool latest = routes.erase(rollout->machine().plan().route) > 0;
        if (later++ >= keep_ && !latest) ids.push_back(rollout->id());
    }
    if (ids.empty()) return;
    std::vector<std::string> rows;
    for (const std::string& id : ids)
        for (const char* what : {"", "#timeline", "#evidence"}) rows.push_back(id + what);
    doors_.journals.forget(rows, [this, ids, alive = std::weak_ptr(alive_)](const Result<void>& forgotten) {
        if (alive.expired()) return;
        if (!forgotten) {
            doors_.outside.event(
                {{"rollout", ids.front()}, {"kind", "not_forgotten"}, {"detail", forgotten.error().detail}});
            return;  // tried again when the next one ends
        }
        ended_ -= std::erase_if(all_, [&](const auto& r) { return std::ranges::find(ids, r->id()) != ids.end(); });
    });
}

std::string Rollouts::next_id() {
    return "r" + std::to_string(++last_number_);
}

Result<void> Rollouts::has_room(const std::string& route) const {
    if (const auto by = holder(route); !by.rollout.empty()) return held_problem(route, by);
    for (const auto& one : doors_.steering.model().routes)
        if (one.name == route && one.hold.on())
            return problems::conflict(
                fmt::format("route {} is held until {}: nothing is told of a release by requests that wait; "
                            "`switchyard resume {}` first",
                            route, one.hold.until, route));
    const auto active_ones = std::ranges::count_if(all_, [](const auto& r) { return r->machine().active(); });
    if (static_cast<std::size_t>(active_ones) >= kMostActive)
        return problems::conflict(fmt::format("{} rollouts are active already", kMostActive));
    return {};
}

std::shared_ptr<LiveRollout> Rollouts::begin(Plan plan, const std::string& by, bool force) {
    auto rollout = std::make_shared<LiveRollout>(next_id(), std::move(plan), doors_, recent_);
    all_.push_back(rollout);
    rollout->start(by, force);
    return rollout;
}

Result<void> Rollouts::require_served(const std::string& upstream, bool force) const {
    if (force) return {};
    const UpstreamHealth health = doors_.world.health(upstream);
    if (health.usable > 0) return {};
    std::string why;
    for (const auto& [address, detail] : health.down)
        if (!detail.empty() && why.empty()) why = fmt::format(" ({}: {})", address, detail);
    return problems::conflict(
        fmt::format("upstream {} has 0 of {} endpoints healthy{}; \"force\": true begins all the same", upstream,
                    health.endpoints, why));
}

Result<Plan> Rollouts::check(const Json& document, bool force) const {
    auto parsed = parse_plan(document);
    if (!parsed.plan) {
        add_unless_told(parsed.errors, fit_plan(parsed.draft, doors_.steering.model()));
        return problems::invalid(std::move(parsed.errors), "plan");
    }
    if (auto room = has_room(parsed.plan->route); !room) return room.error();
    if (auto errors = fit_plan(*parsed.plan, doors_.steering.model()); !errors.empty())
        return problems::invalid(std::move(errors), "plan");
    if (auto there = require_served(parsed.plan->to, force); !there) return there.error();
    return std::move(*parsed.plan);
}

Result<std::shared_ptr<LiveRollout>> Rollouts::start(const Json& document, const std::string& by, bool force) {
    auto plan = check(document, force);
    if (!plan) return plan.error();
    return begin(std::move(*plan), by, force);
}

Result<void> Rollouts::may_watch(const std::string& route, const std::string& to, std::string& from, bool force) const {
    if (auto room = has_room(route); !room) return room.error();
    const auto& routes = doors_.steering.model().routes;
    const auto it = std::ranges::find(routes, route, &config::Route::name);
    if (it == routes.end()) return problems::not_found("there is no route " + route);
    std::vector<std::string> serving;
    for (const auto& [upstream, weight] : it->split)
        if (weight > 0) serving.push_back(upstream);
    if (serving.size() != 1 || serving.front() == to)
        return problems::conflict(
            fmt::format("\"watch\" returns to the one upstream that had all the traffic; route {} "
                        "has {} such before this switch",
                        route, serving.size() == 1 ? 0 : serving.size()));
    if (doors_.steering.model().upstreams.contains(to))  // else the switch itself says so
        if (auto there = require_served(to, force); !there) return there.error();
    from = serving.front();
    return {};
}

std::shared_ptr<LiveRollout> Rollouts::watch(const std::string& route, const std::string& from, const std::string& to,
                                             Duration length, const std::string& by) {
    Plan plan;
    plan.route = route;
    plan.from = from;
    plan.to = to;
    plan.watch = true;
    plan.steps = {{Step::Kind::weight, kWhole, length}};
    return has_room(route) ? begin(std::move(plan), by) : nullptr;  // others may have come since may_watch()
}

void Rollouts::report(const WorkerReport& report) {
    recent_.add(report);
    for (const auto& rollout : all_) rollout->report(report);
    if (report.worker >= doors_.workers.count()) return;  // another process's: nothing waits for it
    reported_.insert(report.worker);
    if (reported_.size() < doors_.workers.count()) return;
    reported_.clear();  // a round that came too soon is looked at together with the next
    if (doors_.clock.now() - last_look_ >= kSoonest) look();
}

void Rollouts::went_down(const std::string& upstream, const std::string& address) {
    for (std::size_t i = 0; i < all_.size(); ++i) all_[i]->went_down(upstream, address);  // by index: as in look()
}

void Rollouts::look_if_overdue() {
    if (doors_.clock.now() - last_look_ >= kOverdue) look();
}

void Rollouts::look() {
    last_look_ = doors_.clock.now();
    reported_.clear();
    recent_.turn(last_look_);
    for (std::size_t i = 0; i < all_.size(); ++i)  // by index: a webhook's answer may start another one
        if (const auto rollout = all_[i]; rollout->busy()) rollout->tick();
    forget_oldest();
}

bool Rollouts::any_active() const {
    return std::ranges::any_of(all_, [](const auto& r) { return r->machine().active(); });
}

std::shared_ptr<LiveRollout> Rollouts::find(const std::string& id) const {
    const auto it = std::ranges::find_if(all_, [&](const auto& r) { return r->id() == id; });
    return it == all_.end() ? nullptr : *it;
}

std::vector<std::shared_ptr<LiveRollout>> Rollouts::newest_first() const {
    return {all_.rbegin(), all_.rend()};
}

std::string Rollouts::held_by(const std::string& route) const {
    return holder(route).rollout;
}

Holder Rollouts::holder(const std::string& route) const {
    for (const auto& rollout : all_)
        if (const Machine& machine = rollout->machine(); machine.holds_route() && machine.plan().route == route)
            return {rollout->id(), machine.returning(), machine.plan().to};
    return {};
}

}  // namespace switchyard::control::rollout
