// What became of one request, and the words for the ways it can fail.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bench/yardbench/engine/clock.h"

namespace yardbench {

class ResponseReader;

enum class Failure : std::uint8_t {
    none,
    refused,          // connect() failed: no listener, no route, no local port left
    connect_timeout,  // connect() was not answered within the time limit
    reset,            // the connection was reset after the request was sent, before its response was whole
    closed_early,     // … or closed in an orderly way, but too early
    timeout,          // connected and sent, but no whole response within the time limit
    malformed,        // bytes that are no HTTP/1.1 response
    status,           // a whole response whose status says failure (400 and above, unless expected)
    assertion,        // a whole response that a scenario's assertion refused
};
inline constexpr std::size_t kFailureKinds = 9;
inline constexpr std::array<std::string_view, kFailureKinds> kFailureNames = {
    "none", "refused", "connect_timeout", "reset", "closed_early", "timeout", "malformed", "status", "assertion"};

inline std::string_view name_of(Failure failure) {
    return kFailureNames[static_cast<std::size_t>(failure)];
}
// The request may have been taken and its answer lost: what a client with an idempotency key may try again.
inline bool is_cut(Failure failure) {
    return failure == Failure::reset || failure == Failure::closed_early || failure == Failure::refused;
}

struct Outcome {
    std::uint32_t slot = 0;
    std::uint32_t tag = 0;         // the workload's own word for the kind of request
    std::uint64_t generation = 0;  // from X-Switchyard; 0: not told
    Nanos intended = 0;            // when it should have been sent: latency counts from here
    Nanos sent = 0;                // read right before send() of the last attempt
    Nanos done = 0;                // when the last byte of the response was in hand, or the failure was seen
    std::uint16_t status = 0;      // 0: no response head
    std::uint8_t colour = 0;       // index into Colours; 0: not told
    std::uint8_t attempts = 1;
    std::int8_t grpc_status = -1;  // negative: none was said
    Failure failure = Failure::none;
    const ResponseReader* response = nullptr;  // valid only during Workload::finished
};

}  // namespace yardbench
