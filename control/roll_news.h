// What changed with what is discovered, for the log and the events.
#pragma once

#include <string>

#include "control/core/event_log.h"
#include "control/discovery/runner/discovery.h"

namespace switchyard::control {

void tell_of_roll(const std::string& upstream, const discovery::Sight& sight, const discovery::Roll::News& news,
                  EventLog& events);

}  // namespace switchyard::control
