// Who of an upstream could be asked right now, as rollouts want to know it: what the operator wants, what the health
// checks found and who is ejected, together.
//
// Threads: control.
#pragma once

#include <string>

#include "config/model/forward.h"
#include "control/rollout/runner/world.h"
#include "control/watch/health_checker.h"
#include "proxy/snapshot/members.h"
#include "proxy/snapshot/registry.h"

namespace switchyard::control {

// Any endpoint at all; stops at the first.
bool usable(const config::Model& model, const std::string& upstream, Registry& registry, const KnownAddresses& known);
// Among those that are written.
bool usable_written(const config::Model& model, const std::string& upstream, Registry& registry,
                    const KnownAddresses& known);
rollout::UpstreamHealth health_of(const config::Model& model, const std::string& upstream, Registry& registry,
                                  const KnownAddresses& known, const HealthChecker& checker);

}  // namespace switchyard::control
