// One address of an upstream, and what the operator wants of it.
#pragma once

#include <cstdint>
#include <optional>

#include "config/model/address.h"
#include "config/text/spelling.h"

namespace switchyard::config {

enum class EndpointState : std::uint8_t { up, drain, maint };  // what the operator wants; health is another matter
template <>
std::span<const Spelling<EndpointState>> spellings<EndpointState>();

struct Endpoint {
    Address address;
    std::uint32_t weight = 1;           // 0: gets nothing but stays configured
    std::uint32_t max_connections = 0;  // requests in flight to it, over all workers; 0: no limit
    bool backup = false;                // used only when no other endpoint is routable
    EndpointState state = EndpointState::up;
    bool operator==(const Endpoint&) const = default;
};

struct EndpointOverride {  // of one discovered address; holds while it is absent, too
    EndpointState state = EndpointState::up;
    std::optional<std::uint32_t> weight;  // none: the source's
    bool operator==(const EndpointOverride&) const = default;
};

}  // namespace switchyard::config
