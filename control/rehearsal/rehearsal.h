// A process that is to take another one's place tries beforehand what it will have to do: on a copy of the store, with
// copies of the listening sockets, by requests that were served lately (questions.h), and with workers that no client
// knows (trial.h).
//
// Threads: control, before there is a loop: it waits. Nothing of what is made outlives the call. Errors: why it must
// not take over, with the place and what can be done.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "control/base/result.h"
#include "proxy/net/descriptor.h"
#include "proxy/snapshot/known_addresses.h"

namespace switchyard::control {

// What was tried.
Result<nlohmann::ordered_json> rehearse(const nlohmann::ordered_json& message,
                                        std::vector<std::pair<switchyard::net::Descriptor, std::string>> sockets);

// What is known of names and discovered, as it goes from one process to the other. Of an endpoint that was discovered
// only where it is, which is all that a check asks.
nlohmann::ordered_json known_text(const KnownAddresses& known);
KnownAddresses known_of(const nlohmann::ordered_json& text);

}  // namespace switchyard::control
