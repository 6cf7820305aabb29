#include "proxy/net/buffer_pool.h"

#include <cstring>

namespace switchyard::net {

void Buffer::compact() {
    if (begin_ == 0) return;
    std::memmove(block_.get(), block_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
}

void Buffer::lengthen() {
    if (is_long()) return;
    auto block = pool_->take_long();
    if (!block) return;
    const std::uint32_t unread = end_ - begin_;
    if (unread != 0) std::memcpy(block.get(), data(), unread);
    if (block_) pool_->give(std::move(block_));
    block_ = std::move(block);
    begin_ = 0;
    end_ = unread;
    size_ = BufferPool::kLong;
}

void Buffer::give_back_long() {
    pool_->give_long(std::move(block_));
    size_ = BufferPool::kBlock;
}

}  // namespace switchyard::net
