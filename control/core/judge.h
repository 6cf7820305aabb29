// What a change would make of the configuration, and whether that may be: everything of it that depends on nothing but
// the configuration in force and the facts of one moment.
//
// Pure, so that a whole document can be judged beside control's thread. Errors: 409 process, 403 role, 422 invalid, 409
// guard – and what the edit itself says.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/model/forward.h"
#include "control/base/result.h"
#include "control/core/change.h"
#include "control/edits/facts.h"
#include "control/edits/moves.h"

namespace switchyard::control {

struct Judged {
    std::shared_ptr<const config::Model> model;  // null: nothing to do, it is so already
    std::string text;                            // as it is stored
    std::vector<std::string> changes, moves;
};

// `held`: whether the routes that differ are free; asked before the rest is looked at. May be empty.
// `led_to`: as edits::moves() takes it.
Result<Judged> judge(const config::Model& in_force, const Facts& facts, const Change& change,
                     const std::function<Result<void>(const config::Model& next)>& held, const edits::LedTo& led_to);

// What the guard says of it, in the caller's words. Part of judge(); for when the facts have changed since.
Result<void> guard_says(const config::Model& in_force, const config::Model& next, const Facts& facts,
                        const Change& change);

}  // namespace switchyard::control
