#include "forum/store/house_clock.h"

#include <algorithm>

namespace forum {

void HouseClock::known(Instant newest, Steady at) {
    known_ = newest;
    since_ = at;
}

std::optional<Instant> HouseClock::time(Instant wall, Steady at) const {
    if (!known_) return std::nullopt;
    const Instant passed = std::chrono::duration_cast<std::chrono::milliseconds>(at - since_).count();
    return std::min(wall, *known_ + kHour + passed);
}

}  // namespace forum
