// Octets of a body that are here: they stand in the buffer of the lane they came by until they have gone on.
#pragma once

#include <cstddef>

namespace switchyard::serve {

struct Run {
    const char* octets = nullptr;
    std::size_t size = 0;
    bool last = false;  // the body ends with them
};

}  // namespace switchyard::serve
