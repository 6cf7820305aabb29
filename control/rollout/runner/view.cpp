#include "control/rollout/runner/view.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "config/text/duration.h"
#include "control/rollout/render_plan.h"
#include "control/rollout/runner/idle_words.h"

namespace switchyard::control::rollout {

namespace {

using Json = nlohmann::ordered_json;

double percent(Ppm weight) {
    return static_cast<double>(weight) / 10'000.0;
}

Json quantiles(const Histogram& of) {
    const auto ms = [&](double q) { return static_cast<double>(of.quantile(q)) / 1000.0; };
    return {{"p50", ms(.5)}, {"p90", ms(.9)}, {"p99", ms(.99)}};
}

Json slow_beyond(const analysis::FrozenQuantiles& frozen) {
    Json out;
    for (std::size_t i = 0; i < analysis::kLevels; ++i)
        out[analysis::kLevelNames[i]] = static_cast<double>(frozen.limit_us(i)) / 1000.0;
    out["tail"] = static_cast<double>(Histogram::upper(frozen.tail())) / 1000.0;
    return out;
}

Json arm(const analysis::ArmCounts& counts, const Histogram& latency) {
    Json out = {{"attempts", counts.attempts}, {"failures", counts.failures}};
    out["error_percent"] =
        counts.attempts == 0
            ? Json(nullptr)
            : Json(100.0 * static_cast<double>(counts.failures) / static_cast<double>(counts.attempts));
    if (latency.total() > 0) out["latency_ms"] = quantiles(latency);
    return out;
}

// Since the rollout began, and of the step: right after a step began, and while nothing comes, only the first says
// anything.
Json arms(const LiveRollout& rollout) {
    const auto& analysis = rollout.analysis();
    const Intake& intake = rollout.intake();
    Json from = arm(analysis.baseline(), intake.lasting().baseline_latency);
    from["step"] = arm(analysis.step_baseline(), intake.baseline_latency());
    if (analysis.baseline().attempts == 0) {
        const auto recent = rollout.recent_baseline();
        analysis::ArmCounts before;
        before.attempts = recent.attempts, before.failures = recent.failures;
        from["before"] = arm(before, recent.first_byte);
    }
    Json to = arm(analysis.canary(), intake.lasting().canary_latency);
    for (const auto& [which, whole] :
         {std::pair{&from, &intake.lasting().baseline_whole}, {&to, &intake.lasting().canary_whole}})
        if (whole->total() > 0) (*which)["duration_ms"] = quantiles(*whole);
    to["step"] = arm(analysis.step_canary(), intake.canary_latency());
    const Plan& plan = rollout.machine().plan();
    return {{plan.from, std::move(from)}, {plan.to, std::move(to)}};
}

Json evidence(const LiveRollout& rollout) {
    Json out = Json::array();
    for (const analysis::Row& row : rollout.analysis().rows())
        out.push_back({{"test", row.test},
                       {"ln_e", row.ln_e},
                       {"threshold", row.threshold},
                       {"part", std::clamp(row.ln_e / row.threshold, 0.0, 1.0)},
                       {"acts", row.acts},
                       {"held_by_gate", row.gated},
                       {"idle", idle_words(row, rollout.machine().plan())}});
    return out;
}

// Whether it waited in vain, and on what it was left.
void told_of(const LiveRollout& rollout, std::size_t step, Json& out) {
    for (const Record& r : rollout.journal()) {
        if (r.kind == Record::Kind::inconclusive && r.step == step) out["waited"] = r.why;
        const bool left = (r.kind == Record::Kind::step && r.step == step + 1) ||
                          (r.kind == Record::Kind::succeeded && r.step == step);
        if (left) out["left"] = r.by == "evidence" ? "evidence: " + r.why.substr(0, r.why.find(". ")) : r.why;
    }
}

Json marks(const LiveRollout& rollout) {
    Json out = Json::object();
    const Plan& plan = rollout.machine().plan();
    for (const bool canary : {true, false})
        for (const auto& [name, group] : rollout.places().arm(canary)) {
            Json places = to_json(group);
            places["where"] = where_words(group, canary ? rollout.places().baseline(name) : nullptr);
            out[canary ? plan.to : plan.from][name] = std::move(places);
        }
    return out;
}

Json steps(const LiveRollout& rollout) {
    const Machine& machine = rollout.machine();
    Json out = Json::array();
    for (std::size_t i = 0; i < machine.plan().steps.size(); ++i) {
        Json step = render_step(machine.plan().steps[i]);
        const bool over = i < machine.step() || machine.state() == State::succeeded;
        if (i == machine.step() && !machine.approved().empty()) step["approved_by"] = machine.approved();
        step["state"] = over ? "done" : i > machine.step() ? "to come" : word(machine.state());
        told_of(rollout, i, step);
        out.push_back(std::move(step));
    }
    return out;
}

const Record* end_of(const LiveRollout& rollout) {
    for (const Record& r : rollout.journal())
        if (r.kind == Record::Kind::rolled_back || r.kind == Record::Kind::aborted || r.kind == Record::Kind::succeeded)
            return &r;
    if (rollout.machine().closed())  // a watch that came to no end
        for (auto r = rollout.journal().rbegin(); r != rollout.journal().rend(); ++r)
            if (r->kind == Record::Kind::inconclusive) return &*r;
    return nullptr;
}

// Endpoints of the new upstream that its checks have taken out.
Json taken_out(const Presence& presence) {
    Json endpoints = Json::object();
    for (const auto& [address, why] : presence.taken_out()) endpoints[address] = why;
    return {{"endpoints", std::move(endpoints)}, {"of", presence.wanted()}};
}

// It goes on only when an operator says so.
bool needs_person(const LiveRollout& rollout) {
    const Machine& machine = rollout.machine();
    if (!machine.active()) return false;
    return machine.state() != State::running || rollout.analysis().held_by().has_value();
}

}  // namespace

Json summary(const LiveRollout& rollout) {
    const Machine& machine = rollout.machine();
    const Plan& plan = machine.plan();
    return {{"id", rollout.id()},
            {"state", word(machine.state())},
            {"route", plan.route},
            {"from", plan.from},
            {"to", plan.to},
            {"step", machine.step() + 1},
            {"of_steps", plan.steps.size()},
            {"weight", percent(machine.weight())},
            {"weight_in_force", percent(rollout.weight_in_force())},
            {"why", rollout.why()},
            {"needs_person", needs_person(rollout)},
            {"holds_route", machine.holds_route()},
            {"started_at", rollout.journal().empty() ? "" : rollout.journal().front().at}};
}

Json view(const LiveRollout& rollout) {
    const Machine& machine = rollout.machine();
    const Plan& plan = machine.plan();
    const auto& analysis = rollout.analysis();
    Json out = summary(rollout);
    if (!rollout.publish_problem().empty()) out["publish_problem"] = rollout.publish_problem();
    out["watch"] = plan.watch;
    out["baked"] = config::duration_text(std::chrono::floor<std::chrono::seconds>(machine.baked()));
    out["steps"] = steps(rollout);
    out["arms"] = arms(rollout);
    out["evidence"] = evidence(rollout);
    // What "slow" means in this step.
    if (const auto& frozen = rollout.intake().frozen()) out["slow_beyond_ms"] = slow_beyond(*frozen);
    if (const auto& frozen = rollout.intake().frozen_whole()) out["long_beyond_ms"] = slow_beyond(*frozen);
    const auto promotion = analysis.promotion();
    out["promotion"] = {{"allowed", promotion.allowed},
                        {"why", promotion.why},
                        {"ln_e", analysis.promote_log_evidence()},
                        {"threshold", std::log(1.0 / analysis::Analysis::kPromoteAlpha)}};
    out["extra_failures"] = analysis.extra_failures();
    // Stand outside: only requests with a key are compared where the split goes by it.
    if (rollout.intake().sticky()) out["keyless_requests"] = rollout.intake().keyless();
    out["failing_endpoints"] = rollout.failing_endpoints();
    out["marks"] = marks(rollout);
    out["taken_out"] = taken_out(rollout.presence());
    Json checks = Json::array();
    for (std::size_t i = 0; i < plan.checks.size(); ++i)
        checks.push_back({{"name", plan.checks[i].name},
                          {"failures", rollout.checks().failures(i)},
                          {"of", plan.checks[i].failures},
                          {"last", rollout.checks().why(i)}});
    out["checks"] = std::move(checks);
    if (const Record* end = end_of(rollout)) {
        out["ended"] = {{"at", end->at}, {"by", end->by}, {"why", end->why}};
        if (!end->detail.is_null()) out["ended"]["evidence"] = end->detail;
    }
    out["plan"] = render_plan(plan);
    if (!plan.watch) out["stated_false_alarm"] = plan.stated(), out["promise"] = promise_words(plan);
    return out;
}

Json report(const LiveRollout& rollout) {
    Json out = view(rollout);
    out["journal"] = Json::array();
    for (const Record& r : rollout.journal()) out["journal"].push_back(to_json(r));
    out["timeline"] = rollout.timeline().to_json();
    return out;
}

}  // namespace switchyard::control::rollout
