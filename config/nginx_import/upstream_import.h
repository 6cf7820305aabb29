// `upstream` blocks → upstreams; also those that a proxy_pass to an address implies.
//
// Threads: one import, one thread. Errors: notes.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/model.h"
#include "config/model/upstream.h"
#include "config/nginx_import/notes.h"
#include "config/nginx_import/settings.h"

namespace switchyard::config::nginx {

class Upstreams {
  public:
    // `folder`: where nginx looks for files without a path.
    Upstreams(Model& model, Notes& notes, std::filesystem::path folder = {})
        : model_(model), notes_(notes), folder_(std::move(folder)) {}

    void add(const Directive& block);
    // The upstream behind a proxy_pass's host: a block of that name, or one endpoint at that address.
    // `calls`: it is spoken to in HTTP/2.
    std::optional<std::string> find(const std::string& host, const Directive& where, bool calls);
    // The same, spoken to by TLS as these settings say. A block that is spoken to in several ways becomes as many.
    std::optional<std::string> find_secure(const std::string& host, const Settings& settings, const Directive& where,
                                           bool calls);
    Upstream& operator[](const std::string& name) { return model_.upstreams.at(name); }
    // Whether it was made from an address in a proxy_pass rather than from a block.
    bool implied(const std::string& name) const { return implied_.contains(name); }

  private:
    void add_endpoint(const Directive& server, Upstream& upstream, bool& failures_given);
    void read_failures(const Directive& server, Upstream& upstream, bool& given);
    void set_hash(const Directive& directive, Upstream& upstream);
    void set_session_cookie(const Directive& directive, StickySession& session);
    void set_option(const Directive& directive, Upstream& upstream);

    std::optional<std::string> named(const std::string& host, const Directive& where);
    struct Way {
        std::optional<UpstreamTls> tls;
        EndpointProtocol protocol;
        bool operator==(const Way&) const = default;
    };
    std::string spoken_to(const std::string& name, const Way& way, const Directive& where);

    Model& model_;
    Notes& notes_;
    const std::filesystem::path folder_;
    struct Known {
        std::string block;
        Way way;
        std::string name;
    };
    std::vector<Known> ways_;                   // that blocks are spoken to, and by which name each is known
    std::map<std::string, std::string> names_;  // as nginx knows them (lower case) → ours
    std::set<std::string> taken_, implied_;
};

}  // namespace switchyard::config::nginx
