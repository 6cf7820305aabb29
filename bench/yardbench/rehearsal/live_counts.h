// What a run has seen so far, readable while it goes on; and the workload that keeps it.
//
// Threads: written by the load threads, read by any (relaxed: each number is true, not all of one moment).
#pragma once

#include <array>
#include <atomic>
#include <memory>

#include "bench/yardbench/engine/workload.h"

namespace yardbench {

struct LiveCounts {
    std::array<std::atomic<std::uint64_t>, 4> by_colour{};  // 0: none or unknown
    std::atomic<std::uint64_t> failed{0};
    std::atomic<std::uint64_t> retried{0};
};

class CountingWorkload : public Workload {
  public:
    CountingWorkload(std::unique_ptr<Workload> inner, LiveCounts& counts) : inner_(std::move(inner)), counts_(counts) {}

    void next(std::uint32_t slot, Call& call) override { inner_->next(slot, call); }
    Verdict finished(const Outcome& outcome) override {
        const Verdict verdict = inner_->finished(outcome);
        constexpr auto kRelaxed = std::memory_order_relaxed;
        if (verdict.retry)
            counts_.retried.fetch_add(1, kRelaxed);
        else if (verdict.failure != Failure::none)
            counts_.failed.fetch_add(1, kRelaxed);
        else
            counts_.by_colour[outcome.colour < counts_.by_colour.size() ? outcome.colour : 0U].fetch_add(1, kRelaxed);
        return verdict;
    }
    Workload& inner() { return *inner_; }

  private:
    std::unique_ptr<Workload> inner_;
    LiveCounts& counts_;
};

}  // namespace yardbench
