// What each route sent to each upstream in the last minute or two: the baseline that a rollout freezes its quantiles
// from, and the rate that a watched switch compares with.
//
// Invariants: holds between kSpan and two kSpans of counts. Bounded: one entry per (route, upstream) that was served in
//   that time, and what is configured no more goes when keep() is told (each is some 7 KB).
// Threads: control. Units: monotonic milliseconds.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "control/rollout/machine.h"
#include "proxy/base/metrics.h"

namespace switchyard::control::rollout {

class RecentTraffic {
  public:
    static constexpr Monotonic kSpan{60'000};

    struct Sum {
        Histogram first_byte, whole;
        std::uint64_t attempts = 0, failures = 0;
        void add(const Sum& other) {
            first_byte.merge(other.first_byte);
            whole.merge(other.whole);
            attempts += other.attempts;
            failures += other.failures;
        }
    };

    void add(const WorkerReport& report) {
        for (const CellDelta& delta : report.cells) {
            if (delta.keyless) continue;  // no rollout compares them
            Sum& sum = filling_[{delta.route, delta.upstream}];
            sum.first_byte.merge(delta.cell->first_byte);
            sum.whole.merge(delta.cell->whole);
            sum.attempts += delta.cell->attempts;
            sum.failures += delta.cell->failures;
        }
    }
    void turn(Monotonic now) {
        if (now - began_ < kSpan) return;
        began_ = now;
        full_ = std::exchange(filling_, {});
    }
    // No rollout can begin of anything else.
    void keep(const std::set<std::uint32_t>& routes, const std::set<std::uint32_t>& upstreams) {
        for (auto* span : {&full_, &filling_})
            std::erase_if(*span, [&](const auto& each) {
                return routes.count(each.first.first) == 0 || upstreams.count(each.first.second) == 0;
            });
    }
    std::size_t size() const { return full_.size() + filling_.size(); }
    Sum of(std::uint32_t route, std::uint32_t upstream) const {
        Sum sum;
        for (const auto* span : {&full_, &filling_})
            if (const auto it = span->find({route, upstream}); it != span->end()) sum.add(it->second);
        return sum;
    }

  private:
    using Spans = std::map<std::pair<std::uint32_t, std::uint32_t>, Sum>;
    Spans filling_, full_;
    Monotonic began_{0};
};

}  // namespace switchyard::control::rollout
