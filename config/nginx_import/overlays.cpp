#include "config/nginx_import/overlays.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "config/nginx_import/answer.h"
#include "config/nginx_import/formula.h"
#include "config/nginx_import/pattern.h"
#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {

namespace {

bool is_test(const Draft& draft, Condition::Test test) {
    return draft.border.empty() && draft.when->kind == Condition::Kind::test && draft.when->test == test;
}

// What it begins with, where it is no expression.
const std::string& start_of(const Draft& draft) {
    return draft.border.empty() ? draft.when->values.at(0) : draft.border;
}

// Exact paths, then what goes on behind prefixes, the longest first, then expressions as written.
int turn(const Draft& draft) {
    if (is_test(draft, Condition::Test::equals)) return 0;
    return is_test(draft, Condition::Test::matches) || draft.guessed ? 2 : 1;
}

bool before(const Draft& a, const Draft& b) {
    if (turn(a) != turn(b)) return turn(a) < turn(b);
    return turn(a) == 1 && start_of(a).size() > start_of(b).size();
}

void give_place(Draft& draft) {
    Match& match = draft.route.match;
    if (!draft.within.empty()) match.path_prefix = draft.within;
    match.before_prefixes = turn(draft) != 1;
    if (is_test(draft, Condition::Test::matches)) {
        match.path_matches = draft.when->values[0];
    } else {
        match.path_matches = "^" + exact_expression(start_of(draft)) + (turn(draft) == 0 ? "$" : "");
    }
    if (draft.border.empty()) return;
    // It is asked where the prefix itself would be the longest.
    match.path_prefix = draft.border.substr(0, std::max<std::size_t>(1, draft.border.rfind('/')));
    match.before_expressions = draft.stops_patterns;
    // A prefix is stripped where it is the route's own; here it is the start of a segment that goes on.
    if (Route& route = draft.route; !route.strip_prefix.empty()) {
        const std::string to = route.replace_prefix.empty() ? "/" : route.replace_prefix;
        route.rewrite = {{"^" + exact_expression(route.strip_prefix) + "(.*)$", to + "{1}"}};
        route.strip_prefix.clear();
        route.replace_prefix.clear();
        route.forwarded_prefix = false;
    }
}

class Layer {
  public:
    Layer(Draft& draft, Notes& notes) : route_(draft.route), notes_(notes) {
        for (const Rule& rule : route_.rules) taken_.insert(rule.name);
    }

    void add(const Draft& overlay) {
        const Route& from = overlay.route;
        Formula here = Formula::of(*overlay.when);
        if (!from.match.methods.empty()) {
            Condition methods;
            methods.key = {Key::Source::method, {}};
            methods.test = Condition::Test::in;
            methods.values = from.match.methods;
            here = both(here, Formula::of(methods));
        }
        if (!from.redirect.to.empty()) return close(overlay, here, "a rule cannot redirect");
        const bool proxies = std::ranges::any_of(from.split, [](const auto& arm) { return arm.second > 0; }) ||
                             std::ranges::any_of(from.rules, [](const Rule& r) { return !r.upstream.empty(); });
        if (proxies) {
            const auto arms = std::ranges::count_if(from.split, [](const auto& arm) { return arm.second > 0; });
            if (arms > 1) return close(overlay, here, "a rule leads to one upstream, not to shares");
            if (!from.strip_prefix.empty() || !from.rewrite.empty())
                return close(overlay, here, "a rule replaces no prefix");
            if (!fits(overlay)) return close(overlay, here, "a rule has no request headers of its own");
        }
        for (const Rule& rule : from.rules) put(overlay, both(here, Formula::of(rule.when)), rule);
        for (const auto& [upstream, weight] : from.split)
            if (weight > 0) put(overlay, here, {"", {}, upstream, "", {}});
        if (from.split.empty()) put(overlay, here, {"", {}, "", "", from.respond});
    }

    void done() { route_.rules.insert(route_.rules.begin(), rules_.begin(), rules_.end()); }

  private:
    // Whether requests that a rule takes out of this route are sent as the overlay's location wants them.
    bool fits(const Draft& overlay) {
        const Route& from = overlay.route;
        if (route_.split.empty() && !adopted_) {
            // The route sends nothing on by itself: it may do as the location says.
            route_.request_headers = from.request_headers;
            route_.response_headers = from.response_headers;
            route_.limits = from.limits;
            route_.timeouts = from.timeouts;
            route_.retries = from.retries;
            adopted_ = true;
            return true;
        }
        if (!(from.request_headers == route_.request_headers) || !route_.strip_prefix.empty() ||
            !route_.rewrite.empty())
            return false;
        if (!(from.response_headers == route_.response_headers) || !(from.limits == route_.limits) ||
            !(from.timeouts == route_.timeouts) || !(from.retries == route_.retries))
            notes_.changed(*overlay.origin,
                           fmt::format("is a rule of the route for {} and has that route's response headers, limits, "
                                       "times and retries",
                                       route_.match.path_matches));
        return true;
    }

    void close(const Draft& overlay, const Formula& here, std::string_view reason) {
        notes_.lost(
            *overlay.origin,
            fmt::format("is a rule of the route for the expression around it, and {}: its requests are answered with "
                        "501; write a route for it",
                        reason));
        put(overlay, here, {"", {}, "", "", not_carried_over()});
    }

    // What the rule does, under that condition.
    void put(const Draft& overlay, const Formula& when, Rule rule) {
        if (when.kind != Formula::Kind::depends) return;
        rule.name = fresh_name("location-" + overlay.name_wish, taken_);
        rule.when = when.condition;
        rules_.push_back(std::move(rule));
    }

    Route& route_;
    Notes& notes_;
    bool adopted_ = false;
    std::set<std::string> taken_;
    std::vector<Rule> rules_;
};

}  // namespace

void lay_over(std::vector<Draft>& drafts, Notes& notes) {
    std::vector<Draft> plain, expressions, inside;
    for (Draft& draft : drafts) (!draft.when ? plain : draft.inside ? inside : expressions).push_back(std::move(draft));
    std::ranges::stable_sort(expressions, before);
    for (const Draft& draft : plain)
        for (std::size_t i = 0, n = draft.firm_prefix.empty() ? 0 : expressions.size(); i < n; ++i)
            if (expressions[i].within == draft.firm_prefix) {
                Draft& copy = expressions.emplace_back(Draft(expressions[i]));
                copy.within = draft.route.match.path_prefix;
            }
    for (Draft& draft : expressions) {
        give_place(draft);
        Layer layer(draft, notes);
        for (const Draft& overlay : inside)
            if (*overlay.inside == *draft.when) layer.add(overlay);
        layer.done();
    }
    const auto first = [](const Draft& draft) { return draft.route.match.before_prefixes; };
    if (std::ranges::any_of(expressions, first))
        for (Draft& draft : plain)
            draft.route.match.before_expressions = draft.stops_patterns && draft.route.match.path_exact.empty();
    drafts = std::move(plain);
    std::ranges::move(expressions, std::back_inserter(drafts));
}

}  // namespace switchyard::config::nginx
