// What an operator may change: the splits and rules of routes, and the states of endpoints. The rest is an admin's.
//
// Pure.
#pragma once

#include "config/model.h"
#include "control/base/result.h"

namespace switchyard::control::edits {

// 409 with every change that goes beyond it, in words: for an undo, which could bring back anything.
Result<void> operator_part_only(const config::Model& before, const config::Model& after);

}  // namespace switchyard::control::edits
