#include "proxy/upstream/breaker.h"

#include <algorithm>

namespace switchyard::upstream {

namespace {

bool reached(std::uint32_t bad, std::uint32_t all, std::uint32_t percent) {
    return percent != 0 && std::uint64_t{bad} * 100 >= std::uint64_t{all} * percent;
}

}  // namespace

bool Breaker::passes(const config::Breaker& rule, std::int64_t now_ms) {
    if (!rule.on()) return true;
    switch (state_) {
        case State::closed:
            return true;
        case State::open:
            if (now_ms < open_until_ms_) return false;
            enter(State::half_open);
            return true;
        case State::half_open:
            return !probing_;
    }
    return true;
}

Breaker::Ticket Breaker::admit() {
    if (state_ == State::half_open) probing_ = true;
    return epoch_;
}

void Breaker::ended(const config::Breaker& rule, Ticket ticket, Outcome outcome, std::int64_t now_ms,
                    std::int64_t took_ms) {
    if (ticket != epoch_) return;
    // What does not open it does not keep it open.
    const bool failed = outcome == Outcome::failed && rule.failure_percent != 0;
    const bool slow = rule.slow_percent != 0 && took_ms > rule.slow_over.count();
    if (state_ == State::half_open) {
        probing_ = false;
        if (outcome == Outcome::abandoned) return;
        if (failed || slow)
            open(rule, now_ms);
        else if (++probes_ok_ >= kProbes)
            enter(State::closed);
        return;
    }
    if (state_ != State::closed || outcome == Outcome::abandoned) return;
    slide(rule, now_ms);
    Slice& newest = slices_[static_cast<std::size_t>(slice_number_ % kSlices)];
    ++newest.all;
    ++sum_.all;
    if (!failed && !slow) return;
    newest.failed += failed, sum_.failed += failed;
    newest.slow += slow, sum_.slow += slow;
    if (sum_.all < rule.min_requests) return;
    if (reached(sum_.failed, sum_.all, rule.failure_percent) || reached(sum_.slow, sum_.all, rule.slow_percent))
        open(rule, now_ms);
}

void Breaker::open(const config::Breaker& rule, std::int64_t now_ms) {
    begin_open(now_ms + rule.open_time.count());
}

void Breaker::begin_open(std::int64_t until_ms) {
    enter(State::open);
    open_until_ms_ = until_ms;
}

std::int64_t Breaker::rest_ms(std::int64_t now_ms) const {
    return state_ == State::open ? std::max<std::int64_t>(0, open_until_ms_ - now_ms) : 0;
}

void Breaker::enter(State state) {
    state_ = state;
    ++epoch_;
    probing_ = false;
    probes_ok_ = 0;
    slices_ = {};
    sum_ = {};
}

// Forgets the slices that have left the window.
void Breaker::slide(const config::Breaker& rule, std::int64_t now_ms) {
    const std::int64_t length = std::max<std::int64_t>(1, rule.window.count() / kSlices);
    if (length != slice_ms_) {  // the configuration changed: what was counted by other slices is dropped
        slice_ms_ = length;
        slices_ = {};
        sum_ = {};
        slice_number_ = now_ms / length;
        return;
    }
    const std::int64_t number = now_ms / length;
    for (std::int64_t i = slice_number_ + 1; i <= std::min(number, slice_number_ + kSlices); ++i) {
        Slice& old = slices_[static_cast<std::size_t>(i % kSlices)];
        sum_.all -= old.all;
        sum_.failed -= old.failed;
        sum_.slow -= old.slow;
        old = {};
    }
    slice_number_ = std::max(slice_number_, number);
}

}  // namespace switchyard::upstream
