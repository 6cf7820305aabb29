// Every request of a run, one line each, and a workload that keeps it.
//
// Threads: one log per load thread; gathered when the run has ended. 48 bytes a request: a minute at 20,000 requests
//   per second takes 58 MB, and growing by doubling never copies within the first chunk's reservation.
#pragma once

#include <memory>
#include <vector>

#include "bench/yardbench/engine/workload.h"

namespace yardbench {

struct RequestRecord {
    Nanos intended = 0;
    Nanos sent = 0;
    Nanos done = 0;
    std::uint64_t generation = 0;
    std::uint16_t status = 0;
    std::uint8_t colour = 0;
    Failure failure = Failure::none;
    std::uint8_t attempts = 1;
};

using RequestLog = std::vector<RequestRecord>;

// Passes everything on to another workload and keeps what came of it, from `from` (intended send time) on.
class RecordingWorkload : public Workload {
  public:
    RecordingWorkload(std::unique_ptr<Workload> inner, std::size_t reserve) : inner_(std::move(inner)) {
        log_.reserve(reserve);
    }

    void next(std::uint32_t slot, Call& call) override { inner_->next(slot, call); }
    Verdict finished(const Outcome& outcome) override {
        const Verdict verdict = inner_->finished(outcome);
        if (!verdict.retry)
            log_.push_back({outcome.intended, outcome.sent, outcome.done, outcome.generation, outcome.status,
                            outcome.colour, verdict.failure, outcome.attempts});
        return verdict;
    }
    RequestLog& log() { return log_; }
    Workload& inner() { return *inner_; }

  private:
    std::unique_ptr<Workload> inner_;
    RequestLog log_;
};

}  // namespace yardbench
