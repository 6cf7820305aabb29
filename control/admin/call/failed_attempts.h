// Slows down guessing: after kBurst wrong tokens an address gets one looked at every kRefill, the others are refused.
//
// Invariants: only wrong tokens count, and only wrong ones are refused: a caller with the right one is answered,
// however
//   much is guessed beside it. A token has 256 bits, so that looking at each guess gives nothing away.
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

    // False: refuse the wrong token without a word about it.
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
