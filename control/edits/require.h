// Preconditions on live facts: a change that names them is made only if they hold at the moment it is made.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/base/result.h"
#include "control/edits/facts.h"

namespace switchyard::control::edits {

struct Requirement {
    std::string upstream;
    std::optional<std::uint32_t> healthy;          // at least so many healthy endpoints
    std::optional<std::uint64_t> in_flight_below;  // fewer than so many requests in flight
};

// 409 with what was wanted and what is.
Result<void> require(const Facts& facts, const Requirement& wanted);

}  // namespace switchyard::control::edits
