// How long an endpoint lets a kept connection wait, as far as this worker has seen: may a request that cannot be
// repeated go out on one?
//
// An endpoint that closes an idle connection at the moment a request arrives answers with a reset, and none can tell
// whether it had read the request. A GET is simply sent again; a POST must not be. So it goes out on a kept connection
// only while the endpoint is far from closing it: idle for at most half of what connections were seen to survive, and
// half of the shortest wait after which one was closed. Until a wait of kProofMs was survived there is no trust, and a
// close before kProofMs ends it: then proof is asked for again after a rest.
//
// Pure; times in milliseconds on a clock of the caller's. Threads: one worker.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace switchyard::upstream {

class Patience {
  public:
    // Endpoints that keep connections at all keep them for seconds; below this the race is no rare event.
    static constexpr std::int64_t kProofMs = 1000;
    // After a breach; doubled for each one within kForgetMs of the last, so that an endpoint which closes at random
    // gets few chances to do harm, and one that was restarted is trusted again soon.
    static constexpr std::int64_t kFirstRestMs = 10'000, kLongestRestMs = 600'000, kForgetMs = 3'600'000;

    bool trusts(std::int64_t idle_ms) const {
        return proven_ms_ >= kProofMs && 2 * idle_ms <= std::min(proven_ms_, shortest_ms_);
    }
    // Should a connection be set aside to see how long it lives?
    bool wants_proof(std::int64_t now_ms) const { return proven_ms_ < kProofMs && now_ms >= rest_until_ms_; }

    // A connection is alive after waiting this long.
    void survived(std::int64_t idle_ms, std::int64_t now_ms);
    // The endpoint closed one that had waited this long.
    void closed(std::int64_t idle_ms, std::int64_t now_ms);

  private:
    std::int64_t proven_ms_ = 0;
    std::int64_t shortest_ms_ = std::numeric_limits<std::int64_t>::max();
    std::int64_t rest_ms_ = 0, rest_until_ms_ = 0;
};

}  // namespace switchyard::upstream
