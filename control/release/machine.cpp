#include "control/release/machine.h"

#include <algorithm>

namespace switchyard::control::release {
namespace {

// What leaves something behind that another step could not do without.
bool can_be_taken_back(Step step) {
    return step == Step::endpoints || step == Step::traffic;
}

}  // namespace

Machine::Machine(const Wanted& wanted, unsigned attempts) : attempts_(attempts) {
    const auto add = [this](bool there, Step step) {
        if (there) steps_.push_back(step);
    };
    add(wanted.endpoints, Step::endpoints);
    add(wanted.start, Step::start);
    add(true, Step::healthy);
    add(wanted.smoke, Step::smoke);
    add(wanted.smoke_through, Step::smoke_through);
    add(true, Step::traffic);
    add(wanted.judged, Step::judged);
    add(true, Step::drained);
    add(true, Step::confirm);
    add(wanted.stop, Step::stop);
}

Machine::Next Machine::next() const {
    switch (phase_) {
        case Phase::forward:
            return {Next::Kind::act, steps_[at_]};
        case Phase::back:
            return {Next::Kind::take_back, standing_.back()};
        case Phase::ended:
            break;
    }
    return {Next::Kind::end, steps_[std::min(at_, steps_.size() - 1)]};
}

void Machine::end(Outcome outcome) {
    phase_ = Phase::ended;
    outcome_ = outcome;
    for (const auto& left : left_) reason_ += (reason_.empty() ? "" : "; ") + left;
}

// Forward, past what is not to be done now.
void Machine::skip() {
    while (at_ < steps_.size() &&
           ((steps_[at_] == Step::start && started_) || (steps_[at_] == Step::stop && !left_.empty())))
        ++at_;
    if (at_ == steps_.size()) end(left_.empty() ? Outcome::succeeded : Outcome::incomplete);
}

void Machine::over_again() {
    if (confirmed_) return;
    at_ = 0;
    left_.clear();  // each step is looked at again
    skip();
}

void Machine::go_back(const std::string& why) {
    reason_ = why;
    left_.clear();
    phase_ = Phase::back;
    if (standing_.empty()) end(Outcome::failed);
}

void Machine::done(Step step) {
    if (step == Step::start) started_ = true;
    if (step == Step::confirm) confirmed_ = true;
    ++at_;
    skip();
}

void Machine::take(const Record& record) {
    using What = Record::What;
    if (phase_ == Phase::ended) return;
    const bool here = record.step == next().step;
    if (phase_ == Phase::back) {
        if (!here || (record.what != What::undone && record.what != What::not_undone)) return;
        if (record.what == What::not_undone) left_.push_back(record.detail);
        standing_.pop_back();
        if (standing_.empty()) end(left_.empty() ? Outcome::failed : Outcome::incomplete);
        return;
    }
    switch (record.what) {
        case What::begun:
            if (here && can_be_taken_back(record.step) && std::ranges::find(standing_, record.step) == standing_.end())
                standing_.push_back(record.step);
            return;
        case What::done:
            if (here) done(record.step);
            return;
        case What::unfinished:
            if (!here) return;
            left_.push_back(record.detail);
            return done(record.step);
        case What::failed:
        case What::interrupted:
            if (!here) return;
            if (!confirmed_) return go_back(record.detail);
            left_.push_back(record.detail);
            return end(Outcome::incomplete);
        case What::lapsed:
            if (confirmed_) return;
            std::erase(standing_, Step::traffic);
            ++attempts_;
            if (++lapses_ >= kMostLapses) return go_back(record.detail);
            return over_again();
        case What::resumed:
            return over_again();
        case What::undone:
        case What::not_undone:
        case What::again:
            return;
    }
}

Outcome Machine::outcome() const {
    return outcome_;
}

Machine machine_of(const Wanted& wanted, const std::vector<Record>& records) {
    using What = Record::What;
    const auto last = std::ranges::find(records.rbegin(), records.rend(), What::again, &Record::what).base();
    const auto before = std::count_if(records.begin(), last,
                                      [](const Record& r) { return r.what == What::again || r.what == What::lapsed; });
    Machine machine(wanted, static_cast<unsigned>(before));
    for (auto it = last; it != records.end(); ++it) machine.take(*it);
    return machine;
}

}  // namespace switchyard::control::release
