#include "proxy/upstream/endpoint_local.h"

#include <algorithm>
#include <cmath>

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

}  // namespace switchyard::upstream
