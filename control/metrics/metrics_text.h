// Everything /metrics says, as Prometheus text.
//
// Threads: control; pure over what it is given. Units: seconds and bytes, as Prometheus wants them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "control/metrics/exposition.h"
#include "control/metrics/totals.h"

namespace switchyard::control {

struct EndpointGauge {
    static constexpr std::uint32_t kNoEndpoint = ~std::uint32_t{0};  // a name without an address

    std::uint32_t id = 0;
    std::string upstream, address;
    bool up = false;
    std::uint32_t in_flight = 0;
    std::uint64_t ejections = 0;
};

struct MetricsView {
    const Totals* totals = nullptr;
    std::function<std::string(std::uint32_t)> route_name;
    std::function<std::string(std::uint32_t)> upstream_name;
    std::vector<EndpointGauge> endpoints;
    std::map<std::string, unsigned> breakers_open;  // by upstream: on how many workers
    std::map<std::string, std::uint32_t> waiting;   // by upstream
    std::map<std::string, std::uint32_t> held;      // by route
    std::map<std::string, bool> names_stale;        // names of endpoints: the last look-up failed
    struct DiscoveryGauge {
        double stale_seconds = 0;
        std::uint64_t roll = 0;
        std::map<std::string, std::uint64_t> held;  // by guard
    };
    std::map<std::string, DiscoveryGauge> discovery;  // by upstream
    std::uint64_t generation = 0;
    const Histogram* publish_durations = nullptr;
    std::map<std::string, std::uint64_t> drain_in_flight;                          // by upstream
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> health_checks;  // by upstream: ok, failed
    struct Certificate {
        std::int64_t not_after = 0;  // 0: none is in force
        bool trouble = false;
    };
    std::map<std::string, Certificate> certificates;  // those that a listener shows
    std::uint64_t certificates_exchanged = 0;
    std::map<std::string, unsigned> acme_failures;  // of those that are asked for: in a row
    std::uint64_t acme_issued = 0, acme_failed = 0;
    double store_seconds = 0;  // that the write to the state file which is under way has taken until now
    std::string version;
};

void write_metrics(Exposition& out, const MetricsView& view);

}  // namespace switchyard::control
