// What one worker keeps about one endpoint: its connections, its balancing state, its counts. Belongs to the endpoint's
// identity and outlives generations.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "proxy/base/metrics.h"
#include "proxy/upstream/connection_pool.h"
#include "proxy/upstream/endpoint_state.h"
#include "proxy/upstream/shared_connections.h"

namespace switchyard::upstream {

struct Upstream;

// Peak EWMA of the time to the response head (algorithm: Finagle's; a failure counts as a slow answer, so that an
// endpoint that fails fast does not look fast).
class PeakEwma {
  public:
    static constexpr double kDecayUs = 10e6;
    static constexpr double kDefaultUs = 30e3;  // before the first answer
    static constexpr double kPenaltyUs = 5e6;   // a failure counts as at least this slow

    void observe(double rtt_us, std::int64_t now_us);
    double cost(std::int64_t now_us, std::uint32_t in_flight) const;

  private:
    double decayed(std::int64_t now_us) const;
    double cost_ = 0;
    std::int64_t stamp_ = 0;
};

struct EndpointLocal {
    EndpointLocal(net::Poller& poller, const std::int64_t& now_ms, std::shared_ptr<EndpointState> s)
        : state(std::move(s)), pool(poller, now_ms) {}

    // From now on connections are made as this upstream wants them; those that were made another way end.
    void keep_only(const Upstream& upstream);
    // Of an endpoint that is routed to no more.
    void retire(bool on);
    std::size_t idle_connections() const;
    std::size_t connections() const;

    std::shared_ptr<EndpointState> state;
    ConnectionPool pool;
    std::unique_ptr<SharedConnections> shared;  // those that speak HTTP/2; null: none was ever wanted
    std::int64_t wrr_current = 0;
    PeakEwma ewma;
    std::uint32_t consecutive_failures = 0;
    EndpointCounts counts;
    std::string refused;         // why its last answer was that was refused, since the last report
    bool counted = false;        // is in the worker's list of endpoints with counts to report
    std::uint32_t max_idle = 0;  // as of the last snapshot that used it
    std::int64_t keep_idle_ms = 0;
};

}  // namespace switchyard::upstream
