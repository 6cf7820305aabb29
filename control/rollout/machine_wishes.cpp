// What people ask of a rollout: promote, pause, resume, abort.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "control/rollout/machine.h"

namespace switchyard::control::rollout {

std::string Machine::refused(std::string_view wish) const {
    return fmt::format("cannot {} a rollout that is {}{}", wish, word(state_),
                       closed_ && state_ == State::inconclusive ? " and over" : "");
}

std::string Machine::awaits_approvals() const {
    const auto wanted = current().approvals;
    if (wanted == 0) return "the plan pauses here until a person promotes or resumes";
    return fmt::format(
        "the plan pauses here for {} approvals of others than {}; {}", wanted, begun_by_,
        approved_.empty() ? "nobody has approved yet" : fmt::format("approved by {}", fmt::join(approved_, ", ")));
}

// Whether that was the last one that was wanted.
bool Machine::approve(const std::string& by, Effects& out, std::string& refusal) {
    if (by == begun_by_)
        refusal = fmt::format("{} began it, and somebody else has to approve; {}", by, awaits_approvals());
    else if (std::ranges::find(approved_, by) != approved_.end())
        refusal = fmt::format("{} has approved already, and each name counts once; {}", by, awaits_approvals());
    if (!refusal.empty()) return false;
    approved_.push_back(by);
    why_ = awaits_approvals();
    out.emplace_back(effect::Journal{
        record(Record::Kind::approved, by, fmt::format("{} of {} approvals", approved_.size(), current().approvals))});
    return approved_.size() >= current().approvals;
}

Effects Machine::promote(Monotonic now, const std::string& by, std::string& refusal) {
    Effects out;
    if (!active()) {
        refusal = refused("promote");
        return out;
    }
    if (current().kind == Step::Kind::pause && current().approvals > 0) {
        if (!approve(by, out, refusal)) return out;
        last_tick_ = now;
        advance(by, fmt::format("approved by {}", fmt::join(approved_, ", ")), out);
        return out;
    }
    last_tick_ = now;
    advance(by, "promoted by " + by, out);
    return out;
}

Effects Machine::pause(const std::string& by, std::string& refusal) {
    Effects out;
    if (state_ != State::running) {
        refusal = refused("pause");
        return out;
    }
    state_ = State::paused;
    why_ = "paused by " + by;
    out.emplace_back(effect::Journal{record(Record::Kind::paused, by, why_)});
    out.emplace_back(effect::Announce{{"pause", why_}});
    return out;
}

Effects Machine::resume(Monotonic now, const std::string& by, std::string& refusal) {
    Effects out;
    if (!active() || state_ == State::running) {
        refusal = refused("resume");
        return out;
    }
    // Resuming a pause that the plan made is saying yes to what follows it.
    if (current().kind == Step::Kind::pause && current().approvals > 0) return promote(now, by, refusal);
    last_tick_ = now;
    if (current().kind == Step::Kind::pause) {
        advance(by, "resumed by " + by, out);
        return out;
    }
    state_ = State::running;
    why_ = "resumed by " + by;
    out.emplace_back(effect::Journal{record(Record::Kind::resumed, by, why_)});
    begin(out);
    out.emplace_back(effect::Announce{{"resume", why_}});
    return out;
}

Effects Machine::abort(Monotonic now, const std::string& by, std::string& refusal) {
    Effects out;
    if (returning() && !let_go_) {
        // Not in force yet, for whatever reason: all of it goes at once, and the person has the route meanwhile.
        let_go_ = true;
        state_ = State::aborted;
        why_ = "aborted by " + by + " before all had come back; " + why_;
        return_from_ = 0;
        Record aborted = record(Record::Kind::aborted, by, why_);
        aborted.weight = 0;
        out.emplace_back(effect::Journal{std::move(aborted)});
        set_weight(0, out);
        out.emplace_back(effect::Announce{{"abort", why_}});
        return out;
    }
    if (!active()) {
        refusal = refused("abort");
        return out;
    }
    last_tick_ = now;
    leave(State::aborted, Record::Kind::aborted, by, "aborted by " + by, nullptr, out);
    return out;
}

}  // namespace switchyard::control::rollout
