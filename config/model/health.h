// How endpoints of an upstream are checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/text/duration.h"
#include "config/text/spelling.h"

namespace switchyard::config {

struct Health {
    enum class Type : std::uint8_t { none, http, tcp, grpc };  // none: endpoints count as up at once
    Type type = Type::tcp;
    std::string path = "/";
    std::string host;     // Host header; empty: the endpoint's address
    std::string service;  // grpc: which one is asked about; empty: the server as a whole
    std::vector<std::uint16_t> expect{200, 204};
    Duration interval = 1s;
    Duration timeout = 500ms;
    std::uint32_t rise = 2;
    std::uint32_t fall = 3;
    bool operator==(const Health&) const = default;
};
template <>
std::span<const Spelling<Health::Type>> spellings<Health::Type>();

}  // namespace switchyard::config
