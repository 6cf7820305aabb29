// A name server as operators write it: an address, with a port where it is not 53.
#pragma once

#include <optional>
#include <string>

#include "config/model/address.h"

namespace switchyard::config {

// "10.0.0.2", "10.0.0.2:5353", "2001:db8::53", "[2001:db8::53]" or "[2001:db8::53]:5353"; nothing when it is none.
std::optional<Address> name_server(const std::string& text);

}  // namespace switchyard::config
