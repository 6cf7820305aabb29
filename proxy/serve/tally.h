// What a worker counts: what there is now, and what has been since the last report to control.
//
// Invariants: each is reported once; what is warm costs no allocation.
// Threads: one worker. Owns: the cells and notes until a report takes them.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "proxy/base/metrics.h"
#include "proxy/upstream/endpoint_local.h"

namespace switchyard::serve {

class Tally {
  public:
    std::uint64_t active_exchanges = 0;
    std::uint64_t active_retries = 0;
    std::uint64_t waiting = 0;  // exchanges in the queues of this worker
    std::uint64_t client_connections = 0;
    WorkerReport counts;  // the scalar deltas only

    Cell& cell(std::uint32_t route, std::uint32_t upstream, std::uint64_t generation, bool keyless = false);
    // Moves everything counted since the last call into `report`.
    void take_cells(WorkerReport& report);
    // Last of all, so that it has what the ages have told.
    void take_marks(WorkerReport& report);
    void count_endpoint(upstream::EndpointLocal& local);
    void note_failure(std::uint32_t route, std::uint32_t endpoint, std::uint64_t generation);
    void note_mark(std::uint32_t route, std::uint32_t upstream, std::uint64_t generation, const MarkNote& note);
    // A first attempt that the sticky hash decided between two arms.
    void note_bucket(std::uint32_t route, std::uint64_t generation, bool failed, const FailedBuckets::Sample& sample);
    void tell(const Passage& passage) { passages_.push_back(passage); }
    // What was counted is on its way to control; the places for it are made again where it is counted.
    void forget_places();

  private:
    // One whose cell is empty is free for another generation.
    struct Slot {
        std::uint32_t upstream;
        bool keyless;
        std::uint64_t generation;
        std::unique_ptr<Cell> cell;
    };
    // Once a report for each that is counted in: what it costs – a cell is cleared as a whole – is no request's.
    [[gnu::noinline]] Cell& begin_cell(std::uint32_t route, Slot begun);
    // One that is empty is free for another generation.
    struct Noted {
        std::uint32_t route, upstream;
        std::uint64_t generation;
        std::unique_ptr<MarkNotes> marks;  // kept from report to report
    };

    std::vector<std::vector<Slot>> cells_;  // by route id
    std::vector<std::pair<std::uint32_t, std::uint32_t>> dirty_;
    std::vector<upstream::EndpointLocal*> counted_;
    std::vector<FailedBuckets> failed_buckets_;
    std::vector<EndpointFailures> endpoint_failures_;
    std::vector<Noted> noted_;       // those that a rollout ever asked about
    std::vector<Passage> passages_;  // of those that have ended
};

}  // namespace switchyard::serve
