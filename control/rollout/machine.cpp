#include "control/rollout/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "control/rollout/render_plan.h"

namespace switchyard::control::rollout {

std::string_view word(State state) {
    constexpr std::array<std::string_view, 7> kWords{"running",   "paused",      "inconclusive", "rolling_back",
                                                     "succeeded", "rolled_back", "aborted"};
    return kWords[static_cast<std::size_t>(state)];
}

Record Machine::record(Record::Kind kind, const std::string& by, const std::string& why) const {
    Record out;
    out.kind = kind;
    out.step = step_;
    out.weight = weight_;
    out.by = by;
    out.why = why;
    return out;
}

Monotonic Machine::passed(Monotonic now) {
    const Monotonic since = last_tick_ ? now - *last_tick_ : Monotonic{0};
    last_tick_ = now;
    return std::clamp(since, Monotonic{0}, kLongestTick);
}

void Machine::set_weight(Ppm weight, Effects& out) {
    weight_ = weight;
    out.emplace_back(effect::SetWeight{weight});
}

void Machine::begin(Effects& out) {
    baked_ = waited_ = Monotonic{0};
    out.emplace_back(effect::BeginStep{++epoch_, step_});
}

void Machine::enter(std::size_t step, const std::string& by, const std::string& why, Effects& out) {
    step_ = step;
    approved_.clear();
    const Step& now = current();
    const Ppm weight = now.kind == Step::Kind::weight ? now.weight : weight_;
    state_ = now.kind == Step::Kind::pause ? State::paused : State::running;
    why_ = now.kind == Step::Kind::pause ? awaits_approvals() : why;
    Record entered = record(Record::Kind::step, by, why);
    entered.weight = weight;
    out.emplace_back(effect::Journal{std::move(entered)});
    set_weight(weight, out);
    begin(out);
    if (now.kind == Step::Kind::pause)
        out.emplace_back(
            effect::Announce{{"pause", fmt::format("step {} pauses at {}", step_ + 1, percent_text(weight))}});
    else
        out.emplace_back(
            effect::Announce{{"step", fmt::format("step {} of {}: {} to {} ({})", step_ + 1, plan_.steps.size(),
                                                  percent_text(weight), plan_.to, why)}});
}

void Machine::leave(State state, Record::Kind kind, const std::string& by, const std::string& why,
                    nlohmann::ordered_json detail, Effects& out) {
    state_ = state;
    why_ = why;
    // A succeeded rollout keeps everything where it is; the two others give the traffic back, at once or in stages.
    const bool gradual = state != State::succeeded && plan_.return_over.count() > 0 && weight_ > 0;
    return_from_ = gradual ? weight_ : 0;
    returning_ = Monotonic{0};
    const Ppm weight = state == State::succeeded ? kWhole : gradual ? weight_ : 0;
    Record left = record(kind, by, why);
    left.weight = weight;
    left.detail = std::move(detail);
    out.emplace_back(effect::Journal{std::move(left)});
    set_weight(weight, out);
    const char* announced = state == State::succeeded ? "done" : state == State::aborted ? "abort" : "rollback";
    out.emplace_back(effect::Announce{{announced, why}});
}

void Machine::advance(const std::string& by, const std::string& why, Effects& out) {
    if (step_ + 1 < plan_.steps.size()) return enter(step_ + 1, by, why, out);
    leave(State::succeeded, Record::Kind::succeeded, by, unseen_.empty() ? why : why + ". " + unseen_, nullptr, out);
}

void Machine::give_up(const Findings& findings, const std::string& why, Effects& out) {
    // Where nothing can be compared any more the cap is a plain number.
    if (plan_.max_extra_failures > 0 && findings.extra_failures >= plan_.max_extra_failures)
        return leave(State::rolling_back, Record::Kind::rolled_back, "policy",
                     fmt::format("{:.0f} extra failures of at most {}, and {}", findings.extra_failures,
                                 plan_.max_extra_failures, why),
                     nullptr, out);
    if (plan_.inconclusive == Plan::Inconclusive::rollback)
        return leave(State::rolling_back, Record::Kind::rolled_back, "policy", why, nullptr, out);
    if (plan_.inconclusive == Plan::Inconclusive::promote_if_no_failures && findings.canary_asked &&
        !findings.canary_failed && !findings.mismatch && findings.hold.empty())
        return advance("policy", "no failures, and the plan takes that for enough", out);
    state_ = State::inconclusive;
    why_ = why;
    out.emplace_back(effect::Journal{record(Record::Kind::inconclusive, "evidence", why)});
    // A person made the switch that is watched and was told when the watch ends: no approval is waited for any more.
    if (plan_.watch) {
        closed_ = true;
        out.emplace_back(effect::Journal{record(Record::Kind::closed, "switchyard", "")});
    }
    out.emplace_back(effect::Announce{{"inconclusive", why}});
}

Effects Machine::start(Monotonic now, const std::string& by) {
    Effects out;
    last_tick_ = now;
    begun_by_ = by;
    Record started = record(Record::Kind::started, by, "");
    started.detail = render_plan(plan_);
    out.emplace_back(effect::Journal{std::move(started)});
    out.emplace_back(
        effect::Announce{{"start", fmt::format("route {}: from {} to {}", plan_.route, plan_.from, plan_.to)}});
    enter(0, by, "started", out);
    return out;
}

Effects Machine::tick(Monotonic now, const Findings& findings) {
    Effects out;
    const Monotonic since = passed(now);
    unseen_ = findings.unseen;
    if (!active()) {
        if (return_from_ > 0) {
            returning_ += since;
            come_back(out);
        }
        return out;
    }
    if (findings.alarm) {
        leave(State::rolling_back, Record::Kind::rolled_back, findings.alarm->by, findings.alarm->why,
              findings.alarm->detail, out);
        return out;
    }
    if (state_ != State::running) return out;
    const bool fresh = findings.epoch == epoch_ && now - findings.as_of <= kFresh;
    const bool held = !findings.hold.empty();
    waited_ += since;
    if (fresh && !held) baked_ += since;
    if (fresh && findings.mismatch) {
        give_up(findings, "the split does not deliver its shares: something loses requests before they are counted",
                out);
        return out;
    }
    const Step& here = current();
    const bool ripe = !held && baked_ >= here.bake;
    if (fresh && ripe && plan_.watch) {
        if (findings.canary_asked)
            advance("time", "the watch ended without an alarm", out);
        else
            give_up(findings, "no request came", out);
    } else if (fresh && ripe && findings.promotable) {
        advance("evidence", findings.why, out);
    } else if (fresh && ripe && here.kind == Step::Kind::header_only && findings.checks_passed) {
        advance("evidence", "every check has passed", out);
    } else if (waited_ >= here.bake + plan_.patience) {
        const std::string what = held                     ? findings.hold
                                 : !fresh                 ? "no fresh counts from the workers"
                                 : !findings.canary_asked ? fmt::format("{} was not asked once", plan_.to)
                                                          : findings.why;
        give_up(findings, "waited for evidence in vain: " + what, out);
    } else {
        why_ = held     ? findings.hold
               : !fresh ? "waits for fresh counts from the workers"
               : !ripe  ? std::string(kBakes)
                        : "waits: " + findings.why;
    }
    return out;
}

// In stages, so that a long return is some twenty publications and not one per tick.
void Machine::come_back(Effects& out) {
    const auto over = static_cast<double>(plan_.return_over.count());
    const double part = std::min(1.0, static_cast<double>(returning_.count()) / over);
    const auto stage = static_cast<unsigned>(part * kReturnStages);
    const auto weight =
        static_cast<Ppm>(static_cast<std::uint64_t>(return_from_) * (kReturnStages - stage) / kReturnStages);
    if (weight >= weight_) return;
    Record returning = record(Record::Kind::returning, "switchyard", "gradual return");
    returning.weight = weight;
    out.emplace_back(effect::Journal{std::move(returning)});
    set_weight(weight, out);
    if (weight == 0) return_from_ = 0;
}

Effects Machine::in_force(Ppm weight) {
    Effects out;
    if (rollout::active(state_) || closed_ || weight != weight_ || return_from_ > 0) return out;
    if (state_ == State::rolling_back) state_ = State::rolled_back;
    closed_ = true;
    out.emplace_back(effect::Journal{record(Record::Kind::closed, "switchyard", "")});
    return out;
}

}  // namespace switchyard::control::rollout
