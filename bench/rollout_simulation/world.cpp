#include "bench/rollout_simulation/world.h"

#include <algorithm>
#include <cmath>

namespace rollout_simulation {

namespace {

constexpr double kTypical = 9.9;  // ln of 20 ms in microseconds
constexpr std::size_t kQuantiles = 1U << 14;

std::vector<double> activity(const Traffic& traffic) {
    std::vector<double> weights;
    for (std::uint32_t i = 1; i <= traffic.users; ++i) weights.push_back(std::pow(i, -traffic.zipf));
    return weights;
}

std::vector<float> normal_quantiles() {
    // Inverts the distribution function by halving; done once per process.
    static const std::vector<float> table = [] {
        std::vector<float> out;
        for (std::size_t i = 0; i < kQuantiles; ++i) {
            const double p = (static_cast<double>(i) + .5) / kQuantiles;
            double low = -9, high = 9;
            for (int k = 0; k < 60; ++k) {
                const double middle = (low + high) / 2;
                (.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
            }
            out.push_back(static_cast<float>(low));
        }
        return out;
    }();
    return table;
}

}  // namespace

World::World(const Traffic& traffic, std::uint64_t seed)
    : traffic_(traffic),
      salt_(seed * 0x9e3779b97f4a7c15ULL),
      random_(seed),
      activity_(activity(traffic)),
      normal_(normal_quantiles()),
      failure_rate_(traffic.base_failures),
      phase_(random_.uniform() * 6.28) {
    for (std::uint32_t i = 0; i < traffic.users; ++i) {
        User user;
        user.bucket = static_cast<std::uint32_t>(random_.next() >> 32);
        user.always_fails = random_.chance(traffic.always_failing);
        if (const double f = traffic.flakiness; f > 0)  // mean 1
            user.failures = static_cast<float>(std::exp(f * random_.normal() - f * f / 2));
        user.log_latency = static_cast<float>(traffic.user_spread * random_.normal());
        users_.push_back(user);
    }
}

void World::advance(double seconds) {
    now_ += seconds;
    if (!traffic_.weather) return;
    // Slow drifts (a quarter of an hour) and an incident about every ten minutes.
    const double pull = seconds / 900;
    drift_failures_ += -drift_failures_ * pull + std::sqrt(2 * pull) * .5 * random_.normal();
    drift_latency_ += -drift_latency_ * pull + std::sqrt(2 * pull) * .2 * random_.normal();
    load_ = 1 + .5 * std::sin(phase_ + now_ / 700);
    if (now_ > incident_until_ && random_.chance(seconds / 600)) {
        incident_until_ = now_ + 20 + 100 * random_.uniform();
        incident_failures_ = random_.chance(.5) ? .3 * random_.uniform() : 0;
        incident_latency_ = random_.chance(.5) ? 1.5 * random_.uniform() : 0;
    }
    const bool incident = now_ < incident_until_;
    failure_rate_ =
        std::min(.9, traffic_.base_failures * std::exp(drift_failures_) + (incident ? incident_failures_ : 0));
    log_weather_ = drift_latency_ + (incident ? incident_latency_ : 0);
}

Request World::request() {
    return request_of(users_[activity_.draw(random_)]);
}

Request World::request_of(const User& user) {
    const std::uint64_t bits = random_.next();
    const double z = static_cast<double>(normal_[bits % kQuantiles]);
    const double chance = failure_rate_ * static_cast<double>(user.failures);
    const bool fails = user.always_fails || static_cast<double>(bits >> 11) * 0x1.0p-53 < chance;
    return {&user, kTypical + log_weather_ + static_cast<double>(user.log_latency) + traffic_.spread * z, fails};
}

}  // namespace rollout_simulation
