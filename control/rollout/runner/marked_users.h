// Of one arm of a sticky split: how many users have the marks of a kind, for the words of an alarm. A release that is
// broken for a twentieth of them has the same ones marked again and again; some are in any release.
//
// A user is a bucket of the hash; no user's key is kept or told. It counts for the words alone: what is tested is
//   counted elsewhere (control/analysis).
// Threads: control. Memory: 224 KiB.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/answer_kind.h"

namespace switchyard::control::rollout {

// Of one kind of mark.
struct UserSpread {
    std::uint64_t marks = 0;
    std::uint64_t users = 0, of_users = 0;  // that have one, and that asked
    std::uint64_t requests = 0;             // of those who have one
    std::uint64_t of_requests = 0;          // of all users
    // That it is these users tells more of which requests are marked than that each is as likely to be: in natural
    // logarithms, less what it takes to say which users, and how often theirs are.
    double told = 0.0;
    bool same_ones() const;

    nlohmann::ordered_json to_json() const;
};

// "Again and again the same users: 12 of 310 (3.9 %), in 30 of their 33 requests." if that is so of the new release and
// not as much of the old one; else "14 of 310 users met it."
std::string users_words(const UserSpread& canary, const std::optional<UserSpread>& baseline, const std::string& group);
bool newly_same_ones(const UserSpread& canary, const std::optional<UserSpread>& baseline);

class MarkedUsers {
  public:
    static constexpr std::size_t kBuckets = 1U << 16;
    static constexpr std::size_t kLevel = 1;  // what is slow or late is so by the p90, as noted of places
    // As in MarkPlaces.
    static constexpr std::array<std::string_view, 5> kGroups{"failed", "slow", "tail", "late", "late_tail"};
    enum Kind : std::uint8_t { failed, slow, tail, late, late_tail, first_answer };
    static constexpr std::size_t kKinds = first_answer + kAnswerKinds;

    MarkedUsers() : asked_(kBuckets, 0) {}

    void ask(std::uint16_t bucket);
    void mark(std::size_t kind, std::uint16_t bucket);
    // `group`: one of kGroups, or the name of a kind of answer; nothing: of another name, or there is no mark.
    std::optional<UserSpread> spread(std::string_view group) const;

  private:
    struct Marks {
        std::uint64_t all = 0;
        std::bitset<kBuckets> users;
    };
    std::vector<std::uint16_t> asked_;  // requests, as far as they fit
    std::uint64_t requests_ = 0;
    std::array<Marks, kKinds> marks_;
};

}  // namespace switchyard::control::rollout
