// What a read or a write came to.
#pragma once

#include <cstddef>

namespace switchyard::net {

struct Transfer {
    enum class Status : unsigned char { done, again, closed, failed };
    Status status = Status::done;
    std::size_t bytes = 0;
};

}  // namespace switchyard::net
