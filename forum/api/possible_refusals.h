// Which refusals an endpoint can answer with, for the OpenAPI document. Most follow from what its line of the table
// says: a body can be malformed, a name in the path unknown. One table; a test holds it against the sources.
//
// Threads: any.
#pragma once

#include <map>
#include <string>

#include "forum/api/endpoint.h"

namespace forum {

// Status -> the last parts of the problem types that may come with it, separated by ", ".
std::map<int, std::string> possible_refusals(const Endpoint& endpoint);

}  // namespace forum
