// What a configuration needs of the machine it is to run on: files, folders, ports, names. What is missing now may be
// there when it starts, so it is a warning.
//
// Takes no longer than kLookTime in all. Threads: none of its own; names are asked through the system's resolver.
#pragma once

#include <chrono>
#include <vector>

#include "config/model/forward.h"
#include "config/text/error.h"

namespace switchyard::control::cli {

inline constexpr std::chrono::seconds kLookTime{2};

// `names`: look them up too.
std::vector<config::Error> look_around(const config::Model& model, bool names = true);

}  // namespace switchyard::control::cli
