// What crosses from one process to the next, out of the message that it comes in: for control_start.cpp.
//
// Pure. Errors: none; what is not said is as at a start.
#pragma once

#include <nlohmann/json.hpp>

#include "control/core/file_status.h"
#include "control/upgrade/inheritance.h"

namespace switchyard::control {

FileStatus inherited_file(const nlohmann::ordered_json& said);

}  // namespace switchyard::control
