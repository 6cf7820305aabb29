// Directives that nginx inherits from the block around: http → server → location.
//
// What is said for calls (grpc_…) stands apart from what is said for other requests (proxy_…), and is known by the same
// names.
// Invariants: a list (proxy_set_header, add_header, proxy_hide_header, limit_req) is inherited only by blocks that have
// none of their own. Threads: plain value; points into the tree.
#pragma once

#include <map>
#include <memory>
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
    std::vector<const Directive*> redirects;         // proxy_redirect
    std::vector<const Directive*> cookies;           // proxy_cookie_domain, proxy_cookie_path
    std::vector<const Directive*> error_pages;       // error_page
    std::map<std::string, std::string> page_files;   // of locations for one path that read a file: path → file

    std::string scheme = "http";                         // by which clients come
    std::map<std::string, const Directive*> rate_zones;  // limit_req_zone, by the name of the zone

    static bool knows(std::string_view name);
    Settings under(const std::vector<Directive>& block) const;
    // Those of a location that has grpc_pass.
    Settings for_calls() const;
    // The limit_req_zone that a limit_req names.
    const Directive* rate_zone(const Directive& limit) const;
    const Directive* find(std::string_view name) const;

  private:
    void read(const std::vector<Directive>& block, std::string_view family);
    void read_files(const std::vector<Directive>& block);

    std::string root_;                       // of files
    std::shared_ptr<const Settings> calls_;  // null: nothing is said for them
};

// "proxy_x" for "grpc_x"; other names as they are.
std::string proxy_name(std::string_view name);
// Where a location, or an `if` in it, sends its requests.
inline bool is_pass(std::string_view name) {
    return name == "proxy_pass" || name == "grpc_pass";
}
const Directive* find_pass(const std::vector<Directive>& block);

}  // namespace switchyard::config::nginx
