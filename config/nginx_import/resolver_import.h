// nginx's `resolver` and `resolver_timeout` as process.resolver.
//
// nginx may have one for each location, Switchyard has one for the process: that of the outermost block that has one,
// among equals the first. Threads: pure.
#pragma once

#include <vector>

#include "config/model/process.h"
#include "config/nginx_import/notes.h"

namespace switchyard::config::nginx {

bool is_resolver_directive(std::string_view name);
void import_resolver(const std::vector<Directive>& directives, Resolver& resolver, Notes& notes);

}  // namespace switchyard::config::nginx
