// Ticks and settings that tests of the whole analysis speak in.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "control/analysis/analysis.h"

namespace switchyard::control::analysis::test {

inline Tick tick_of(std::uint64_t canary, std::uint64_t canary_failures, std::uint64_t baseline,
                    std::uint64_t baseline_failures, double seconds = 1.0) {
    Tick tick;
    tick.seconds = seconds;
    tick.canary.attempts = canary;
    tick.canary.failures = canary_failures;
    tick.baseline.attempts = baseline;
    tick.baseline.failures = baseline_failures;
    return tick;
}

inline Settings capped() {
    Settings settings;
    settings.max_extra_failures = 30;
    return settings;
}

inline Settings sticky(Settings settings) {
    settings.sticky = true;
    return settings;
}

inline Row row(const Analysis& analysis, const std::string& test) {
    for (const Row& r : analysis.rows())
        if (r.test == test) return r;
    FAIL("no such test: " << test);
    return {};
}

}  // namespace switchyard::control::analysis::test
