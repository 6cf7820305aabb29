// Slows down guessing: after kBurst failed authentications an address gets one attempt every kRefill.
//
// Invariants: a refused attempt is not looked at, so guessing while limited teaches nothing. Who holds the right token
//   waits at most kRefill when somebody else at the same address keeps guessing.
// Bounded: kAddresses addresses are remembered; the longest quiet are forgotten first.
// Pure: the clock is a parameter.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

namespace switchyard::control {

class FailedAttempts {
  public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr double kBurst = 10;
    static constexpr std::chrono::seconds kRefill{2};
    static constexpr std::size_t kAddresses = 4096;

    // False: refuse without looking at the token.
    bool may_try(const std::string& address, Time now) {
        const auto it = buckets_.find(address);
        if (it == buckets_.end()) return true;
        refill(it->second, now);
        if (it->second.left >= kBurst) {
            buckets_.erase(it);
            return true;
        }
        return it->second.left >= 1;
    }
    void failed(const std::string& address, Time now) {
        auto& bucket = buckets_.try_emplace(address, Bucket{kBurst, now}).first->second;
        refill(bucket, now);
        bucket.left -= 1;
        if (buckets_.size() <= kAddresses) return;
        auto oldest = buckets_.begin();
        for (auto it = buckets_.begin(); it != buckets_.end(); ++it)
            if (it->second.at < oldest->second.at) oldest = it;
        buckets_.erase(oldest);
    }

  private:
    struct Bucket {
        double left;
        Time at;
    };
    static void refill(Bucket& bucket, Time now) {
        const std::chrono::duration<double> passed = now - bucket.at;
        bucket.left += passed / std::chrono::duration<double>(kRefill);
        if (bucket.left > kBurst) bucket.left = kBurst;
        bucket.at = now;
    }
    std::map<std::string, Bucket> buckets_;
};

}  // namespace switchyard::control
