// A belt where nothing can be compared: the canary's last twenty requests failed, all of them.
//
// By rule, or while the old release is hardly asked, no share of a mark says anything, and the other tests wait for
// evidence that cannot come. It is no comparison, so it stands outside the stated false alarm rate, and it does not act
// while the old release is as badly off: more than half of its own last requests failed.
// In a sticky split the twenty must be of different buckets: one user who always fails is not the release.
// Threads: one owner.
#pragma once

#include <cstdint>

#include "control/analysis/evidence.h"

namespace switchyard::control::analysis {

class LastTwenty {
  public:
    static constexpr std::uint64_t kRequests = 20;

    void add(const Tick& tick, bool sticky) {
        if (tick.canary.failures < tick.canary.attempts) {
            in_a_row_ = buckets_ = asked_ = 0;  // the order inside a tick is not known: a success ends the row
        } else if (tick.canary.failures > 0 || in_a_row_ > 0) {
            in_a_row_ += tick.canary.failures;
            buckets_ += sticky ? tick.canary_first.failed.ever() : tick.canary.failures;
            asked_ += tick.baseline.attempts;
        }
        if (recent_asked_ >= kRequests) recent_asked_ = recent_failed_ = 0;
        recent_asked_ += tick.baseline.attempts, recent_failed_ += tick.baseline.failures;
    }
    bool alarmed() const {
        const bool as_badly_off = 2 * recent_failed_ > recent_asked_;
        return in_a_row_ >= kRequests && buckets_ >= kRequests && asked_ < kRequests && !as_badly_off;
    }
    std::uint64_t in_a_row() const { return in_a_row_; }

    template <class Memory>
    void remember(Memory& m) {
        m("in_a_row", in_a_row_), m("buckets", buckets_), m("asked", asked_);
        m("recent_asked", recent_asked_), m("recent_failed", recent_failed_);
    }

  private:
    std::uint64_t in_a_row_ = 0, buckets_ = 0;
    std::uint64_t asked_ = 0;  // the baseline, meanwhile
    std::uint64_t recent_asked_ = 0, recent_failed_ = 0;
};

}  // namespace switchyard::control::analysis
