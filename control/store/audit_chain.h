// The hash that ties one audit line to the one before it.
#pragma once

#include <string>

#include "control/store/records.h"

namespace switchyard::control {

// What the chain starts from.
inline constexpr const char* kAuditGenesis = "switchyard";

// Over every field of `entry` but `hash` itself; previous_hash and number must be set.
std::string audit_hash(const AuditEntry& entry);

}  // namespace switchyard::control
