// Heads of requests that this worker has served: one of them every kPaceMs, the newest kKept.
//
// It is looked at when another program is tried (docs/operations.md), so it costs a request one comparison. A head that
// is longer than kMostText, and CONNECT, which has no path, are passed over.
// Threads: one worker. Owns: the texts, whose memory is used again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/recent_request.h"
#include "proxy/http/head.h"

namespace switchyard::serve {

class RecentRequests {
  public:
    static constexpr std::size_t kKept = 20;
    static constexpr std::int64_t kPaceMs = 200;
    static constexpr std::size_t kMostText = 4096;

    bool due(std::int64_t now_ms) const { return now_ms >= next_ms_; }
    // `base`: the head's text.
    void note(std::int64_t now_ms, const http::Head& head, const char* base, std::string_view client,
              std::string_view listener);
    std::vector<RecentRequest> newest_first() const;

  private:
    std::array<std::string, kKept> texts_;  // lines, since none of what they hold has an LF; empty: none yet
    std::size_t next_ = 0;
    std::int64_t next_ms_ = 0;
};

}  // namespace switchyard::serve
