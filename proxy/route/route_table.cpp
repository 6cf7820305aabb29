#include "proxy/route/route_table.h"

#include <algorithm>

namespace switchyard::route {
namespace {

const Route* first_allowing(const std::vector<const Route*>& candidates, std::string_view method,
                            const SharedCount* listener) {
    for (const Route* route : candidates)
        if (route->allows(method, listener)) return route;
    return nullptr;
}

}  // namespace

void RouteTable::add(const config::Match& match, std::shared_ptr<const Route> route) {
    auto insert = [&](Paths& paths) {
        if (!match.path_exact.empty()) {
            paths.exact[match.path_exact].push_back(route.get());
            return;
        }
        std::string prefix = match.path_prefix;
        while (!prefix.empty() && prefix.back() == '/') prefix.pop_back();
        paths.longest_prefix = std::max(paths.longest_prefix, prefix.size());
        paths.prefix[prefix].push_back(route.get());
    };
    if (match.hosts.empty()) insert(any_host_);
    for (const auto& host : match.hosts) {
        if (host == "*")
            insert(any_host_);
        else if (host.starts_with("*."))
            insert(suffix_hosts_[host.substr(1)]);
        else
            insert(exact_hosts_[host]);
    }
    routes_.push_back(std::move(route));
}

const Route* RouteTable::Paths::find(std::string_view path, std::string_view method,
                                     const SharedCount* listener) const {
    if (!exact.empty()) {
        if (const auto it = exact.find(path); it != exact.end())
            if (const Route* route = first_allowing(it->second, method, listener)) return route;
    }
    if (prefix.empty()) return nullptr;
    std::string_view candidate = path;
    for (;;) {
        // Shorten to the next segment border that is not longer than any prefix.
        if (candidate.size() > longest_prefix) {
            const auto slash = candidate.rfind('/', longest_prefix);
            candidate = candidate.substr(0, slash == candidate.npos ? 0 : slash);
        }
        if (const auto it = prefix.find(candidate); it != prefix.end())
            if (const Route* route = first_allowing(it->second, method, listener)) return route;
        if (candidate.empty()) return nullptr;
        const auto slash = candidate.rfind('/');
        candidate = candidate.substr(0, slash == candidate.npos ? 0 : slash);
    }
}

void RouteTable::take_listener(std::shared_ptr<const SharedCount> listener, std::shared_ptr<const Route> route) {
    taken_.emplace_back(std::move(listener), std::move(route));
}

const Route* RouteTable::find(std::string_view host, std::string_view path, std::string_view method,
                              const SharedCount* listener) const {
    for (const auto& [taken, route] : taken_)
        if (taken.get() == listener) return route.get();
    if (!exact_hosts_.empty()) {
        if (const auto it = exact_hosts_.find(host); it != exact_hosts_.end())
            if (const Route* route = it->second.find(path, method, listener)) return route;
    }
    if (!suffix_hosts_.empty()) {
        for (auto dot = host.find('.'); dot != host.npos; dot = host.find('.', dot + 1)) {
            if (const auto it = suffix_hosts_.find(host.substr(dot)); it != suffix_hosts_.end())
                if (const Route* route = it->second.find(path, method, listener)) return route;
        }
    }
    return any_host_.find(path, method, listener);
}

}  // namespace switchyard::route
