// What explain says of a route that compresses.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/model/compress.h"
#include "proxy/route/asked.h"

namespace switchyard::control {

void tell_compression(nlohmann::ordered_json& out, std::vector<std::string>& why, const config::Compress& compress,
                      const route::Asked& asked);

}  // namespace switchyard::control
