#include "proxy/upstream/patience.h"

namespace switchyard::upstream {

void Patience::survived(std::int64_t idle_ms, std::int64_t now_ms) {
    // What comes during a rest was kept aside before the breach.
    if (now_ms >= rest_until_ms_) proven_ms_ = std::max(proven_ms_, idle_ms);
}

void Patience::closed(std::int64_t idle_ms, std::int64_t now_ms) {
    if (idle_ms >= kProofMs) {
        shortest_ms_ = std::min(shortest_ms_, idle_ms);
        return;
    }
    if (now_ms < rest_until_ms_) return;  // one restart closes many connections: that is one breach
    rest_ms_ =
        rest_ms_ == 0 || now_ms - rest_until_ms_ > kForgetMs ? kFirstRestMs : std::min(2 * rest_ms_, kLongestRestMs);
    rest_until_ms_ = now_ms + rest_ms_;
    proven_ms_ = 0;
    shortest_ms_ = std::numeric_limits<std::int64_t>::max();
}

}  // namespace switchyard::upstream
