// `rewrite` of some paths, and proxy_pass with captures → what a route's `rewrite` says.
//
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>

#include "config/nginx_import/text.h"

namespace switchyard::config::nginx {

// How nginx goes about the query of the request.
enum class Query {
    appended,  // rewrite: to what the replacement says, unless that ends in '?'
    dropped    // proxy_pass with variables: what is not written is not sent
};

// `replacement` as `to` of a rewrite whose expression has so many groups; nothing where a variable of it has no
// counterpart.
std::optional<std::string> rewrite_target(const Text& replacement, unsigned groups, Query query);

}  // namespace switchyard::config::nginx
