// One call of grpc.health.v1.Health/Check: what is asked, and what the answer says.
//
// Why an endpoint is not healthy comes in words that name the cure where there is one: a service that it does not know,
// an endpoint that has no such service at all.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "control/net/http_client.h"

namespace switchyard::control {

// No answer about health is larger.
inline constexpr std::size_t kMostHealthAnswer = 4096;

// `service`: which one is asked about; empty: the server as a whole.
net::HttpCall grpc_health_call(std::string_view service);

// Of an answer that came as a whole. Empty for SERVING, else why not.
std::string grpc_health_trouble(const net::HttpAnswer& answer, std::string_view service);

}  // namespace switchyard::control
