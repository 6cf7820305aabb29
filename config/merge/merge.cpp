#include "config/merge/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "config/merge/merge_walk.h"
#include "config/model/candidate.h"
#include "config/model/certificates_used.h"

namespace switchyard::config {
namespace {

struct Sides {
    const Model &base, &file, &state;
};

template <class T>
auto* by_name(T& list, const std::string& name) {
    const auto found = std::ranges::find_if(list, [&](const auto& item) { return item.name == name; });
    return found == list.end() ? nullptr : &*found;
}

// A value of the route of that name on each side, for a conflict; empty where there is no such route.
template <class M>
Conflict conflict_in_route(const Sides& sides, const std::string& route, M Route::*member, std::string_view key,
                           const std::string& what) {
    const auto text = [&](const Model& model) {
        const auto* found = by_name(model.routes, route);
        return found == nullptr ? std::string() : shown(found->*member);
    };
    const bool in_file = by_name(sides.file.routes, route) != nullptr;
    const auto& routes = in_file ? sides.file.routes : sides.state.routes;
    const auto place = static_cast<std::size_t>(by_name(routes, route) - routes.data());
    return conflict_at(pointer_to(pointer_to("/routes", place), key), what, text(sides.base), text(sides.file),
                       text(sides.state));
}

// What one side removes, the other must not name. Where the file wins, what it has stands, and what only the state has
// loses what it names.
class MissingNames {
  public:
    MissingNames(const Sides& sides, Model& merged) : sides_(sides), merged_(merged) {}

    std::vector<Conflict> conflicts() {
        std::vector<Conflict> out;
        for (const auto& route : merged_.routes) {
            for (const auto& [upstream, weight] : route.split)
                if (!known(upstream))
                    out.push_back(conflict_in_route(sides_, route.name, &Route::split, "split",
                                                    missing("the split of route " + route.name, upstream)));
            for (const auto& rule : route.rules)
                for (const auto& name : {rule.upstream, rule.fallback})
                    if (!name.empty() && !known(name))
                        out.push_back(conflict_in_route(
                            sides_, route.name, &Route::rules, "rules",
                            missing(fmt::format("rule {} of route {}", rule.name, route.name), name)));
            for (const auto& listener : route.match.listeners)
                if (by_name(merged_.listeners, listener) == nullptr)
                    out.push_back(conflict_in_route(
                        sides_, route.name, &Route::match, "match",
                        fmt::format("route {} names listener {}, which {}", route.name, listener,
                                    removed_by(by_name(sides_.file.listeners, listener) == nullptr))));
        }
        for (const auto& [name, upstream] : merged_.upstreams) {
            const auto& fallback = upstream.breaker.fallback;
            if (fallback.empty() || known(fallback)) continue;
            const auto text = [&name = name](const Model& model) {
                const auto found = model.upstreams.find(name);
                return found == model.upstreams.end() ? std::string() : shown(found->second.breaker.fallback);
            };
            out.push_back(conflict_at(pointer_to("/upstreams", name) + "/breaker/fallback",
                                      missing("the breaker of upstream " + name, fallback), text(sides_.base),
                                      text(sides_.file), text(sides_.state)));
        }
        return out;
    }

    void decide_for_file() {
        // First what only the state removed and the file names comes back: a fallback that comes back may name another.
        for (auto names = missing_upstreams(); !names.empty(); names = missing_upstreams())
            for (const auto& name : names) merged_.upstreams.emplace(name, sides_.file.upstreams.at(name));
        for (const auto& route : merged_.routes)
            for (const auto& name : route.match.listeners)
                if (const auto* in_file = by_name(sides_.file.listeners, name);
                    in_file != nullptr && by_name(merged_.listeners, name) == nullptr)
                    merged_.listeners.push_back(*in_file);
        for (auto& [name, upstream] : merged_.upstreams)
            if (auto& fallback = upstream.breaker.fallback; !fallback.empty() && !known(fallback)) {
                const auto in_file = sides_.file.upstreams.find(name);
                fallback = in_file == sides_.file.upstreams.end() ? "" : in_file->second.breaker.fallback;
            }
        std::erase_if(merged_.routes, [&](Route& route) { return !route_for_file(route); });
    }

