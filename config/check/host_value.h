// What a Host that a route sets may be made of.
//
// Pure.
#pragma once

#include <string>
#include <string_view>

namespace switchyard::config {

// A placeholder of that value that may hold what no host is made of – paths, addresses, what a certificate says –, or
// make two hosts of one; empty: there is none. `groups`: the route has expressions.
std::string unfit_for_host(std::string_view value, bool groups);

}  // namespace switchyard::config
