// host and path → route. The cost of a look-up does not grow with the number of routes.
//
// Order: the most specific host first (exact, then the longest *.suffix, then expressions as written, then any), in it
//   an exact path, then the longest prefix that ends at a segment border, of one prefix expressions first, among equals
//   the first written; a route whose methods or listeners do not fit is passed over. Expressions that stand before the
//   prefixes (match.before_prefixes) are asked behind the exact paths: those of the longest prefix first, and only
//   those within a prefix that stands before them (match.before_expressions).
// A host with expressions costs as many matches as there are before the one that fits.
// Immutable after add(); shared by all workers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/model/route.h"
#include "proxy/route/route.h"

namespace switchyard::route {

class RouteTable {
  public:
    void add(const config::Match& match, std::shared_ptr<const Route> route);
    // Whatever comes to this listener is the route's, before any other is asked.
    void take_listener(std::shared_ptr<const SharedCount> listener, std::shared_ptr<const Route> route);
    // `host` lower case without port, `path` normalized, `listener` the count of connections of the one it came to
    // (null: none that a route could ask for). Null: nothing matches.
    const Route* find(std::string_view host, std::string_view path, std::string_view method,
                      const SharedCount* listener) const;
    const std::vector<std::shared_ptr<const Route>>& all() const { return routes_; }

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    template <class T>
    using Map = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
    using Candidates = std::vector<const Route*>;

    struct Asker {
        std::string_view path, method;
        const SharedCount* listener;
    };
    struct Found {
        const Route* route = nullptr;
        std::size_t prefix = 0;  // its length
    };
    struct Early {
        std::string prefix;
        const Route* route;
    };
    struct Paths {
        Map<Candidates> exact, prefix;  // prefixes without their closing slash; "" is the root
        std::size_t longest_prefix = 0;
        std::vector<Early> early;  // before prefixes, those of the longest prefix first
        void add(const config::Match& match, const Route* route);
        const Route* find(const Asker& asker) const;

      private:
        Found by_prefix(const Asker& asker) const;
        const Route* by_expression(const Asker& asker) const;
    };
    struct HostExpression {
        std::string pattern;
        std::shared_ptr<const Expression> matches;
        Paths paths;
    };
    static const Route* first_allowing(const Candidates& candidates, const Asker& asker);

    std::vector<std::shared_ptr<const Route>> routes_;
    std::vector<std::pair<std::shared_ptr<const SharedCount>, std::shared_ptr<const Route>>> taken_;
    Map<Paths> exact_hosts_, suffix_hosts_;  // suffixes with their leading dot
    std::vector<HostExpression> host_expressions_;
    Paths any_host_;
};

}  // namespace switchyard::route
