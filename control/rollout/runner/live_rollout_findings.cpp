// What a rollout knows at this moment: for the state machine that decides, and in words for people.
#include <algorithm>

#include "control/rollout/runner/alarm_words.h"
#include "control/rollout/runner/live_rollout.h"
#include "control/rollout/runner/success_words.h"
#include "control/rollout/runner/waiting_words.h"

namespace switchyard::control::rollout {

std::string LiveRollout::why() const {
    StepNeeds needs;
    needs.requests = analysis_->promotion().lacks;
    if (machine_.plan().watch || !held_words_.empty()) needs.requests = 0;
    needs.rate = rate_seconds_ > 0.0 ? rate_requests_ / rate_seconds_ : 0.0;
    const std::string waits =
        waiting_words(machine_, needs, [&](Duration ahead) { return doors_.clock.time_of_day(ahead); });
    // What a person is asked for goes before what it does meanwhile.
    const bool said =
        held_words_.empty() || machine_.state() != State::running || waits.find(held_words_) != waits.npos;
    return said ? waits : held_words_ + " Meanwhile it " + waits;
}

// The step that follows leaves nothing to compare with.
bool LiveRollout::next_is_alone() const {
    const auto& steps = machine_.plan().steps;
    const std::size_t next = machine_.step() + 1;
    return next < steps.size() && steps[next].kind == Step::Kind::weight &&
           steps[next].weight >= static_cast<Ppm>(analysis::SloGuard::kAlone * kWhole);
}

Findings LiveRollout::findings() const {
    Findings out;
    out.epoch = publication_->wanting() ? 0 : epoch_;  // while a weight is on its way, nothing counts for the step
    out.as_of = intake_->as_of();
    const auto promotion = analysis_->promotion();
    out.promotable = promotion.allowed;
    out.why = promotion.why;
    if (const auto refused = next_is_alone() ? analysis_->alone_refused() : ""; out.promotable && !refused.empty())
        out.promotable = false, out.why = refused;
    if (!held_words_.empty()) out.promotable = false, out.why = held_words_;
    out.unseen = unseen();
    out.canary_asked = analysis_->any_evidence();
    out.canary_failed = analysis_->step_canary().failures > 0;
    out.mismatch = analysis_->mismatch();
    out.checks_passed = checks_.all_passed();
    out.extra_failures = analysis_->extra_failures();
    out.hold = presence_.hold();
    if (out.hold.empty() && publication_->wanting() && !publish_problem().empty())
        out.hold = "its weight is not in force yet: " + publish_problem();
    out.alarm = presence_.alarm() ? presence_.alarm() : checks_.alarm();
    if (out.alarm) return out;
    if (const auto& alarm = analysis_->alarm()) {
        const auto arm = [](const analysis::ArmCounts& c) {
            return Json{{"attempts", c.attempts}, {"failures", c.failures}};
        };
        const Plan& p = machine_.plan();
        out.alarm = Findings::Alarm{
            "evidence",
            alarm_words(*alarm, p, intake_->frozen_for(alarm->test), failing_endpoints(), places_, users(*alarm)),
            {{"test", alarm->test},
             {"ln_e", alarm->ln_e},
             {"threshold", alarm->threshold},
             {"marks", {{p.to, alarm->canary_marks}, {p.from, alarm->baseline_marks}}},
             {"counts", {{p.to, arm(alarm->canary)}, {p.from, arm(alarm->baseline)}}},
             {"endpoints", failing_endpoints()},
             {"where", where(*alarm)}}};
    }
    return out;
}

LiveRollout::Json LiveRollout::where(const analysis::Alarm& alarm) const {
    const auto* group = places_.canary(marks_of(alarm.test));
    Json out = group != nullptr ? to_json(*group) : Json::object();
    if (const auto marked = intake_->users(true, marks_of(alarm.test))) out["users"] = marked->to_json();
    return out;
}

// While it is compared: of one that is alone no bucket is told.
std::string LiveRollout::users(const analysis::Alarm& alarm) const {
    if (alarm.test.starts_with("slo_") || alarm.test.ends_with("_alone")) return {};
    const std::string group = marks_of(alarm.test);
    const auto canary = intake_->users(true, group);
    return canary ? users_words(*canary, intake_->users(false, group), group) : "";
}

std::string LiveRollout::unseen() const {
    if (machine_.step() + 1 < machine_.plan().steps.size()) return {};
    SuccessFacts outcome;
    outcome.from = analysis_->baseline(), outcome.to = analysis_->canary(), outcome.to_last = analysis_->step_canary();
    outcome.from_latency = &intake_->lasting().baseline_latency, outcome.to_latency = &intake_->canary_latency();
    outcome.from_whole = &intake_->lasting().baseline_whole, outcome.to_whole = &intake_->canary_whole();
    outcome.frozen = intake_->frozen().has_value(), outcome.frozen_whole = intake_->frozen_whole().has_value();
    outcome.failure_limit = analysis_->failure_limit();
    return success_words(machine_.plan(), outcome);
}

LiveRollout::Json LiveRollout::failing_endpoints() const {
    auto by_address = failing_before_;
    for (const auto& [id, failures] : intake_->failing())
        if (const auto name = doors_.world.endpoint(id); name && name->first == machine_.plan().to)
            by_address[name->second] += failures;
    std::vector<std::pair<std::uint64_t, std::string>> found;
    for (const auto& [address, failures] : by_address) found.emplace_back(failures, address);
    std::ranges::sort(found, std::greater<>());
    Json out = Json::object();
    for (const auto& [failures, address] : found) out[address] = failures;
    return out;
}

RecentTraffic::Sum LiveRollout::recent_baseline() const {
    const Plan& p = machine_.plan();
    return recent_.of(doors_.world.route_id(p.route), doors_.world.upstream_id(p.from));
}

}  // namespace switchyard::control::rollout
