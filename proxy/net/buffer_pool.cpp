#include "proxy/net/buffer_pool.h"

#include <cstring>

namespace switchyard::net {

void Buffer::compact() {
    if (begin_ == 0) return;
    std::memmove(block_.get(), block_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
}

}  // namespace switchyard::net
