// An endpoint that a source names, from its address alone.
#pragma once

#include <string>

#include "control/discovery/sighting.h"

namespace switchyard::control::discovery {

inline Found found_at(const std::string& address) {
    Found out;
    out.address = *config::Address::parse(address);
    return out;
}

}  // namespace switchyard::control::discovery
