#include "proxy/route/split.h"

#include <algorithm>
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
    for (std::size_t arm = 0; arm < weights.size(); ++arm)
        if (weights[arm] > 0) places_.push_back({weights[arm] / divisor, static_cast<unsigned>(arm)});
    std::ranges::stable_sort(places_, {}, &Places::end);
    const std::uint64_t heaviest = places_.back().end;
    std::uint64_t end = 0;
    for (Places& places : places_) end = places.end += end;
    draw_ = BlockDraw(end, end - heaviest);
}

unsigned Split::by_hash(std::uint32_t hash) const {
    for (std::size_t i = 0; i < ends_.size(); ++i)
        if (hash < ends_[i]) return static_cast<unsigned>(i + 1);
    return 0;
}

}  // namespace switchyard::route
