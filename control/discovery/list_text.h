// Endpoints as a program or a person writes them: a JSON list of addresses, or of objects with an address.
//
//   ["10.0.0.7:9002", {"address": "10.0.0.8:9002", "weight": 3, "backup": false, "state": "drain"}]
//
// All or nothing: a torn file, an unknown key or a wrong value is no answer, and its words name the place.
// Pure. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/discovery/sighting.h"

namespace switchyard::control::discovery {

Sighting read_list(std::string_view text);
// One of them; nothing, and `why`, when it is none.
std::optional<Found> read_one(std::string_view text, std::string* why);

}  // namespace switchyard::control::discovery
