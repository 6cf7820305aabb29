#include "control/base/evidence_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace switchyard::control {

std::string odds_words(double ln_e) {
    constexpr double kSays = 0.5, kMost = 30.0;
    if (ln_e <= -kSays) return "speaks for it";
    if (ln_e < kSays) return "says nothing yet";
    return fmt::format("{:.0f} : 1 against it", std::round(std::exp(std::min(ln_e, kMost))));
}

}  // namespace switchyard::control
