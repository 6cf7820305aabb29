#include "proxy/upstream/endpoint_local.h"

#include <algorithm>
#include <cmath>

#include "proxy/upstream/upstream.h"

namespace switchyard::upstream {

double PeakEwma::decayed(std::int64_t now_us) const {
    const double age = std::max<double>(0, static_cast<double>(now_us - stamp_));
    return cost_ * std::exp(-age / kDecayUs);
}

void PeakEwma::observe(double rtt_us, std::int64_t now_us) {
    if (rtt_us >= cost_) {
        cost_ = rtt_us;
    } else {
        const double weight = std::exp(-std::max<double>(0, static_cast<double>(now_us - stamp_)) / kDecayUs);
        cost_ = cost_ * weight + rtt_us * (1 - weight);
    }
    stamp_ = now_us;
}

double PeakEwma::cost(std::int64_t now_us, std::uint32_t in_flight) const {
    const double base = stamp_ == 0 ? kDefaultUs : decayed(now_us);
    return base * (in_flight + 1.0);
}

void EndpointLocal::keep_only(const Upstream& upstream) {
    const net::OutwardTls* const how = upstream.tls.get();
    pool.keep_only(how);
    if (shared) shared->keep_only(how, upstream.protocol != config::EndpointProtocol::http1);
}

void EndpointLocal::retire(bool on) {
    pool.retire(on);
    if (shared) shared->retire(on);
}

std::size_t EndpointLocal::idle_connections() const {
    return pool.idle() + (shared ? shared->idle() : 0);
}

// A lease has a connection of its own, but for those that share one.
std::size_t EndpointLocal::connections() const {
    const std::size_t sharing = shared ? shared->lanes() : 0;
    return pool.idle() + pool.leased - std::min<std::size_t>(pool.leased, sharing) +
           (shared ? shared->connections() : 0);
}

}  // namespace switchyard::upstream
