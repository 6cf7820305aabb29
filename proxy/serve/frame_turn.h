// A lane of HTTP/2 whose frames go into a block that it shares with others (frame_block.h), and its turn there.
//
// Threads: one worker.
#pragma once

#include <cstddef>

#include "proxy/serve/frames.h"

namespace switchyard::serve {

class FrameTurn : public Frames {
  public:
    // It may try again.
    virtual void invite() = 0;

    bool invited = false;  // it is its turn to put a frame
    // In the ring for so much room, and for no window; 0: for a window, too.
    std::size_t room_wanted = 0;

  protected:
    ~FrameTurn() = default;
};

}  // namespace switchyard::serve
