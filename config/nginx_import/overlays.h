// Locations that no route can be written for (regular expressions; what goes on behind a prefix without a slash) become
// rules of the routes that would get their requests.
//
// Invariant: a request of such a location reaches no upstream but its own; where a rule cannot say what the location
//   does, it answers 501.
// Threads: one import, one thread.
#pragma once

#include <vector>

#include "config/nginx_import/location_import.h"

namespace switchyard::config::nginx {

// Takes the drafts with a condition out of the list, and puts their rules before those of the others.
void lay_over(std::vector<Draft>& drafts, Notes& notes);

}  // namespace switchyard::config::nginx
