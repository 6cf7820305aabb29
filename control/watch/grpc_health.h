// One call of grpc.health.v1.Health/Check: what is asked, and what the answer says.
//
// Why an endpoint is not healthy comes in words that name the cure where there is one: a service that it does not know,
// an endpoint that has no such service at all.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "control/watch/outbound_call.h"

namespace switchyard::control {

// No answer about health is larger.
inline constexpr std::size_t kMostHealthAnswer = 4096;

// In the words of HTTP/1, with its message. `service`: which one is asked about; empty: the server as a whole.
std::string grpc_health_request(std::string_view host, std::string_view service);

// Of an answer that came as a whole. Empty for SERVING, else why not.
std::string grpc_health_trouble(const CallOutcome& answer, std::string_view service);

}  // namespace switchyard::control
