// A process that is to take another one's place tries beforehand what it will have to do: on a copy of the store, and
// with copies of the listening sockets.
//
// Threads: control, before there is a loop. Nothing of what is made outlives the call. Errors: why it must not take
// over.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "control/base/result.h"
#include "proxy/net/descriptor.h"

namespace switchyard::control {

Result<void> rehearse(const nlohmann::ordered_json& message,
                      std::vector<std::pair<switchyard::net::Descriptor, std::string>> sockets);

}  // namespace switchyard::control
