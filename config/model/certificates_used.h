// Which certificates of a configuration are in use: shown by listeners and the admin API to clients, and to endpoints.
//
// Threads: pure functions.
#pragma once

#include <set>
#include <string>

#include "config/model.h"

namespace switchyard::config {

std::set<std::string> certificates_used(const Model& model);

// The admin API's, as a listener would have it.
ListenerTls as_listener(const AdminTls& admin);

}  // namespace switchyard::config
