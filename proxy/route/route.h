// A compiled route: everything an exchange needs to know about it, prepared so that nothing is looked up by name.
//
// Immutable; shared by all workers. Indices of upstreams are into Snapshot::upstreams.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/model/key.h"
#include "config/model/route.h"
#include "config/text/placeholder.h"
#include "proxy/http/field_name.h"
#include "proxy/route/condition.h"
#include "proxy/route/rate.h"
#include "proxy/route/split.h"

namespace switchyard {
struct SplitCursor;
struct MarkWatch;
struct SharedCount;
}  // namespace switchyard

namespace switchyard::route {

class AccessList;
struct AnswerRewrites;
class ErrorPages;
class TokenVerifier;
class RateTable;

struct Rule {
    std::string name;
    Condition when;
    std::uint32_t upstream;      // meaningless where the rule answers by itself
    std::int32_t fallback = -1;  // what serves while `upstream` cannot; -1: nothing
    config::Respond respond;     // status 0: the upstream
    bool refused = false;        // its condition is: a request that comes to it goes no further
    std::uint16_t deny = 0;      // refuses with this status; 0: it does not
    bool candidate = false;      // `upstream` is who "@candidate" means in this snapshot

    bool answers() const { return respond.status != 0; }
};

struct Sticky {
    config::Key key;
    std::string lower_name;
    std::string salt;
    bool mint = false;
    config::Sticky::Missing missing = config::Sticky::Missing::baseline;
};

// Header edits as bytes: `lines` are ready "Name: value\r\n" lines, `names` the lower-case names that they replace.
// `fills` say what belongs between which of their bytes, in order. They are the last word: a line that the proxy would
// write of its own accord is left out where `replaces` says so.
struct Edits {
    struct Fill {
        std::size_t at;
        config::Placeholder what;
        bool in_host = false;    // in the value of Host, which must not be empty
        std::uint8_t group = 0;  // of path_group and host_group
    };
    std::string lines;
    std::vector<Fill> fills;
    std::vector<std::string> names;
    std::uint32_t known = 0;  // bit per http::FieldName in `names`

    bool empty() const { return lines.empty() && names.empty(); }
    bool replaces(http::FieldName name) const { return (known >> static_cast<unsigned>(name)) & 1u; }
    bool replaces(std::string_view name) const;
    // For requests: so does '_' in place of '-', which CGI and its heirs cannot tell apart.
    bool replaces_loosely(std::string_view name) const;
};

// Made when a generation is compiled, so that a route without edits pays for none. `groups`: its route has expressions.
Edits edits_of(const config::HeaderEdits& source, bool groups = false);
// One more, unless the route has its own word on that name. Nothing is filled into this value.
void set_as_it_stands(Edits& to, const std::string& name, std::string_view value);

// Another path instead of the one that was routed.
struct Rewrite {
    std::shared_ptr<const Expression> matches;  // null: always, with the groups of the route's own expressions
    std::string to;
};

// Requests wait until then, or until another generation lets them go. Where that moment is over, those that have waited
// come before others until none is left.
struct Hold {
    std::int64_t until_s = 0;  // by the wall's clock
    std::uint32_t limit = 0;
    std::shared_ptr<SharedCount> waiting;
    config::Respond respond;  // status not 0: they do not wait, and are answered with this

    bool answers_at(std::int64_t wall_seconds) const { return respond.status != 0 && wall_seconds < until_s; }
};

// What a route lets pass, how much of it and for how long.
struct RouteLimits {
    std::shared_ptr<const AccessList> access;  // null: all are let in
    config::Limits limits;
    std::string rate_key_name;  // lower case for headers
    Rate rate;
    std::shared_ptr<RateTable> rate_table;   // set when limits.rate is
    std::uint64_t rate_seed = 0;             // of its keys in there
    std::shared_ptr<SharedCount> in_flight;  // set when limits.in_flight is
    std::int64_t request_ms = 0, tunnel_idle_ms = 0;
    std::int64_t connect_ms = 0, response_head_ms = 0, idle_ms = 0;  // 0: the upstream's
    config::Retries retries;
    bool retries_answers = false;                       // retries.on has some
    std::uint32_t grpc_failures = 0, grpc_retries = 0;  // a bit per status
    bool abort_on_close = false;
    bool allow_connect = false;
    std::shared_ptr<const TokenVerifier> verifier;  // set when the route has jwt
    std::shared_ptr<const Hold> hold;               // null: nothing is held, and nothing was
};

// What it changes of the messages that pass.
struct RouteEdits {
    Edits request_edits, response_edits;
    std::string strip_prefix, replace_prefix;
    std::vector<Rewrite> rewrites;
    std::shared_ptr<const AnswerRewrites> answer_rewrites;  // null: answers go on as they come
    bool debug_headers = false;
    std::vector<std::string> allow_trailers;           // lower case
    std::shared_ptr<const config::Compress> compress;  // null: answers go as they are
    std::shared_ptr<const ErrorPages> error_pages;     // null: it has none
};

struct Route : RouteLimits, RouteEdits {
    std::uint32_t id = 0;  // Registry id
    std::string name;
    std::vector<std::string> methods;
    // Those it is for, by the count of their connections: one for each name, whatever the generation. Empty: all.
    std::vector<std::shared_ptr<SharedCount>> listeners;
    // What its path and host match beside what the table goes by; null: nothing more. The second ones know what their
    // groups take, and are there where something is made of that.
    std::shared_ptr<const Expression> path_matches, host_matches, path_groups, host_groups;
    bool before_expressions = false;
    std::vector<Rule> rules;
    Split split;
    std::vector<std::uint32_t> arms;     // the split's upstreams, in its order
    std::vector<std::uint32_t> weights;  // of the arms
    std::shared_ptr<SplitCursor> cursor;
    std::shared_ptr<const MarkWatch> marks;
    bool has_sticky = false;
    Sticky sticky;
    config::Redirect redirect;
    config::Respond respond;
    bool reroute = true;

    // Whether it answers by itself what no rule takes.
    bool answers() const { return respond.status != 0 || !redirect.to.empty(); }
    bool allows(std::string_view method, const SharedCount* listener, std::string_view path) const {
        if (methods.empty() && listeners.empty() && !path_matches) return true;
        return is_for(method) && is_for(listener) && matches(path);
    }

  private:
    // One that this version refuses is taken to match: its first rule is then refused, and nothing opens.
    bool matches(std::string_view path) const {
        return !path_matches || path_matches->refused() || path_matches->found_in(path);
    }
    bool is_for(std::string_view method) const {
        for (const auto& m : methods)
            if (m == method) return true;
        return methods.empty();
    }
    bool is_for(const SharedCount* listener) const {
        for (const auto& l : listeners)
            if (l.get() == listener) return true;
        return listeners.empty();
    }
};

}  // namespace switchyard::route
