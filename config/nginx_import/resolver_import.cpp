#include "config/nginx_import/resolver_import.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/model/limits.h"
#include "config/model/name_server.h"
#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {

namespace {

struct Found {
    int depth;
    const Directive* directive;
};

void collect(const std::vector<Directive>& block, std::string_view name, int depth, std::vector<Found>& out) {
    for (const Directive& directive : block) {
        if (directive.name == name) out.push_back({depth, &directive});
        collect(directive.children, name, depth + 1, out);
    }
}

// The one that holds; what is said otherwise elsewhere is noted.
const Directive* outermost(const std::vector<Directive>& directives, std::string_view name, Notes& notes) {
    std::vector<Found> found;
    collect(directives, name, 0, found);
    const auto first = std::ranges::min_element(found, {}, &Found::depth);
    if (first == found.end()) return nullptr;
    for (const auto& other : found)
        if (other.directive->args != first->directive->args)
            notes.changed(*other.directive,
                          fmt::format("there is one resolver for the whole process: that of line {} is taken",
                                      first->directive->line));
    return first->directive;
}

void read_resolver(const Directive& directive, Resolver& resolver, Notes& notes) {
    for (const auto& word : directive.args) {
        if (word.starts_with("valid="))
            notes.changed(directive,
                          fmt::format("\"{}\": answers hold as long as their TTL says, between one second and "
                                      "five minutes",
                                      word));
        else if (word == "ipv6=off" || word == "ipv4=off")
            notes.changed(directive,
                          fmt::format("\"{}\": both families are asked for; an address that this machine has "
                                      "no route to is not used",
                                      word));
        else if (word.find('=') != std::string::npos)
            notes.unneeded(directive, fmt::format("\"{}\": see /metrics and GET /v1/upstreams", word));
        else if (!name_server(word))
            notes.lost(directive, fmt::format("\"{}\": a name server is given by its address", word));
        else if (resolver.servers.size() == limits::kResolverServers)
            notes.lost(directive, fmt::format("\"{}\": at most {} name servers", word, limits::kResolverServers));
        else
            resolver.servers.push_back(word);
    }
}

}  // namespace

bool is_resolver_directive(std::string_view name) {
    return name == "resolver" || name == "resolver_timeout";
}

void import_resolver(const std::vector<Directive>& directives, Resolver& resolver, Notes& notes) {
    if (const auto* found = outermost(directives, "resolver", notes)) read_resolver(*found, resolver, notes);
    if (const auto* found = outermost(directives, "resolver_timeout", notes))
        if (const auto time = time_value(found->arg(0)))
            resolver.timeout = std::clamp(*time, Duration{10}, Duration{limits::kResolverTimeout});
}

}  // namespace switchyard::config::nginx
