// Blocks of memory for bytes on their way, kept by one worker and lent to exchanges.
//
// Invariants: a block is lent to one Buffer at a time; an idle connection holds none. Of long blocks only so many are
//   lent at a time, whatever the peers do: who finds none does with a short one.
// Threads: one worker. Owns: the free blocks; lent ones come back with their Buffer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <utility>

namespace switchyard::net {

class BufferPool {
  public:
    // The largest head and 4 KiB of fields of ours; the high-water mark of one direction of an exchange. A thousand
    // slow exchanges with three blocks each stay under 64 MiB.
    static constexpr std::size_t kBlock = 20 * 1024;
    static constexpr std::size_t kKeepFree = 64;  // 1.25 MiB per worker; what a burst needed more goes back
    // Four records of TLS, and what frames add to them: what a long body is moved by while both its sides keep up.
    static constexpr std::size_t kLong = 68 * 1024;
    static constexpr std::size_t kMostLong = 64;      // 4.25 MiB per worker
    static constexpr std::size_t kKeepLongFree = 16;  // 1 MiB

    using Block = std::unique_ptr<char[]>;

    Block take() { return free_.empty() ? Block(new char[kBlock]) : free_.take(); }
    void give(Block block) { free_.give(std::move(block)); }
    // Null: as many are lent as may be, or there is no memory for one.
    Block take_long() {
        if (long_lent_ == kMostLong) return nullptr;
        Block block = long_free_.empty() ? Block(new (std::nothrow) char[kLong]) : long_free_.take();
        if (block) ++long_lent_;
        return block;
    }
    void give_long(Block block) {
        --long_lent_;
        long_free_.give(std::move(block));
    }

  private:
    // Places for so many, because a block comes back in destructors, also where memory has run out. The one that was
    // given last is taken first: it is in the processor's cache.
    template <std::size_t kMost>
    class Free {
      public:
        bool empty() const { return count_ == 0; }
        Block take() { return std::move(blocks_[--count_]); }
        void give(Block block) {
            if (count_ < kMost) blocks_[count_++] = std::move(block);
        }

      private:
        std::array<Block, kMost> blocks_;
        std::size_t count_ = 0;
    };

    Free<kKeepFree> free_;
    Free<kKeepLongFree> long_free_;
    std::size_t long_lent_ = 0;
};

// A block with the unread bytes in it: [begin, end). Takes its block at first use.
class Buffer {
  public:
    explicit Buffer(BufferPool& pool) : pool_(&pool) {}
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { release(); }

    std::string_view unread() const { return {block_.get() + begin_, end_ - begin_}; }
    char* data() { return block_.get() + begin_; }
    const char* data() const { return block_.get() + begin_; }
    std::size_t size() const { return end_ - begin_; }
    bool empty() const { return begin_ == end_; }

    // Room behind the unread bytes.
    std::span<char> room() {
        if (!block_) [[unlikely]]
            block_ = pool_->take();
        return {block_.get() + end_, size_ - end_};
    }
    // Has a long block from here on, until it is released, if there is one to be had.
    void lengthen();
    bool is_long() const { return size_ == BufferPool::kLong; }
    void filled(std::size_t bytes) { end_ += static_cast<std::uint32_t>(bytes); }
    void consume(std::size_t bytes) {
        begin_ += static_cast<std::uint32_t>(bytes);
        if (begin_ == end_) begin_ = end_ = 0;
    }
    // Keeps only the first `bytes` of the unread ones.
    void truncate(std::size_t bytes) { end_ = begin_ + static_cast<std::uint32_t>(bytes); }
    // Moves the unread bytes to the front (a head must be in one piece with room behind it).
    void compact();
    // Gives the block back; the unread bytes are lost.
    void release() {
        if (block_) give_back();
        begin_ = end_ = 0;
    }
    // Trades contents with another buffer of the same pool.
    void swap(Buffer& other) noexcept {
        std::swap(block_, other.block_);
        std::swap(begin_, other.begin_);
        std::swap(end_, other.end_);
        std::swap(size_, other.size_);
    }

  private:
    void give_back() {
        if (is_long()) [[unlikely]]
            return give_back_long();
        pool_->give(std::move(block_));
    }
    void give_back_long();

    BufferPool* pool_;
    BufferPool::Block block_;
    std::uint32_t begin_ = 0;
    std::uint32_t end_ = 0;
    std::uint32_t size_ = BufferPool::kBlock;  // of the block, or of the one it takes
};

}  // namespace switchyard::net
