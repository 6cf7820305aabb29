// `limit_req` and `limit_conn` → limits of a route.
//
// Threads: pure but for the notes.
#pragma once

#include "config/model/route.h"
#include "config/nginx_import/notes.h"
#include "config/nginx_import/settings.h"

namespace switchyard::config::nginx {

void apply_rate(Route& route, const Settings& settings, Notes& notes);
void apply_counts(Route& route, const Settings& settings, Notes& notes);

}  // namespace switchyard::config::nginx
