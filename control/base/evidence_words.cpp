#include "control/base/evidence_words.h"

#include <fmt/format.h>

#include <cmath>

namespace switchyard::control {

std::string odds_words(double ln_e) {
    constexpr double kSays = 0.5, kMillion = 13.8155;
    if (ln_e <= -kSays) return "speaks for it";
    if (ln_e < kSays) return "says nothing yet";
    if (ln_e > kMillion) return "more than a million : 1 against it";
    return fmt::format("{:.0f} : 1 against it", std::round(std::exp(ln_e)));
}

}  // namespace switchyard::control
