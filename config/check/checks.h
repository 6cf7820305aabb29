// The parts of validate(), one per family of objects, and what they share. Private to config.
//
// Threads: one Checks, one thread. Errors: collected in `errors` in document order.
#pragma once

#include <fmt/format.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/check/taken.h"
#include "config/model.h"
#include "config/model/limits.h"
#include "config/text/error.h"
#include "config/text/nearest.h"
#include "config/text/pointer.h"

namespace switchyard::config {

struct Checks {
    explicit Checks(const Model& checked) : model(checked) {
        for (const auto& [name, upstream] : model.upstreams) upstream_names.push_back(name);
        for (const auto& listener : model.listeners) listener_names.push_back(listener.name);
    }

    const Model& model;
    const Taken* taken = nullptr;
    std::vector<std::string> upstream_names, listener_names;
    std::vector<Error> errors;
    std::size_t more = 0;  // that are not told

    void fail(std::string at, std::string detail) {
        if (errors.size() < limits::kErrors)
            errors.push_back({std::move(at), std::move(detail)});
        else
            ++more;
    }
    // An earlier version has taken this one: it serves on.
    bool health_in_force(const std::string& upstream, const Health& health) const {
        if (taken == nullptr) return false;
        const auto found = taken->health.find(upstream);
        return found != taken->health.end() && found->second == health;
    }
    // A name that becomes a label and part of a URL.
    void name(const std::string& at, std::string_view text);
    void upstream_exists(const std::string& at, const std::string& upstream);
    void header_name(const std::string& at, std::string_view text);
    void text(const std::string& at, std::string_view text, std::size_t most);  // UTF-8, at most so long
    // A key over which is decided; `verified`: claims are checked (the route has jwt).
    void key(const std::string& at, const Key& key, bool verified);
};

void check_process(Checks& checks, const Process& process);
void check_certificates(Checks& checks);
void check_listeners(Checks& checks);
void check_access(Checks& checks, const std::string& at, const Access& access);
void check_server_tls(Checks& checks, const std::string& at, const ListenerTls& tls);
void check_listener_tls(Checks& checks, const std::string& at, const Listener& listener);
void check_upstream(Checks& checks, const std::string& at, const std::string& name, const Upstream& upstream);
void check_upstream_tls(Checks& checks, const std::string& at, const Upstream& upstream);
void check_discovery(Checks& checks, const std::string& at, const Upstream& upstream);
void check_sources(Checks& checks, const Sources& sources);
void check_secret(Checks& checks, const std::string& at, const Secret& secret);
void check_respond(Checks& checks, const std::string& at, const Respond& respond);
void check_route(Checks& checks, const std::string& at, const Route& route);
void check_compress(Checks& checks, const std::string& at, const Route& route);
void check_error_pages(Checks& checks, const std::string& at, const ErrorPages& pages);
void check_hold(Checks& checks, const std::string& at, const Route& route);
void check_match(Checks& checks, const std::string& at, const Match& match);
void check_pattern(Checks& checks, const std::string& at, const std::string& pattern);
// Has the expression such a group?
void check_group(Checks& checks, const std::string& at, const std::string& word, unsigned group,
                 const std::string& pattern);
// A text with {1} …: are there as many groups? See config/text/target_text.h.
void check_target_text(Checks& checks, const std::string& at, const Route& route, const std::string& path_pattern,
                       const std::string& text);
void check_condition(Checks& checks, const std::string& at, const Condition& condition, bool verified, int depth = 1);
void check_header_edits(Checks& checks, const std::string& at, const Route& route, bool request);

}  // namespace switchyard::config
