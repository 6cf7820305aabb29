// What a run has counted. One per load thread while it runs, merged when all have ended.
//
// Invariants, once a run has ended by itself: in `all`, every attempt that was sent ended in one answer or one
//   failure on the wire. Warm-up requests are in `all`, never in the rest. `failures` counts final outcomes only: an
//   attempt that was cut and then repeated with success is in `retried` and in `all.failures`, not in `failures`.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "bench/yardbench/engine/histogram.h"
#include "bench/yardbench/engine/outcome.h"

namespace yardbench {

struct Counts {
    std::uint64_t sent = 0;      // attempts written to a socket
    std::uint64_t answered = 0;  // whole responses read
    std::array<std::uint64_t, kFailureKinds> failures{};

    std::uint64_t failed() const {
        std::uint64_t sum = 0;
        for (std::size_t i = 1; i < kFailureKinds; ++i) sum += failures[i];
        return sum;
    }
    void merge(const Counts& other);
};

// One kind of request (a scenario's step) or one second of the run.
struct Part {
    std::uint64_t finished = 0;
    std::uint64_t failed = 0;
    Histogram latency;
    void account(Nanos taken, bool as_failed);
    void merge(const Part& other);
};

struct Tally {
    Counts all;                    // from the first byte of the run on
    std::uint64_t finished = 0;    // measured requests with a final outcome
    std::uint64_t retried = 0;     // further attempts of the same request
    std::uint64_t unsent = 0;      // due before the end, but no connection was free to send them
    std::uint64_t reconnects = 0;  // connections opened beyond the first of each slot
    std::uint64_t full_handshakes = 0, resumed_handshakes = 0;  // of TLS, warm-up included
    std::uint64_t bytes_in = 0;
    std::array<std::uint64_t, 6> by_class{};  // measured responses by status / 100
    std::array<std::uint64_t, kFailureKinds> failures{};
    Histogram latency;  // from the intended send time
    Histogram service;  // from the actual send
    Histogram lag;      // actual send - the moment it was due and a connection was free
    std::vector<Part> by_tag;
    std::vector<Part> by_second;  // by intended send time, from the start of the measured part
    Nanos measured_from = 0;      // what was due before it is warm-up
    Nanos measured_until = 0;
    double cpu_seconds = 0;  // of the load threads, in the measured part
    unsigned threads = 0;

    std::uint64_t failed() const {
        std::uint64_t sum = 0;
        for (std::size_t i = 1; i < kFailureKinds; ++i) sum += failures[i];
        return sum;
    }
    double seconds() const { return static_cast<double>(measured_until - measured_from) / 1e9; }
    double rate() const { return seconds() > 0 ? static_cast<double>(finished) / seconds() : 0; }
    // A request's final outcome, when it is measured; `failure` is the workload's verdict on it.
    void account(const Outcome& outcome, Failure failure, Nanos lag_of_send);
    void merge(const Tally& other);
};

}  // namespace yardbench
