// Which misbehaving endpoints are taken out of an upstream, for how long, and how many at once.
//
// Invariants: never more endpoints out than max_ejected_percent allows (but one may always be out when there are two
//   or more); time out = base_time × ejections so far, at most max_time; good behaviour is forgotten ejections: one
//   for every base_time spent in service.
// Pure: the clock is a parameter. One object per upstream; endpoints by their Registry ids.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "config/model/upstream.h"
#include "proxy/base/metrics.h"

namespace switchyard::control {

class EjectionRule {
  public:
    using Time = std::chrono::steady_clock::time_point;

    struct Verdict {
        std::uint32_t endpoint = 0;
        std::chrono::milliseconds length{0};
        std::uint32_t times = 0;  // the how-manieth ejection this is
    };

    // The endpoints of the generation in force; others are forgotten (and are the caller's to bring back).
    void configure(const config::Ejection& settings, const std::vector<std::uint32_t>& endpoints);

    // A worker saw `consecutive` failures in a row.
    std::optional<Verdict> suspect(std::uint32_t endpoint, std::uint32_t consecutive, Time now);
    // What all workers counted since the last report, for failure_percent over the window.
    std::optional<Verdict> counted(std::uint32_t endpoint, const EndpointCounts& growth, Time now);
    // Endpoints whose time is over, now back in service.
    std::vector<std::uint32_t> due(Time now);
    std::optional<Time> next_due() const;

    // What outlives the process, of an endpoint that was ever out.
    struct Past {
        std::uint32_t times = 0;
        std::optional<Time> until;  // set: it is out
        Time returned{};
    };
    std::map<std::uint32_t, Past> pasts() const;
    // After configure(), of one of its endpoints.
    void go_on_from(std::uint32_t endpoint, const Past& past);

    bool ejected(std::uint32_t endpoint) const;
    std::size_t ejected_count() const;

  private:
    struct Standing {
        std::uint32_t times = 0;
        std::optional<Time> until;  // set: ejected
        Time returned{};
        // Requests of the current window, for failure_percent.
        Time window_start{};
        std::uint64_t requests = 0;
        std::uint64_t failures = 0;
    };
    std::optional<Verdict> eject(std::uint32_t endpoint, Standing& standing, Time now);

    config::Ejection settings_;
    std::map<std::uint32_t, Standing> standings_;
};

}  // namespace switchyard::control
