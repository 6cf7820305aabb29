// `return` (and a rewrite that redirects everything) → redirect or respond of a route.
//
// Threads: pure but for the notes. Errors: what cannot be expressed is noted and answered with 501.
#pragma once

#include <string>

#include "config/model/route.h"
#include "config/nginx_import/notes.h"
#include "config/nginx_import/settings.h"

namespace switchyard::config::nginx {

// The answer to requests whose handling is not carried over: it must not look like success, nor reach another upstream.
inline constexpr std::uint16_t kNotCarriedOver = 501;

// `groups`: those of the route's expression on paths.
void set_answer(Route& route, const Directive& answer, const Settings& settings, const std::string& server_name,
                Notes& notes, unsigned groups = 0);
void set_not_carried_over(Route& route);
Respond not_carried_over();
// What requests get where no client is let in.
Respond refused();
// A redirect of everything to the same place by https: the other half of a server that terminates TLS.
bool redirects_to_https(const Route& route);

}  // namespace switchyard::config::nginx
