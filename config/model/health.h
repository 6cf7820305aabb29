// How endpoints of an upstream are checked.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/model/status_range.h"
#include "config/text/duration.h"
#include "config/text/spelling.h"

namespace switchyard::config {

struct DrainSigns {                     // by which an endpoint asks for no new requests
    std::vector<StatusRange> statuses;  // of its answer
    std::string header;                 // a field of its answer, whatever its value; empty: none
    bool operator==(const DrainSigns&) const = default;

    bool none() const { return statuses.empty() && header.empty(); }
};

struct Health {
    enum class Type : std::uint8_t { none, http, tcp, grpc, exec };  // none: endpoints count as up at once
    Type type = Type::tcp;
    std::string path = "/";
    std::string host;     // Host header; empty: the endpoint's address
    std::string service;  // grpc: which one is asked about; empty: the server as a whole
    std::string check;    // exec: which of process.checks
    std::string method = "GET";
    std::map<std::string, std::string> headers;
    std::string body_matches;  // regular expression on the answer's body; empty: it is not looked at
    std::uint16_t port = 0;    // instead of the endpoint's; 0: its own
    std::vector<StatusRange> expect{StatusRange::one(200), StatusRange::one(204)};
    Duration interval = 1s;
    Duration timeout = 500ms;
    std::uint32_t rise = 2;
    std::uint32_t fall = 3;
    Duration grace = 0ms;  // of a new endpoint: it starts, and what fails says nothing yet
    DrainSigns drain;
    bool operator==(const Health&) const = default;
};
template <>
std::span<const Spelling<Health::Type>> spellings<Health::Type>();

}  // namespace switchyard::config
