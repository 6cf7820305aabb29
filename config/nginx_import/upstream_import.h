// `upstream` blocks → upstreams; also those that a proxy_pass to an address implies.
//
// Threads: one import, one thread. Errors: notes.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "config/model.h"
#include "config/model/upstream.h"
#include "config/nginx_import/notes.h"

namespace switchyard::config::nginx {

class Upstreams {
  public:
    Upstreams(Model& model, Notes& notes) : model_(model), notes_(notes) {}

    void add(const Directive& block);
    // The upstream behind a proxy_pass's host: a block of that name, or one endpoint at that address.
    std::optional<std::string> find(const std::string& host, const Directive& where);
    Upstream& operator[](const std::string& name) { return model_.upstreams.at(name); }
    // Whether it was made from an address in a proxy_pass rather than from a block.
    bool implied(const std::string& name) const { return implied_.contains(name); }

  private:
    void add_endpoint(const Directive& server, Upstream& upstream, bool& failures_given);
    void read_failures(const Directive& server, Upstream& upstream, bool& given);
    void set_hash(const Directive& directive, Upstream& upstream);
    void set_option(const Directive& directive, Upstream& upstream);

    Model& model_;
    Notes& notes_;
    std::map<std::string, std::string> names_;  // as nginx knows them (lower case) → ours
    std::set<std::string> taken_, implied_;
};

}  // namespace switchyard::config::nginx
