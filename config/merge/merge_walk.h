// The walk behind merge(): by the field lists, from the whole configuration down to single values.
//
// Invariants: where there is a conflict the state's value stands in the result, unless the file wins.
// Threads: one walk, one thread.
#pragma once

#include <concepts>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/fields/fields_process.h"
#include "config/fields/fields_route.h"
#include "config/fields/fields_upstream.h"
#include "config/fields/member_writer.h"
#include "config/merge/merge.h"
#include "config/merge/merge_order.h"
#include "config/text/pointer.h"

namespace switchyard::config {

// The same requests to the same upstreams: what two splits are compared by.
Split shares(const Split& split);
Route with_shares(Route route);
// How a value stands in a conflict: JSON in one line, secrets hidden.
template <class T>
std::string shown(const T& value, const Field& field = {}) {
    return MemberWriter(Secrets::redact, Defaults::leave_out)
        .write(value, field)
        .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}
// `what` with the three values, as a person reads it.
Conflict conflict_at(std::string pointer, const std::string& what, std::string base, std::string file,
                     std::string state);

class MergeWalk {
  public:
    explicit MergeWalk(bool file_wins) : file_wins_(file_wins) {}

    std::vector<Conflict> conflicts;

    template <class T>
    std::vector<T> list(const std::vector<T>& base, const std::vector<T>& file, const std::vector<T>& state,
                        const std::string& at);
    std::map<std::string, Upstream> upstreams(const std::map<std::string, Upstream>& base,
                                              const std::map<std::string, Upstream>& file,
                                              const std::map<std::string, Upstream>& state, const std::string& at);
    std::map<std::string, Certificate> certificates(const std::map<std::string, Certificate>& base,
                                                    const std::map<std::string, Certificate>& file,
                                                    const std::map<std::string, Certificate>& state,
                                                    const std::string& at);

  private:
    static const std::string& name_of(const Listener& item) { return item.name; }
    static const std::string& name_of(const Route& item) { return item.name; }
    static const std::string& name_of(const Rule& item) { return item.name; }
    static std::string name_of(const Endpoint& item) { return item.address.text(); }

    // Equal but for the spelling.
    template <class T>
    static bool same(const T& a, const T& b) {
        return a == b;
    }
    static bool same(const Split& a, const Split& b) { return a == b || shares(a) == shares(b); }
    static bool same(const Route& a, const Route& b) { return a == b || with_shares(a) == with_shares(b); }

    // What the file removes goes, when no more than this was changed in it at run time.
    template <class T>
    static bool untouched(const T& base, const T& state) {
        return same(base, state);
    }
    static bool untouched(const Endpoint& base, Endpoint state);
    static bool untouched(const Upstream& base, Upstream state);

    // Objects that are switched off by one of their members.
    template <class T>
    static bool off(const T&) {
        return false;
    }
    static bool off(const Redirect& redirect) { return redirect.to.empty(); }
    static bool off(const Respond& respond) { return respond.status == 0; }
    static bool off(const StaticFiles& files) { return !files.on(); }
    static bool off(const Jwt& jwt) { return jwt.algorithm.empty(); }

    // Takes any member: asks only whether there is a field list.
    struct Probe {
        template <class T, class M>
        void operator()(std::string_view, M T::*, const Field&) {}
    };
    template <class T>
    struct MembersOf {
        MergeWalk& walk;
        const T &base, &file, &state;
        const std::string& at;
        T& out;
        template <class M>
        void operator()(std::string_view key, M T::*member, const Field& field) {
            out.*member = walk.value(base.*member, file.*member, state.*member, pointer_to(at, key), field);
        }
    };
    template <class T>
    static constexpr bool kByKey = requires(Probe& probe) {
        describe(probe, Type<T>{});
    }
    &&!std::same_as<T, Match> && !std::same_as<T, Discover> && !std::same_as<T, Health> && !std::same_as<T, Sticky>;
    template <class T>
    static constexpr bool kNamed = false;

