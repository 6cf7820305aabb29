#include "proxy/serve/held_requests.h"

#include <utility>

#include "proxy/snapshot/registry.h"

namespace switchyard::serve {

HeldPlace::~HeldPlace() {
    leave_line();
    if (count_ == nullptr) return;
    count_->value.fetch_sub(1, std::memory_order_relaxed);
    --own_;
}

bool HeldPlace::count_at(const route::Hold& hold) {
    if (count_ == hold.waiting) return true;
    if (hold.waiting->value.fetch_add(1, std::memory_order_relaxed) >= hold.limit) {
        hold.waiting->value.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }
    if (count_ == nullptr)
        ++own_;
    else
        count_->value.fetch_sub(1, std::memory_order_relaxed);
    count_ = hold.waiting;
    return true;
}

void HeldPlace::join() {
    if (!is_linked()) line_.places_.push_back(*this);
}

void HeldPlace::join_called() {
    join();
    if (called_ || line_.next_ != nullptr) return;
    line_.next_ = this;
    line_.call_some();
}

void HeldPlace::leave_line() {
    if (!is_linked()) return;
    if (line_.next_ == this) line_.next_ = line_.after(*this);
    line_.places_.erase(line_.places_.iterator_to(*this));
    take_call();
}

bool HeldPlace::take_call() {
    if (!std::exchange(called_, false)) return false;
    --line_.calls_;
    line_.call_some();
    return true;
}

HeldPlace* HeldRequests::after(HeldPlace& place) {
    auto next = places_.iterator_to(place);
    return ++next == places_.end() ? nullptr : &*next;
}

void HeldRequests::call_all() {
    next_ = places_.empty() ? nullptr : &places_.front();
    call_some();
}

void HeldRequests::call_some() {
    while (next_ != nullptr && calls_ < kAtOnce) {
        HeldPlace& place = *next_;
        next_ = after(place);
        if (std::exchange(place.called_, true)) continue;
        ++calls_;
        place.waiter_.wake();
    }
}

}  // namespace switchyard::serve
