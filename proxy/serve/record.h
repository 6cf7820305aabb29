// What happened to one exchange, filled in as it goes and accounted once, at its end.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/base/failure.h"

namespace switchyard::serve {

struct Record {
    std::int64_t started_us = 0;     // first byte of the request seen
    std::int64_t first_byte_us = 0;  // final response head seen; 0: never
    std::int64_t attempt_us = 0;     // the current attempt was sent
    std::int64_t answer_due_us = 0;  // its request was out as a whole; 0: not yet
    std::int64_t took_us = 0;    // from then on, to its answer's head or its failure; 0: it was not the endpoint's turn
    std::uint16_t status = 0;    // as the client saw it; 0: none
    std::uint64_t bytes_in = 0;  // body octets from the client
    std::uint64_t bytes_out = 0;  // everything sent to the client
    std::uint32_t attempts = 0;
    Failure failure = Failure::none;
    bool answer_started = false;   // the client has got a part of it
    std::int8_t grpc_status = -1;  // of a call of gRPC, as the client saw it
};

}  // namespace switchyard::serve
