// The traffic of the simulation: users of very different diligence and luck, and a service whose weather changes.
//
// Users: Zipf activity; some fail at every request whatever serves them; each has a latency of its own, and may
// have a failure rate of its own.
// Weather, the same for both arms: failure rate and latency drift slowly and now and then jump for a minute or two.
// Threads: one world, one thread. Units: seconds, microseconds.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/rollout_simulation/random.h"

namespace rollout_simulation {

struct Traffic {
    double rate = 100;  // requests per second, on average
    double base_failures = .005;
    double always_failing = .005;  // share of users
    std::uint32_t users = 5000;
    double zipf = 1.2;        // how unlike users are in what they ask; 0: all alike
    double flakiness = 0;     // spread of the logarithm of users' own failure rates; 0: all the same
    double user_spread = .5;  // of the logarithm of users' own latency
    double spread = .8;       // of the logarithm of latency, for one user
    bool weather = true;
};

struct User {
    std::uint32_t bucket = 0;  // 32 bits of a hash: the split compares it with the share
    bool always_fails = false;
    float failures = 1;     // the user's own factor
    float log_latency = 0;  // the user's own factor, as a logarithm
};

struct Request {
    const User* user;
    double log_latency;  // of the baseline, microseconds
    bool fails;          // on the baseline
};

class World {
  public:
    World(const Traffic& traffic, std::uint64_t seed);

    void advance(double seconds);
    std::uint32_t arrivals(double seconds) { return random_.poisson(traffic_.rate * load_ * seconds); }
    Request request();
    Request request_of(const User& user);
    std::uint64_t salt() const { return salt_; }  // of the split
    double failure_rate() const { return failure_rate_; }
    Random& random() { return random_; }

  private:
    Traffic traffic_;
    std::uint64_t salt_;
    Random random_;
    Alias activity_;
    std::vector<User> users_;
    std::vector<float> normal_;  // quantiles of the normal law, for fast draws
    double now_ = 0;
    double load_ = 1, failure_rate_ = 0, log_weather_ = 0;
    double drift_failures_ = 0, drift_latency_ = 0;
    double incident_until_ = 0, incident_failures_ = 0, incident_latency_ = 0;
    double phase_;
};

}  // namespace rollout_simulation
