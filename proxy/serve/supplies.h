// What a worker has for its exchanges beside blocks of memory: coders to lend, and a place to wait.
//
// Threads: one worker.
#pragma once

#include "proxy/compress/coder_shelf.h"
#include "proxy/serve/held_requests.h"

namespace switchyard::serve {

struct Supplies {
    compress::CoderShelf coders;
    HeldRequests held_requests;  // of routes that are held
};

}  // namespace switchyard::serve
