// One `location` → one route, or a few.
//
// Threads: one import, one thread. Errors: notes; what cannot be carried over answers 501, and what was guarded 403,
//   instead of falling through to another route.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/model/condition.h"
#include "config/model/route.h"
#include "config/nginx_import/flow.h"
#include "config/nginx_import/guards.h"
#include "config/nginx_import/settings.h"
#include "config/nginx_import/upstream_import.h"

namespace switchyard::config::nginx {

// A route that is not yet in the model: its hosts and name are the server's to give.
struct Draft {
    Route route;
    std::string name_wish;
    const Directive* origin = nullptr;
    // What its path must be beside a prefix; see overlays.h.
    std::optional<Condition> when;
    std::string within;               // the prefix that it stands in; empty: none
    std::optional<Condition> inside;  // the expression that it stands in: it is a rule of that one's route
    bool guessed = false;             // `when` takes more than its expression does, which has no counterpart
    std::string border;               // it takes what goes on behind this prefix without a slash
    bool stops_patterns = false;      // ^~, or inside such a prefix
    std::string firm_prefix;          // of that one, whose own expressions are asked all the same
    // The rule of this condition, where it comes to stand first, is that list: nothing is asked before it.
    struct Door {
        Condition when;
        Access access;
    };
    std::optional<Door> door;
};

// What locations of one server share.
struct ServerContext {
    std::string name;  // first server_name, may be empty
    const std::vector<Directive>* directives = nullptr;
    Upstreams* upstreams = nullptr;
    Notes* notes = nullptr;
    const Settings* settings = nullptr;  // of the server, which named locations inherit
    Guards guards;                       // that the location inherits
    Guards server_guards;                // of the server, which named locations inherit
};

// The routes of a location and of those inside it.
std::vector<Draft> import_location(const Directive& location, const Flow& server_flow, const Settings& around,
                                   const ServerContext& server);

// proxy_set_header, add_header, timeouts, limits … of a route that proxies. `host`: what nginx sends when not told.
void apply_settings(Route& route, const Settings& settings, const Directive& location, const std::string& host,
                    Upstreams& upstreams, Notes& notes);
// What `proxy_redirect default` does to Location; empty: nothing.
struct DefaultRedirect {
    std::string from, to;
    bool asked_for_itself = false;  // the endpoint is asked for its own name, and may lead to it
};
void apply_answers(Route& route, const Settings& settings, const DefaultRedirect& by_default, Notes& notes);
void apply_expires(Route& route, const Settings& settings, Notes& notes);
// add_header of a route that answers by itself.
void apply_fixed_headers(Route& route, const Settings& settings, Notes& notes);
void apply_health_check(const Route& route, const Directive& health_check, Upstreams& upstreams, Notes& notes);

}  // namespace switchyard::config::nginx
