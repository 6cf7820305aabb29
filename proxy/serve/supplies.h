// What a worker lends to exchanges beside blocks of memory.
//
// Threads: one worker.
#pragma once

#include "proxy/compress/coder_shelf.h"

namespace switchyard::serve {

struct Supplies {
    compress::CoderShelf coders;
};

}  // namespace switchyard::serve
