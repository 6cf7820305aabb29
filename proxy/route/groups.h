// What the groups of a route's expressions took of a request, where the route says {1} or {host.1}: looked for when it
// is written, and only there.
//
// Invariants: an expression is asked once, when a group of it is first named.
// Views lead into the request's facts, which stay where they are. Threads: one worker, or control.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "config/text/target_text.h"
#include "proxy/route/request_facts.h"

namespace switchyard::route {

struct Asked;
struct Route;
class Expression;

// Whose groups are meant; null: none.
struct GroupSources {
    const Expression* path = nullptr;
    const Expression* host = nullptr;

    static GroupSources of(const Route& route);
};

class Groups {
  public:
    Groups(const GroupSources& from, const RequestFacts& facts) : from_(from), facts_(facts) {}
    // Nothing for one that took no part in the match.
    std::string_view of_path(unsigned number) const { return taken(path_, from_.path, facts_.path)[number]; }
    std::string_view of_host(unsigned number) const { return taken(host_, from_.host, facts_.host)[number]; }

  private:
    using Taken = std::array<std::string_view, config::kMostGroups + 1>;  // 0 is the whole match
    static const Taken& taken(std::unique_ptr<Taken>& of, const Expression* by, std::string_view value);

    GroupSources from_;
    const RequestFacts& facts_;
    mutable std::unique_ptr<Taken> path_, host_;
};

// A routed path, or a part of it, as it stands in a target: what has no place there, and what would end the path, is
// escaped.
void add_escaped(std::string& to, std::string_view routed);

// What a redirect or a rewrite comes to for this request: see config/text/target_text.h. What is filled in behind the
// mark of a query is data there and parts nothing.
std::string filled(std::string_view pattern, const Groups& groups, const Asked& asked);
// The same where clients are led by it: a path of ours stays one, since "//evil.example" would be another host.
std::string filled_for_client(std::string_view pattern, const Groups& groups, const Asked& asked);

}  // namespace switchyard::route
