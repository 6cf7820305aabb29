#include "proxy/net/wheel.h"

namespace switchyard::net {

void Timer::unlink() {
    if (next_ == nullptr) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    previous_ = next_ = nullptr;
}

Wheel::Wheel() {
    for (Timer& head : slots_) head.previous_ = head.next_ = &head;
}

void Wheel::set(Timer& timer, std::int64_t when) {
    timer.deadline_ = when;
    if (when == 0) return;
    if (timer.next_ != nullptr) {
        if (when >= timer.slot_time_ - kTick) return;
        timer.unlink();
    }
    link(timer);
}

void Wheel::link(Timer& timer) {
    // The first tick at or after the deadline, at least one ahead, at most one turn of the wheel ahead.
    std::int64_t at = (timer.deadline_ + kTick - 1) / kTick * kTick;
    const std::int64_t last = time_ + kTick * (static_cast<std::int64_t>(kSlots) - 1);
    if (at <= time_) at = time_ + kTick;
    if (at > last) at = last;
    timer.slot_time_ = at;
    Timer& head = slots_[index(at)];
    timer.next_ = &head;
    timer.previous_ = head.previous_;
    head.previous_->next_ = &timer;
    head.previous_ = &timer;
}

}  // namespace switchyard::net
