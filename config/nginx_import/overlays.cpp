#include "config/nginx_import/overlays.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/nginx_import/answer.h"
#include "config/nginx_import/formula.h"
#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {

namespace {

// In which nginx asks: prefixes marked ^~ before the expressions, all others after; of prefixes the longest first,
// of expressions those inside a location before those around it.
int turn(const Draft& overlay) {
    if (!overlay.border.empty()) return overlay.stops_patterns ? 0 : 2;
    return 1;
}

bool before(const Draft& a, const Draft& b) {
    if (turn(a) != turn(b)) return turn(a) < turn(b);
    if (turn(a) == 1) return a.within.size() > b.within.size();
    return a.border.size() > b.border.size();
}

// Whether requests of the overlay come to that route.
bool comes_to(const Draft& overlay, const Draft& draft) {
    const Match& match = draft.route.match;
    if (!match.path_exact.empty()) return false;
    if (!overlay.border.empty())
        return overlay.border.starts_with(match.path_prefix) && overlay.border != match.path_prefix;
    return !draft.stops_patterns && match.path_prefix.starts_with(overlay.within);
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
            if (!from.strip_prefix.empty()) return close(overlay, here, "a rule replaces no prefix");
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
        if (!(from.request_headers == route_.request_headers) || !route_.strip_prefix.empty()) return false;
        if (!(from.response_headers == route_.response_headers) || !(from.limits == route_.limits) ||
            !(from.timeouts == route_.timeouts) || !(from.retries == route_.retries))
            notes_.changed(*overlay.origin,
                           fmt::format("is a rule of the route for {} and has that route's response headers, limits, "
                                       "times and retries",
                                       route_.match.path_prefix));
        return true;
    }

    void close(const Draft& overlay, const Formula& here, std::string_view reason) {
        notes_.lost(
            *overlay.origin,
            fmt::format("routes match by prefix or exact path, and {}: its requests are answered with 501; write "
                        "its prefixes as routes",
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
    std::vector<Draft> overlays;
    for (const Draft& draft : drafts)
        if (draft.when) overlays.push_back(draft);
    if (overlays.empty()) return;
    std::erase_if(drafts, [](const Draft& draft) { return draft.when.has_value(); });
    std::ranges::stable_sort(overlays, before);
    for (Draft& draft : drafts) {
        Layer layer(draft, notes);
        for (const Draft& overlay : overlays)
            if (comes_to(overlay, draft)) layer.add(overlay);
        layer.done();
    }
}

}  // namespace switchyard::config::nginx
