// proxy_pass → rules and split of a route.
//
// Threads: one import, one thread. Errors: notes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/model/route.h"
#include "config/nginx_import/flow.h"
#include "config/nginx_import/settings.h"
#include "config/nginx_import/upstream_import.h"

namespace switchyard::config::nginx {

class Targets {
  public:
    // `groups`: that the location's expression takes.
    Targets(Upstreams& upstreams, const Settings& settings, unsigned groups, Notes& notes)
        : upstreams_(upstreams), settings_(settings), notes_(notes), groups_(groups) {}

    // Fills rules, split and sticky of `route` from the proxy_pass of its location (null: only conditional ones).
    // False when no upstream could be made out; the route is untouched then.
    bool set(Route& route, const Flow& flow, const Directive* pass);
    // The part of the proxy_pass's URL after the host, which replaces the location's prefix; empty: none.
    const std::string& replacement() const { return replacement_; }
    // What is sent on instead of the path, where that has groups of the location's expression in it; empty: nothing.
    const std::string& rewrite() const { return rewrite_; }
    // The Host that nginx would send: that of the URL.
    const std::string& host() const { return host_; }
    // Whether another URL has another host, which matters where nginx would send it.
    bool hosts_differ() const { return hosts_differ_; }

  private:
    struct Target {
        std::string upstream;
        std::string host;
        std::string path, rewrite;
    };
    using Shared = std::vector<std::pair<std::string, std::uint32_t>>;  // upstream, weight

    std::optional<Target> read(const Text& text, const Directive& where);
    // `split` is set when shares decide.
    std::optional<Shared> read_shared(const Text& text, const Shares*& split, const Flow& flow, const Directive& where);
    void set_sticky(Route& route, const Shares& split);
    void accept(const Target& target, const Directive& where);

    Upstreams& upstreams_;
    const Settings& settings_;
    Notes& notes_;
    const unsigned groups_;
    std::string replacement_, rewrite_, host_;
    bool accepted_ = false, with_variables_ = false, hosts_differ_ = false;
};

}  // namespace switchyard::config::nginx
