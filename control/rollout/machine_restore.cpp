// A rollout comes back from its journal after the process was killed.
#include <algorithm>

#include "control/rollout/machine.h"

namespace switchyard::control::rollout {

// One row of the journal: what it made of the state.
void Machine::replay(const Record& r) {
    if (r.step < plan_.steps.size()) step_ = r.step;
    switch (r.kind) {
        case Record::Kind::started:
            state_ = State::running;
            begun_by_ = r.by;
            break;
        case Record::Kind::step:
            approved_.clear();
            state_ = current().kind == Step::Kind::pause ? State::paused : State::running;
            weight_ = r.weight;
            break;
        case Record::Kind::paused:
            state_ = State::paused;
            break;
        case Record::Kind::resumed:
            state_ = State::running;
            break;
        case Record::Kind::inconclusive:
            state_ = State::inconclusive;
            break;
        case Record::Kind::rolled_back:
        case Record::Kind::returning:
            state_ = r.kind == Record::Kind::rolled_back ? State::rolling_back : state_;
            weight_ = r.weight;
            break;
        case Record::Kind::aborted:
            let_go_ = state_ == State::rolling_back || state_ == State::aborted;
            state_ = State::aborted;
            weight_ = r.weight;
            break;
        case Record::Kind::succeeded:
            state_ = State::succeeded;
            weight_ = kWhole;
            break;
        case Record::Kind::restarted:
            break;
        case Record::Kind::approved:
            approved_.push_back(r.by);
            break;
        case Record::Kind::closed:
            closed_ = true;
            if (state_ == State::rolling_back) state_ = State::rolled_back;
            break;
    }
    if (!r.why.empty()) why_ = r.why;
}

Effects Machine::restore(const std::vector<Record>& records, Monotonic now) {
    return come_up(records, now, true);
}

Effects Machine::take_over(const std::vector<Record>& records, Passed passed, Monotonic now) {
    Effects out = come_up(records, now, false);
    if (active()) baked_ = passed.baked, waited_ = passed.waited;
    return out;
}

Effects Machine::come_up(const std::vector<Record>& records, Monotonic now, bool interrupted) {
    Effects out;
    last_tick_ = now;
    for (const Record& r : records) replay(r);
    const bool entered = std::ranges::any_of(records, [](const Record& r) { return r.kind == Record::Kind::step; });
    if (state_ == State::paused && current().approvals > 0) why_ = awaits_approvals();
    if (closed_) return out;
    if (!entered && state_ == State::running) {
        // Killed between the first record and the first step: the person's start still stands.
        enter(0, "switchyard", "started", out);
        return out;
    }
    // A gradual return is not taken up again: what was not watched for a while goes at once.
    const Ppm holds = returning() ? 0 : weight_;
    if (active()) {
        if (interrupted) out.emplace_back(effect::Journal{record(Record::Kind::restarted, "switchyard", "")});
        set_weight(holds, out);
        begin(out);
        return out;
    }
    if (holds != weight_) {
        Record returning = record(Record::Kind::returning, "switchyard", "returned at once after a restart");
        returning.weight = holds;
        out.emplace_back(effect::Journal{std::move(returning)});
    }
    set_weight(holds, out);
    return out;
}

}  // namespace switchyard::control::rollout
