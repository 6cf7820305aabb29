#include "proxy/route/route_table.h"

#include <algorithm>

namespace switchyard::route {
namespace {

std::string without_closing_slash(std::string prefix) {
    while (!prefix.empty() && prefix.back() == '/') prefix.pop_back();
    return prefix;
}

bool is_within(std::string_view path, std::string_view prefix) {
    return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace

const Route* RouteTable::first_allowing(const Candidates& candidates, const Asker& asker) {
    for (const Route* route : candidates)
        if (route->allows(asker.method, asker.listener, asker.path)) return route;
    return nullptr;
}

void RouteTable::Paths::add(const config::Match& match, const Route* route) {
    if (!match.path_exact.empty()) return exact[match.path_exact].push_back(route);
    std::string at = without_closing_slash(match.path_prefix);
    if (match.before_prefixes) {
        const auto shorter = std::ranges::find_if(early, [&](const Early& e) { return e.prefix.size() < at.size(); });
        early.insert(shorter, {std::move(at), route});
        return;
    }
    longest_prefix = std::max(longest_prefix, at.size());
    Candidates& candidates = prefix[at];
    // An expression says more than the prefix alone.
    const auto plain = std::ranges::find_if(candidates, [](const Route* r) { return !r->path_matches; });
    candidates.insert(route->path_matches ? plain : candidates.end(), route);
}

void RouteTable::add(const config::Match& match, std::shared_ptr<const Route> route) {
    if (!match.host_matches.empty()) {
        auto same = std::ranges::find(host_expressions_, match.host_matches, &HostExpression::pattern);
        if (same == host_expressions_.end())
            same = host_expressions_.insert(same, {match.host_matches, route->host_matches, {}});
        same->paths.add(match, route.get());
    } else if (match.hosts.empty()) {
        any_host_.add(match, route.get());
    }
    for (const auto& host : match.hosts) {
        if (host == "*")
            any_host_.add(match, route.get());
        else if (host.starts_with("*."))
            suffix_hosts_[host.substr(1)].add(match, route.get());
        else
            exact_hosts_[host].add(match, route.get());
    }
    routes_.push_back(std::move(route));
}

RouteTable::Found RouteTable::Paths::by_prefix(const Asker& asker) const {
    if (prefix.empty()) return {};
    std::string_view candidate = asker.path;
    for (;;) {
        // Shorten to the next segment border that is not longer than any prefix.
        if (candidate.size() > longest_prefix) {
            const auto slash = candidate.rfind('/', longest_prefix);
            candidate = candidate.substr(0, slash == candidate.npos ? 0 : slash);
        }
        if (const auto it = prefix.find(candidate); it != prefix.end())
            if (const Route* route = first_allowing(it->second, asker)) return {route, candidate.size()};
        if (candidate.empty()) return {};
        const auto slash = candidate.rfind('/');
        candidate = candidate.substr(0, slash == candidate.npos ? 0 : slash);
    }
}

const Route* RouteTable::Paths::by_expression(const Asker& asker) const {
    const Found longest = by_prefix(asker);
    for (const Early& before : early) {
        if (longest.route != nullptr && longest.route->before_expressions && before.prefix.size() < longest.prefix)
            break;
        if (is_within(asker.path, before.prefix) && before.route->allows(asker.method, asker.listener, asker.path))
            return before.route;
    }
    return longest.route;
}

const Route* RouteTable::Paths::find(const Asker& asker) const {
    if (!exact.empty()) {
        if (const auto it = exact.find(asker.path); it != exact.end())
            if (const Route* route = first_allowing(it->second, asker)) return route;
    }
    if (!early.empty()) [[unlikely]]
        return by_expression(asker);
    return by_prefix(asker).route;
}

void RouteTable::take_listener(std::shared_ptr<const SharedCount> listener, std::shared_ptr<const Route> route) {
    taken_.emplace_back(std::move(listener), std::move(route));
}

const Route* RouteTable::find(std::string_view host, std::string_view path, std::string_view method,
                              const SharedCount* listener) const {
    for (const auto& [taken, route] : taken_)
        if (taken.get() == listener) return route.get();
    const Asker asker{path, method, listener};
    if (!exact_hosts_.empty()) {
        if (const auto it = exact_hosts_.find(host); it != exact_hosts_.end())
            if (const Route* route = it->second.find(asker)) return route;
    }
    if (!suffix_hosts_.empty()) {
        for (auto dot = host.find('.'); dot != host.npos; dot = host.find('.', dot + 1)) {
            if (const auto it = suffix_hosts_.find(host.substr(dot)); it != suffix_hosts_.end())
                if (const Route* route = it->second.find(asker)) return route;
        }
    }
    for (const HostExpression& expression : host_expressions_)
        if (expression.matches->refused() || expression.matches->found_in(host))
            if (const Route* route = expression.paths.find(asker)) return route;
    return any_host_.find(asker);
}

}  // namespace switchyard::route
