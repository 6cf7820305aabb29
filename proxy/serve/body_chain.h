// Octets of a body that have come and are not taken yet, in blocks of the pool.
//
// Invariants: octets do not move while they are here. Threads: one worker. Owns: the blocks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "proxy/net/buffer_pool.h"

namespace switchyard::serve {

class BodyChain {
  public:
    explicit BodyChain(net::BufferPool& pool) : pool_(pool) {}
    BodyChain(const BodyChain&) = delete;
    BodyChain& operator=(const BodyChain&) = delete;
    ~BodyChain() {
        for (auto& block : blocks_) pool_.give(std::move(block));
    }

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::size_t blocks() const { return blocks_.size(); }

    // All, or none where there is no memory.
    void append(std::string_view octets) {
        while (blocks_.size() * kBlock < begin_ + size_ + octets.size()) blocks_.push_back(pool_.take());
        while (!octets.empty()) {
            const std::size_t at = begin_ + size_;
            const std::size_t n = std::min(octets.size(), kBlock - at % kBlock);
            std::memcpy(blocks_[at / kBlock].get() + at % kBlock, octets.data(), n);
            octets.remove_prefix(n);
            size_ += n;
        }
    }
    // Those in one piece.
    std::string_view front() const {
        if (size_ == 0) return {};
        return {blocks_.front().get() + begin_, std::min(size_, kBlock - begin_)};
    }
    // No more than front() has.
    void consume(std::size_t octets) {
        begin_ += octets;
        size_ -= octets;
        if (begin_ != kBlock && size_ != 0) return;
        if (octets == 0) return;
        pool_.give(std::move(blocks_.front()));
        blocks_.erase(blocks_.begin());
        begin_ = 0;
    }

  private:
    static constexpr std::size_t kBlock = net::BufferPool::kBlock;

    net::BufferPool& pool_;
    std::vector<std::unique_ptr<char[]>> blocks_;
    std::size_t begin_ = 0;  // in the first block
    std::size_t size_ = 0;
};

}  // namespace switchyard::serve
