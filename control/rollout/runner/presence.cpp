#include "control/rollout/runner/presence.h"

#include <fmt/format.h>

namespace switchyard::control::rollout {

namespace {

// The first few of them: an upstream may have a thousand.
std::string named(const std::vector<std::pair<std::string, std::string>>& endpoints) {
    constexpr std::size_t kNamed = 3;
    std::string out;
    for (std::size_t i = 0; i < endpoints.size() && i < kNamed; ++i)
        out += (out.empty() ? "" : ", ") + endpoints[i].first +
               (endpoints[i].second.empty() ? "" : " (" + endpoints[i].second + ")");
    if (endpoints.size() > kNamed) out += fmt::format(" and {} more", endpoints.size() - kNamed);
    return out;
}

std::string down_words(const UpstreamHealth& health) {
    return named(health.down);
}

}  // namespace

void Presence::went_down(const std::string& address, Monotonic now) {
    story_.reset();
    auto& times = downs_[address];
    times.push_back(now);
    if (times.size() > kCrashes) times.pop_front();
}

void Presence::add_baseline(std::uint64_t attempts, std::uint64_t failures) {
    if (attempts == 0) return;
    last_.push_back({attempts, failures});
    last_attempts_ += attempts, last_failures_ += failures;
    while (last_attempts_ - last_.front().attempts >= kLastRequests) {
        last_attempts_ -= last_.front().attempts, last_failures_ -= last_.front().failures;
        last_.pop_front();
    }
}

bool Presence::baseline_fails() const {
    return last_attempts_ >= kLastRequests && 2 * last_failures_ > last_attempts_;
}

std::string Presence::crashing(Monotonic now) {
    std::erase_if(downs_, [&](const auto& one) { return now - one.second.back() > kCrashSpan; });
    for (const auto& [address, times] : downs_)
        if (times.size() == kCrashes && now - times.front() <= kCrashSpan)
            return fmt::format("crashing: endpoint {} of {} went down {} times in a minute", address, to_, kCrashes);
    return {};
}

std::string Presence::thinned() const {
    if (taken_out_.empty() || kThird * taken_out_.size() < wanted_) return {};
    return fmt::format("{} of {} endpoints of {} {} out, a third or more: {}", taken_out_.size(), wanted_, to_,
                       taken_out_.size() == 1 ? "is" : "are", named(taken_out_));
}

void Presence::look(Monotonic now, const World& world) {
    alarm_.reset();
    if (world.usable(to_)) {
        seen_usable_ = true;
        if (!story_ || now - *story_ >= kStory) {
            UpstreamHealth all = world.health(to_);
            taken_out_ = std::move(all.taken_out);
            wanted_ = all.wanted;
            story_ = now;
        }
        hold_ = crashing(now);
        if (hold_.empty()) hold_ = thinned();
        return;
    }
    const UpstreamHealth gone = world.health(to_), old = world.health(from_);
    taken_out_ = gone.taken_out, wanted_ = gone.wanted;
    story_.reset();
    const std::string nobody = gone.endpoints == 0
                                   ? fmt::format("{} has no endpoint", to_)
                                   : fmt::format("no endpoint of {} is usable: {}", to_, down_words(gone));
    if (old.usable == 0) {
        hold_ = fmt::format("{}; nor is one of {}, so there is nowhere to return to", nobody, from_);
    } else if (baseline_fails()) {
        hold_ = fmt::format("{}; {} of the last {} requests to {} failed as well", nobody, last_failures_,
                            last_attempts_, from_);
    } else if (!seen_usable_ || gone.unknown > 0) {
        hold_ = nobody;
    } else {
        nlohmann::ordered_json down = nlohmann::ordered_json::object();
        for (const auto& [address, why] : gone.down) down[address] = why;
        const std::string lost =
            gone.endpoints == 0 ? nobody
                                : fmt::format("the last usable endpoint of {} went down: {}", to_, down_words(gone));
        alarm_ = Findings::Alarm{"health",
                                 fmt::format("{}; {} has {} of {} usable", lost, from_, old.usable, old.endpoints),
                                 {{"test", "nobody_there"},
                                  {"usable", {{to_, 0}, {from_, old.usable}}},
                                  {"down", std::move(down)},
                                  {"endpoints", nlohmann::ordered_json::object()}}};
        hold_ = nobody;
    }
}

}  // namespace switchyard::control::rollout
