// Where the marks of a rollout came from, by arm and by what kind of mark they are: kinds, paths with their methods,
// endpoints.
//
// Invariants: what counts is counted elsewhere, this is for the words: a worker notes at most so many different ones
//   between two reports (mark_notes.h), and kMost names are kept of each.
// Threads: control.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "proxy/base/mark_notes.h"

namespace switchyard::control::rollout {

class MarkPlaces {
  public:
    using Json = nlohmann::ordered_json;
    static constexpr std::size_t kMost = 64;
    static constexpr std::size_t kMostGroups = kAnswerKinds + 6;

    using Counts = std::map<std::string, std::uint64_t>;
    struct Group {
        std::uint64_t all = 0;
        Counts kinds, paths, endpoints;
    };
    using Arm = std::map<std::string, Group>;  // failed, slow, tail, late, late_tail, or the name of a kind of answer

    // `address`: of its endpoint; empty: it had none.
    void add(bool canary, const MarkNote& note, const std::string& address);
    const Arm& arm(bool canary) const { return canary ? canary_ : baseline_; }
    // Null: none was noted.
    const Group* canary(const std::string& group) const;
    const Group* baseline(const std::string& group) const { return find(baseline_, group); }

    Json to_json() const;
    // What is not of this form is left out.
    static MarkPlaces from_json(const Json& json);

  private:
    static const Group* find(const Arm& arm, const std::string& group);

    Arm canary_, baseline_;
};

nlohmann::ordered_json to_json(const MarkPlaces::Group& group);  // most first
// "500 (5), reset (2). Mostly GET /checkout (6 of 7); endpoint 127.0.0.1:9002."; empty: nothing was noted. With the
// baseline's own marks, a path that has more of them than it has is named before those that have many in any release.
std::string where_words(const MarkPlaces::Group& group, const MarkPlaces::Group* baseline = nullptr);

}  // namespace switchyard::control::rollout
