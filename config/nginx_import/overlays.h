// Locations that are more than a prefix or an exact path: regular expressions, and what goes on behind a prefix without
// a slash. They become routes of their own, asked in nginx's order; what stands inside an expression, rules of its
// route.
//
// Invariant: a request of such a location reaches no upstream but its own; where a rule cannot say what the location
//   does, it answers 501.
// Threads: one import, one thread.
#pragma once

#include <vector>

#include "config/nginx_import/location_import.h"

namespace switchyard::config::nginx {

// Gives the drafts with a condition their places, and takes those that are rules of others out of the list.
void lay_over(std::vector<Draft>& drafts, Notes& notes);

}  // namespace switchyard::config::nginx
