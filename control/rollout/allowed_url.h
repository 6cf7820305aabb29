// Which addresses the analysis of a rollout may ask: a plan is an operator's, and the proxy stands where the operator
// may not.
//
// Allowed are loopback, the endpoints of the configuration, and what process.admin.rollout_urls lists: a scheme and
// host, with a port or that of the scheme, and as much of the path as is written.
// Threads: pure.
#pragma once

#include <string>

#include "config/model/forward.h"

namespace switchyard::control::rollout {

bool allowed_url(const std::string& url, const config::Model& model);

}  // namespace switchyard::control::rollout
