// Did a check pass? By the status of its answer, or by one number in it.
//
// A number that is missing, no number, or not finite is a failed check with words of its own: what cannot be seen is
//   not good. Pure. Errors: words.
#pragma once

#include <string>

#include "control/rollout/plan.h"
#include "control/rollout/runner/http_call.h"

namespace switchyard::control::rollout {

struct CheckVerdict {
    bool passed = false;
    std::string why;  // with the value, where one was compared; empty: the status was good
};

CheckVerdict judge(const HttpCheck& check, const HttpOutcome& outcome);

}  // namespace switchyard::control::rollout
