// Looks up the names of a configuration as a running proxy would.
#pragma once

#include <vector>

#include "config/model/forward.h"
#include "config/text/error.h"

namespace switchyard::control::cli {

// The endpoints whose names have no address, each with the reason. Ends: every look-up has its time limit.
std::vector<config::Error> names_without_address(const config::Model& model);

}  // namespace switchyard::control::cli
