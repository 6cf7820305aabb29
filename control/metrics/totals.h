// The sum of what all workers have reported: ever-growing totals for /metrics, and the last ten seconds for status.
//
// Invariants: totals only grow; a report is added once. What is configured no more is forgotten after a grace, so that
//   releases that are named by their number do not add up; an endpoint id that is given again starts at zero.
// Threads: control. Units: microseconds, bytes, counts; ids are the Registry's.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proxy/base/metrics.h"

namespace switchyard::control {

// Latency counts that never overflow: a Histogram's buckets, 64 bits wide.
class LatencyTotals {
  public:
    using Counts = std::array<std::uint64_t, Histogram::kBuckets>;

    void add(const Histogram& growth);
    // On top of these.
    void go_on_from(const Counts& counts, double sum_seconds);
    const Counts& counts() const { return counts_; }
    std::uint64_t total() const { return total_; }
    double sum_seconds() const { return sum_us_ / 1e6; }
    // Values of at most this many microseconds, to the width of a bucket (3.1 %).
    std::uint64_t at_most(std::uint64_t microseconds) const;

  private:
    Counts counts_{};
    std::uint64_t total_ = 0;
    double sum_us_ = 0;  // every value taken as the middle of its bucket
};

class Totals {
  public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr unsigned kWindowSeconds = 10;

    struct Traffic {
        std::array<std::uint64_t, 6> by_class{};
        std::array<std::uint64_t, 17> grpc{};
        std::uint64_t bytes_in = 0, bytes_out = 0;
        std::uint64_t attempts = 0, failures = 0, aborted = 0, rerouted = 0, denied = 0;
        CodedCounts coded;
        LatencyTotals duration;
    };
    struct Connections {
        std::uint64_t client = 0, client_idle = 0, upstream = 0, upstream_idle = 0;
    };
    struct Counters {
        std::uint64_t accepted = 0, tls_full = 0, tls_resumed = 0, tls_failed = 0;
        RefusedConnections refused;
        TlsTroubleCounts tls_troubles{};
        EndpointTlsCounts endpoint_tls;
        std::uint64_t retries_reused = 0, retries_connect = 0, retries_status = 0, retries_other = 0, log_dropped = 0;
        std::uint64_t escaped = 0;  // exceptions that reached a worker's loop
    };
    // The last full seconds, for people who look.
    struct Recent {
        double per_second = 0;
        double errors_per_second = 0;  // 5xx and cut
        std::uint64_t p50_us = 0, p90_us = 0, p99_us = 0;
    };
    using Cells = std::map<std::pair<std::uint32_t, std::uint32_t>, Traffic>;

    void add(const WorkerReport& report, Time now);
    // Another process's, whose place this one takes, are the beginning of these. Before any add().
    struct Beginning {
        Cells cells;
        std::map<std::uint32_t, EndpointCounts> endpoints;
        Counters counters;
        std::uint64_t escaped_in_control = 0;
    };
    void go_on_from(Beginning beginning);
    // Of another process; they are gone, and with them what they had open and under way.
    void forget_workers(unsigned from, unsigned to);
    // A scraper has seen the last value of what is gone by then.
    static constexpr std::chrono::minutes kGrace{10};
    // Of routes and upstreams only these are configured (id 0, none, always is).
    void configured(const std::set<std::uint32_t>& routes, const std::set<std::uint32_t>& upstreams, Time now);
    // Of those in their grace so many are kept, the latest: each is some 47 KB.
    static constexpr std::size_t kMostGone = 256;
    // As many may have come since configured() was told last: it ought to be told now, whenever its turn is.
    bool crowded() const { return cells_.size() > looked_through_ + kMostGone; }
    // The name has not been known for a while, and its id may be another's.
    void forget_route(std::uint32_t id);
    void forget_upstream(std::uint32_t id);
    // No worker knows it any more, and its id may be another's.
    void forget_endpoint(std::uint32_t id) {
        endpoints_.erase(id);
        refused_.erase(id);
    }
    // Exceptions that reached control's loop.
    std::uint64_t escaped_in_control = 0;

    const Cells& cells() const { return cells_; }
    const std::map<std::uint32_t, EndpointCounts>& endpoints() const { return endpoints_; }
    // The last answers of an endpoint that were refused, the newest last: one per worker and report at most.
    struct Refused {
        Time at;
        std::string why;
    };
    static constexpr std::size_t kRefusedKept = 5;
    const std::vector<Refused>& refused_of(std::uint32_t endpoint) const;
    Connections connections() const;
    const Counters& counters() const { return counters_; }
    // in_flight of every generation, by upstream id: what the workers last said.
    std::map<std::uint32_t, std::uint64_t> in_flight() const;

    Recent recent_of_route(std::uint32_t route, Time now) const;
    Recent recent_of_upstream(std::uint32_t upstream, Time now) const;
    Recent recent(Time now) const;

  private:
    void add_counters(const WorkerReport& report);
    struct Slot {
        std::int64_t second = -1;
        std::uint64_t requests = 0, errors = 0;
        Histogram duration;
    };
    using Window = std::array<Slot, kWindowSeconds + 1>;  // one more: the second that is still filling

    using Key = std::pair<std::uint32_t, std::uint32_t>;
    void forget(const Key& key);
    template <class Wanted>
    Recent gather(Wanted wanted, Time now) const;

    Cells cells_;
    std::size_t looked_through_ = 0;  // of them, by configured()
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::unique_ptr<Window>> windows_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, Time> gone_since_;
    std::map<std::uint32_t, EndpointCounts> endpoints_;
    std::map<std::uint32_t, std::vector<Refused>> refused_;
    std::map<unsigned, Connections> connections_;          // by worker
    std::map<unsigned, std::vector<InFlight>> in_flight_;  // by worker
    Counters counters_;
};

}  // namespace switchyard::control
