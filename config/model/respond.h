// An answer that the proxy gives by itself.
#pragma once

#include <cstdint>
#include <string>

namespace switchyard::config {

struct Respond {
    std::uint16_t status = 0;  // 0: off
    std::string body;
    std::string content_type = "text/plain";
    bool operator==(const Respond&) const = default;
};

}  // namespace switchyard::config
