// What people ask of a rollout: promote, pause, resume, abort.
#include <fmt/format.h>

#include "control/rollout/machine.h"

namespace switchyard::control::rollout {

std::string Machine::refused(std::string_view wish) const {
    return fmt::format("cannot {} a rollout that is {}{}", wish, word(state_),
                       closed_ && state_ == State::inconclusive ? " and over" : "");
}

Effects Machine::promote(Monotonic now, const std::string& by, std::string& refusal) {
    Effects out;
    if (!active()) {
        refusal = refused("promote");
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
    last_tick_ = now;
    // Resuming a pause that the plan made is saying yes to what follows it.
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
