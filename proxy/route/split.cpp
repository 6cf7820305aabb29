#include "proxy/route/split.h"

#include <numeric>

namespace switchyard::route {

Split::Split(std::span<const std::uint32_t> weights) {
    std::uint64_t divisor = 0, sum = 0;
    for (auto w : weights) {
        divisor = std::gcd(divisor, static_cast<std::uint64_t>(w));
        sum += w;
    }
    if (sum == 0) return;
    std::uint64_t below = 0;
    for (std::size_t arm = 1; arm < weights.size(); ++arm) {
        below += weights[arm];
        ends_.push_back((below << 32) / sum);
    }
    const std::uint64_t period = sum / divisor;
    slots_.reserve(period);
    std::vector<std::int64_t> current(weights.size(), 0);
    for (std::uint64_t i = 0; i < period; ++i) {
        std::size_t best = 0;
        bool found = false;
        for (std::size_t arm = 0; arm < weights.size(); ++arm) {
            if (weights[arm] == 0) continue;
            current[arm] += static_cast<std::int64_t>(weights[arm] / divisor);
            if (!found || current[arm] > current[best]) best = arm, found = true;
        }
        current[best] -= static_cast<std::int64_t>(period);
        slots_.push_back(static_cast<std::uint16_t>(best));
    }
}

unsigned Split::by_hash(std::uint32_t hash) const {
    for (std::size_t i = 0; i < ends_.size(); ++i)
        if (hash < ends_[i]) return static_cast<unsigned>(i + 1);
    return 0;
}

}  // namespace switchyard::route
