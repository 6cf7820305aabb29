// How much nonsense a peer may send: a bucket of tokens that fills with time.
//
// Everything that costs us work and brings an honest peer nothing takes a token: resets that we must send, empty DATA,
//   PRIORITY, unknown frames, and so on. Work that no reset ends is bounded by the number of lanes instead; the bucket
//   bounds the rest. An empty bucket ends the connection with ENHANCE_YOUR_CALM.
// Pure: time is given. Units: milliseconds of any clock that never goes back.
#pragma once

#include <algorithm>
#include <cstdint>

namespace switchyard::http2 {

class Misdeeds {
  public:
    // `size` tokens at first and at most; `per_second` come back.
    constexpr Misdeeds(std::uint32_t size, std::uint32_t per_second)
        : size_(std::int64_t{size} * kPart), left_(size_), rate_(per_second) {}

    // False when the bucket is empty: the connection has to end.
    constexpr bool note(std::int64_t now_ms) {
        if (now_ms > last_) {
            // No more than fills it, so that a long silence does not overflow.
            const std::int64_t came = rate_ == 0 ? 0 : std::min(now_ms - last_, size_ / rate_ + 1) * rate_;
            left_ = std::min(size_, left_ + came);
            last_ = now_ms;
        }
        if (left_ < kPart) return false;
        left_ -= kPart;
        return true;
    }

  private:
    static constexpr std::int64_t kPart = 1000;  // a token in thousandths: one per second is one part per millisecond

    std::int64_t size_, left_, rate_;
    std::int64_t last_ = 0;
};

// A page that is left with a hundred requests under way resets them all; nghttp2 allows as many.
inline constexpr Misdeeds kPeerResets{1'000, 33};
inline constexpr Misdeeds kNonsense{100, 10};

}  // namespace switchyard::http2
