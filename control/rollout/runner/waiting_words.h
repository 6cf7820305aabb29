// What a step waits for, until when, in words.
//
// Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "control/rollout/machine.h"

namespace switchyard::control::rollout {

struct StepNeeds {
    std::uint64_t requests = 0;  // more of the new upstream's before the step can be left; 0: it is not them
    double rate = 0.0;           // of them in a second, lately
};

// "about 2 min", "about 40 s"; empty: not known.
std::string about(const StepNeeds& needs);
// `at`: the time of day in so long.
std::string waiting_words(const Machine& machine, const StepNeeds& needs,
                          const std::function<std::string(Duration)>& at);

}  // namespace switchyard::control::rollout
