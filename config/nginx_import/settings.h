// Directives that nginx inherits from the block around: http → server → location.
//
// Invariants: a list (proxy_set_header, add_header, proxy_hide_header, limit_req) is inherited only by blocks that have
// none of their own. Threads: plain value; points into the tree.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/nginx_import/tree.h"

namespace switchyard::config::nginx {

struct Settings {
    std::map<std::string, const Directive*, std::less<>> single;
    std::vector<const Directive*> request_headers;   // proxy_set_header
    std::vector<const Directive*> response_headers;  // add_header
    std::vector<const Directive*> hidden_headers;    // proxy_hide_header
    std::vector<const Directive*> rate_limits;       // limit_req

    std::string scheme = "http";                         // by which clients come
    std::map<std::string, const Directive*> rate_zones;  // limit_req_zone, by the name of the zone

    static bool knows(std::string_view name);
    Settings under(const std::vector<Directive>& block) const;
    // The limit_req_zone that a limit_req names.
    const Directive* rate_zone(const Directive& limit) const;
    const Directive* find(std::string_view name) const;
};

}  // namespace switchyard::config::nginx
