// What Consul says of a service: GET /v1/health/service/NAME, its headers and its list.
//
// An instance's address is Service.Address, or its node's. Any critical check, of the service or of its node, makes it
// down by the source; where all are, that is ignored (Roll). Its weight is Weights.Passing, or Warning while one warns.
// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "control/discovery/sighting.h"

namespace switchyard::control::discovery {

struct ConsulReply {
    unsigned status = 0;
    std::map<std::string, std::string> headers;  // by name in lower case
    std::string body;
};

struct ConsulSight {
    Sighting sighting;
    std::uint64_t index = 0;  // to wait for what is newer than it; 0: ask without waiting
};

// `asked`: the index that was waited for. One that goes backwards, or is 0, is of a server that has begun anew.
ConsulSight read_consul(const ConsulReply& reply, std::uint64_t asked);

}  // namespace switchyard::control::discovery
