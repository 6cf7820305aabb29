// Blocks of memory for bytes on their way, kept by one worker and lent to exchanges.
//
// Invariants: a block is lent to one Buffer at a time; an idle connection holds none.
// Threads: one worker. Owns: the free blocks; lent ones come back with their Buffer.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace switchyard::net {

class BufferPool {
  public:
    // The largest head and 4 KiB of fields of ours; the high-water mark of one direction of an exchange. A thousand
    // slow exchanges with three blocks each stay under 64 MiB.
    static constexpr std::size_t kBlock = 20 * 1024;
    static constexpr std::size_t kKeepFree = 64;  // 1.25 MiB per worker; what a burst needed more goes back

    BufferPool() { free_.reserve(kKeepFree); }  // a block comes back in destructors, also where memory has run out

    std::unique_ptr<char[]> take() {
        if (free_.empty()) return std::unique_ptr<char[]>(new char[kBlock]);
        auto block = std::move(free_.back());
        free_.pop_back();
        return block;
    }
    void give(std::unique_ptr<char[]> block) {
        if (free_.size() < kKeepFree) free_.push_back(std::move(block));
    }

  private:
    std::vector<std::unique_ptr<char[]>> free_;
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
        if (!block_) block_ = pool_->take();
        return {block_.get() + end_, BufferPool::kBlock - end_};
    }
    void filled(std::size_t bytes) { end_ += bytes; }
    void consume(std::size_t bytes) {
        begin_ += bytes;
        if (begin_ == end_) begin_ = end_ = 0;
    }
    // Keeps only the first `bytes` of the unread ones.
    void truncate(std::size_t bytes) { end_ = begin_ + bytes; }
    // Moves the unread bytes to the front (a head must be in one piece with room behind it).
    void compact();
    // Starts reading at `offset`, to leave room in front. Only when empty.
    void start_at(std::size_t offset) { begin_ = end_ = offset; }
    // Gives the block back; the unread bytes are lost.
    void release() {
        if (block_) pool_->give(std::move(block_));
        begin_ = end_ = 0;
    }
    // Trades contents with another buffer of the same pool.
    void swap(Buffer& other) noexcept {
        std::swap(block_, other.block_);
        std::swap(begin_, other.begin_);
        std::swap(end_, other.end_);
    }

  private:
    BufferPool* pool_;
    std::unique_ptr<char[]> block_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace switchyard::net
