#include "bench/yardbench/report/capacity_search.h"

#include <algorithm>

namespace yardbench {
namespace {

constexpr double kLeast = 1;  // requests per second: below it there is nothing to find

}  // namespace

std::optional<double> CapacitySearch::next() const {
    if (ended_) return std::nullopt;
    return next_;
}

void CapacitySearch::report(bool held) {
    if (!held && !second_try_) {
        second_try_ = true;
        return;
    }
    second_try_ = false;
    if (held)
        held_ = next_;
    else
        broke_ = next_;
    if (broke_ == 0) {
        ended_ = held_ >= most_;
        next_ = std::min(most_, held_ * 2);
        return;
    }
    if (held_ == 0) {  // the first guess was too high: go down
        next_ = broke_ / 4;
        ended_ = next_ < kLeast;
        return;
    }
    ended_ = broke_ - held_ <= precision_ * held_;
    next_ = (held_ + broke_) / 2;
}

}  // namespace yardbench
