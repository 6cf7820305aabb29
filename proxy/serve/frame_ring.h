// The lanes of a connection of HTTP/2 that wait for room in its block of frames, or for its window: each is invited in
// its turn, for a frame.
//
// Invariants: a lane stands in it once, and is forgotten before it goes.
// Threads: one worker. Owns nothing. Units: octets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "proxy/serve/frame_turn.h"

namespace switchyard::serve {

class FrameRing {
  public:
    bool empty() const { return ring_.empty(); }
    std::size_t size() const { return ring_.size(); }
    // `room`: so much of it is all that is wanting; 0: a window is, too.
    void join(FrameTurn& lane, std::size_t room);
    bool awaits(const FrameTurn& lane) const;
    void forget(const FrameTurn& lane);
    void clear() { ring_.clear(); }
    // Those whose turn it is. `space`, `window`: of the block and of the connection. `none_comes`: what has no window
    // now never gets one, and is to find that out. True: one was invited, and others may follow.
    bool invite(std::size_t space, std::int64_t window, bool none_comes = false);

  private:
    std::vector<FrameTurn*> ring_;  // the first first
};

}  // namespace switchyard::serve