  private:
    bool known(const std::string& upstream) const {
        return upstream.empty() || upstream == kCandidate || merged_.upstreams.contains(upstream);
    }
    // Those that the file has.
    std::set<std::string> missing_upstreams() const {
        std::set<std::string> names;
        const auto note = [&](const std::string& name) {
            if (!known(name) && sides_.file.upstreams.contains(name)) names.insert(name);
        };
        for (const auto& route : merged_.routes) {
            for (const auto& [name, weight] : route.split) note(name);
            for (const auto& rule : route.rules) note(rule.upstream), note(rule.fallback);
        }
        for (const auto& [name, upstream] : merged_.upstreams) note(upstream.breaker.fallback);
        return names;
    }
    static std::string removed_by(bool file) { return file ? "the file removes" : "was removed at run time"; }
    std::string missing(const std::string& user, const std::string& upstream) const {
        return fmt::format("{} names upstream {}, which {}", user, upstream,
                           removed_by(!sides_.file.upstreams.contains(upstream)));
    }
    // False: nothing is left of it.
    bool route_for_file(Route& route) const {
        const auto* in_file = by_name(sides_.file.routes, route.name);
        const auto lost = [&](const auto& item) { return !known(item.first); };
        if (std::ranges::any_of(route.split, lost)) {
            if (in_file != nullptr)
                route.split = in_file->split;
            else if (std::erase_if(route.split, lost); route.split.empty())
                return false;
        }
        std::erase_if(route.rules, [&](Rule& rule) {
            const bool stands_in = rule.fallback.empty() || known(rule.fallback);
            if (known(rule.upstream) && stands_in) return false;
            const auto* same = in_file == nullptr ? nullptr : by_name(in_file->rules, rule.name);
            if (same != nullptr) rule = *same;
            if (!stands_in && same == nullptr) rule.fallback.clear();
            return same == nullptr && !known(rule.upstream);
        });
        auto& listeners = route.match.listeners;
        const auto closed = [&](const std::string& name) { return by_name(merged_.listeners, name) == nullptr; };
        if (std::ranges::none_of(listeners, closed)) return true;
        if (in_file != nullptr)
            route.match = in_file->match;
        else if (std::erase_if(listeners, closed); listeners.empty())
            return false;  // an empty list would mean all of them
        return true;
    }

    const Sides& sides_;
    Model& merged_;
};

// A listener, or an upstream, keeps the certificates that it uses, whichever side has taken one away.
void keep_used_certificates(const Sides& sides, Model& merged) {
    for (const auto& name : certificates_used(merged))
        for (const Model* side : {&sides.file, &sides.state})
            if (const auto found = side->certificates.find(name); found != side->certificates.end())
                merged.certificates.emplace(name, found->second);
}

// A rollout has the split, the rules and the upstreams of its route in its hands.
void keep_held(const Sides& sides, const MergeRules& rules, Model& merged, std::vector<Conflict>& conflicts) {
    if (!rules.held_by) return;
    for (const auto& route : sides.state.routes) {
        const auto holder = rules.held_by(route.name);
        if (holder.empty()) continue;
        const auto what =
            fmt::format("route {} belongs to rollout {} until it ends; abort it first", route.name, holder);
        auto* now = by_name(merged.routes, route.name);
        if (now == nullptr) {
            conflicts.push_back(conflict_in_route(sides, route.name, &Route::split, "split", what));
            continue;
        }
        if (shares(now->split) == shares(route.split)) now->split = route.split;  // a spelling is no reason to touch it
        if (now->split != route.split)
            conflicts.push_back(conflict_in_route(sides, route.name, &Route::split, "split", what));
        if (now->rules != route.rules)
            conflicts.push_back(conflict_in_route(sides, route.name, &Route::rules, "rules", what));
        std::set<std::string> used;
        for (const auto& [upstream, weight] : route.split) used.insert(upstream);
        for (const auto& rule : route.rules)
            for (const auto& upstream : {rule.upstream, rule.fallback})
                if (!upstream.empty()) used.insert(upstream);
        for (const auto& name : used) {
            const auto before = sides.state.upstreams.find(name);
            const auto after = std::as_const(merged.upstreams).find(name);
            if (before == sides.state.upstreams.end()) continue;  // a rule's own word, such as @candidate
            if (after != merged.upstreams.end() && after->second == before->second) continue;
            const auto text = [&](const Model& model) {
                const auto found = model.upstreams.find(name);
                return found == model.upstreams.end() ? std::string() : shown(found->second);
            };
            conflicts.push_back(conflict_at(pointer_to("/upstreams", name), "upstream " + name + ": " + what,
                                            text(sides.base), text(sides.file), text(sides.state)));
        }
    }
}

}  // namespace

MergeResult merge(const Model& base, const Model& file, const Model& state, const MergeRules& rules) {
    const Sides sides{base, file, state};
    MergeWalk walk(rules.file_wins);
    Model merged;
    merged.process = state.process;
    merged.certificates = walk.certificates(base.certificates, file.certificates, state.certificates, "/certificates");
    merged.listeners = walk.list(base.listeners, file.listeners, state.listeners, "/listeners");
    merged.upstreams = walk.upstreams(base.upstreams, file.upstreams, state.upstreams, "/upstreams");
    merged.routes = walk.list(base.routes, file.routes, state.routes, "/routes");
    keep_used_certificates(sides, merged);
    auto conflicts = std::move(walk.conflicts);
    MissingNames missing(sides, merged);
    if (rules.file_wins) missing.decide_for_file();
    std::ranges::move(missing.conflicts(), std::back_inserter(conflicts));
    keep_held(sides, rules, merged, conflicts);
    if (!conflicts.empty()) return {std::nullopt, std::move(conflicts)};
    return {std::move(merged), {}};
}

}  // namespace switchyard::config
