// The one table of endpoints: method, path, name, who may, and what answers.
//
// Constant. Threads: any.
#pragma once

#include <span>

#include "forum/api/endpoint.h"

namespace forum {

std::span<const Endpoint> endpoints();

}  // namespace forum