    template <class T>
    std::map<std::string, T> by_name(const std::map<std::string, T>& base, const std::map<std::string, T>& file,
                                     const std::map<std::string, T>& state, const std::string& at);
    template <class T>
    T value(const T& base, const T& file, const T& state, const std::string& at, const Field& field);
    template <class T>
    T members(const T& base, const T& file, const T& state, const std::string& at);
    std::map<std::string, std::string> texts(const std::map<std::string, std::string>& base,
                                             const std::map<std::string, std::string>& file,
                                             const std::map<std::string, std::string>& state, const std::string& at,
                                             const Field& field);
    std::map<std::string, EndpointOverride> overrides(const std::map<std::string, EndpointOverride>& base,
                                                      const std::map<std::string, EndpointOverride>& file,
                                                      const std::map<std::string, EndpointOverride>& state,
                                                      const std::string& at);
    // Something with a name, of which each side may have none. Null out: it is in neither.
    template <class T>
    std::optional<T> named(const T* base, const T* file, const T* state, const std::string& at, const Field& field);
    template <class T>
    T decided(const T& file, const T& state) const {
        return file_wins_ ? file : state;
    }
    void disagree(std::string pointer, const std::string& what, std::string base, std::string file, std::string state) {
        if (file_wins_) return;
        conflicts.push_back(conflict_at(std::move(pointer), what, std::move(base), std::move(file), std::move(state)));
    }

    const bool file_wins_;
};

template <>
inline constexpr bool MergeWalk::kNamed<std::vector<Listener>> = true;
template <>
inline constexpr bool MergeWalk::kNamed<std::vector<Route>> = true;
template <>
inline constexpr bool MergeWalk::kNamed<std::vector<Rule>> = true;
template <>
inline constexpr bool MergeWalk::kNamed<std::vector<Endpoint>> = true;

template <class T>
T MergeWalk::value(const T& base, const T& file, const T& state, const std::string& at, const Field& field) {
    // The order of these questions is the law: what only one side changed is that side's, to the letter.
    if (file == base) return state;
    if (state == base || file == state) return file;
    if (same(file, state) || same(state, base)) return file;
    if (same(file, base)) return state;
    if constexpr (kNamed<T>) {
        return list(base, file, state, at);
    } else if constexpr (std::same_as<T, std::map<std::string, std::string>>) {
        return texts(base, file, state, at, field);
    } else if constexpr (std::same_as<T, std::map<std::string, EndpointOverride>>) {
        return overrides(base, file, state, at);
    } else if constexpr (kByKey<T>) {
        if (off(file) == off(state)) return members(base, file, state, at);
    }
    disagree(at, "the file and a change at run time set it differently", shown(base, field), shown(file, field),
             shown(state, field));
    return decided(file, state);
}

template <class T>
T MergeWalk::members(const T& base, const T& file, const T& state, const std::string& at) {
    T out = file;
    MembersOf<T> each{*this, base, file, state, at, out};
    describe(each, Type<T>{});
    return out;
}

template <class T>
std::optional<T> MergeWalk::named(const T* base, const T* file, const T* state, const std::string& at,
                                  const Field& field) {
    if (file != nullptr && state != nullptr) return value(base != nullptr ? *base : T{}, *file, *state, at, field);
    if (file == nullptr && state == nullptr) return std::nullopt;
    if (base == nullptr) return file != nullptr ? *file : *state;
    if (state == nullptr) {
        if (same(*base, *file)) return std::nullopt;
        disagree(at, "it was removed at run time, and the file changes it", shown(*base, field), shown(*file, field),
                 "");
        return file_wins_ ? std::optional(*file) : std::nullopt;
    }
    if (untouched(*base, *state)) return std::nullopt;
    disagree(at, "the file removes it, and it was changed at run time", shown(*base, field), "", shown(*state, field));
    return file_wins_ ? std::nullopt : std::optional(*state);
}

template <class T>
std::vector<T> MergeWalk::list(const std::vector<T>& base, const std::vector<T>& file, const std::vector<T>& state,
                               const std::string& at) {
    if (file == base) return state;
    if (state == base || file == state) return file;
    struct Side {
        Names names;
        std::unordered_map<std::string, std::size_t> places;
        explicit Side(const std::vector<T>& items) {
            for (const T& item : items) {
                places.emplace(name_of(item), names.size());
                names.push_back(name_of(item));
            }
        }
        const T* in(const std::vector<T>& items, const std::string& name) const {
            const auto found = places.find(name);
            return found == places.end() ? nullptr : &items[found->second];
        }
    };
    const Side b(base), f(file), s(state);
    // The file's order, unless only the run-time side has brought them into another one.
    const bool state_leads = reordered(b.names, s.names) && !reordered(b.names, f.names);
    std::vector<T> out;
    for (const auto& name : state_leads ? woven(s.names, f.names) : woven(f.names, s.names)) {
        const T* in_file = f.in(file, name);
        const auto place = pointer_to(at, in_file != nullptr ? f.places.at(name) : s.places.at(name));
        if (auto item = named(b.in(base, name), in_file, s.in(state, name), place, Field{}))
            out.push_back(std::move(*item));
    }
    return out;
}

}  // namespace switchyard::config
