#include "control/rollout/runner/marked_users.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace switchyard::control::rollout {

namespace {

// How well a rate of `marks` in `requests` tells which of them are marked: the logarithm of the chance.
double told_by_rate(double marks, double requests) {
    const auto part = [requests](double of) { return of > 0.0 ? of * std::log(of / requests) : 0.0; };
    return part(marks) + part(requests - marks);
}

double log_choose(double n, double k) {
    return std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0);
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
    UserSpread out;
    out.marks = marks.all;
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
        const bool has_one = marks.users.test(bucket);
        const std::uint16_t asked = asked_[bucket];
        if (asked == 0 && !has_one) continue;
        ++out.of_users;
        if (has_one) ++out.users, out.requests += asked;
    }
    out.requests = std::max(out.requests, out.marks);  // one that is marked before it is asked for
    out.of_requests = std::max(requests_, out.requests);
    const auto all = static_cast<double>(out.marks), of_users = static_cast<double>(out.of_users);
    const auto theirs = static_cast<double>(out.requests);
    const double which = log_choose(of_users, static_cast<double>(out.users)) + std::log(of_users + 1.0);
    const double how_often = std::log(theirs + 1.0) / 2.0;
    out.told = told_by_rate(all, theirs) - told_by_rate(all, static_cast<double>(out.of_requests)) - which - how_often;
    return out;
}

nlohmann::ordered_json UserSpread::to_json() const {
    return {{"marked", users},
            {"of", of_users},
            {"marks", marks},
            {"their_requests", requests},
            {"same_ones", same_ones()}};
}

bool UserSpread::same_ones() const {
    constexpr double kMuch = 5.0;  // by luck once in 150
    return told > kMuch;
}

bool newly_same_ones(const UserSpread& canary, const std::optional<UserSpread>& baseline) {
    constexpr double kTimes = 2.0;
    const auto by_request = [](const UserSpread& arm) { return arm.told / static_cast<double>(arm.of_requests); };
    return canary.same_ones() && (!baseline || by_request(canary) > kTimes * by_request(*baseline));
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
