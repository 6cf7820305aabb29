#include "control/rollout/runner/marked_users.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace switchyard::control::rollout {

namespace {

// Marks beyond the first of each user are hardly more than luck has, if every request is as likely to be one: so many
// standard errors of a Poisson law, which theirs is while marks are few.
bool more_than_luck(double repeats, double by_luck) {
    constexpr double kErrors = 3.0;
    return repeats > by_luck + kErrors * std::sqrt(std::max(1.0, by_luck));
}

}  // namespace

void MarkedUsers::ask(std::uint16_t bucket) {
    if (asked_[bucket] == std::numeric_limits<std::uint16_t>::max()) return;
    ++asked_[bucket];
    ++requests_;
}

void MarkedUsers::mark(std::size_t kind, std::uint16_t bucket) {
    ++marks_[kind].all;
    marks_[kind].users.set(bucket);
}

std::optional<UserSpread> MarkedUsers::spread(std::string_view group) const {
    std::size_t kind = kKinds;
    for (std::size_t i = 0; i < kGroups.size(); ++i)
        if (kGroups[i] == group) kind = i;
    for (std::size_t i = 0; i < kAnswerKinds; ++i)
        if (kAnswerWords[i].name == group) kind = first_answer + i;
    if (kind == kKinds || marks_[kind].all == 0) return std::nullopt;

    const Marks& marks = marks_[kind];
    const double rate =
        std::min(1.0, static_cast<double>(marks.all) / static_cast<double>(std::max<std::uint64_t>(1, requests_)));
    UserSpread out;
    out.marks = marks.all;
    double by_luck = 0.0;  // users who would have one if every request were as likely to be one
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
        const bool has_one = marks.users.test(bucket);
        const std::uint16_t asked = asked_[bucket];
        if (asked == 0 && !has_one) continue;
        ++out.of_users;
        by_luck += 1.0 - std::pow(1.0 - rate, asked);
        if (has_one) ++out.users, out.requests += asked;
    }
    out.requests = std::max(out.requests, out.marks);  // one that is marked before it is asked for
    const auto all = static_cast<double>(out.marks);
    const auto users = static_cast<double>(out.users);
    out.same_ones = more_than_luck(all - users, all - by_luck);
    out.gathered = (by_luck - users) / static_cast<double>(std::max<std::uint64_t>(1, requests_));
    return out;
}

nlohmann::ordered_json UserSpread::to_json() const {
    return {
        {"marked", users}, {"of", of_users}, {"marks", marks}, {"their_requests", requests}, {"same_ones", same_ones}};
}

bool newly_same_ones(const UserSpread& canary, const std::optional<UserSpread>& baseline) {
    constexpr double kTimes = 2.0;  // the old release is watched for longer, which gathers more
    return canary.same_ones && (!baseline || canary.gathered > kTimes * baseline->gathered);
}

std::string users_words(const UserSpread& canary, const std::optional<UserSpread>& baseline, const std::string& group) {
    if (newly_same_ones(canary, baseline))
        return fmt::format("Again and again the same users: {} of {} ({:.2g} %), in {} of their {} requests.",
                           canary.users, canary.of_users,
                           100.0 * static_cast<double>(canary.users) / static_cast<double>(canary.of_users),
                           canary.marks, canary.requests);
    // Of those who are beyond a level there are many, and the level that is tested may be another one.
    if (group == "slow" || group == "late") return {};
    return fmt::format("{} of {} users met it.", canary.users, canary.of_users);
}

}  // namespace switchyard::control::rollout
