// Frames on their way out on a connection of HTTP/2, whichever end of it is ours: one block, into which the lanes put
// whole frames.
//
// Control frames stand in the same order as all others: nothing overtakes a reset.
// Invariant: a connection that rests holds no block.
// Threads: one worker. Owns the block. The connection's control frames outlive it.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/http2/control_frames.h"
#include "proxy/http2/header_encoder.h"
#include "proxy/net/buffer_pool.h"

namespace switchyard::serve {

class FrameBlock {
  public:
    // A piece of a body that is put where the block is nearly full is not smaller; else it waits for room: crumbs cost
    // more than their octets.
    static constexpr std::size_t kLeastPiece = 1'024;

    FrameBlock(net::BufferPool& buffers, http2::ControlFrames& control) : out_(buffers), control_(control) {}

    // What waits for the wire, and how much of it that has taken.
    std::string_view waiting() const { return {out_.data(), out_.size()}; }
    void consume(std::size_t octets) { out_.consume(octets); }
    // All octets since the beginning, and of those what the wire has taken.
    std::uint64_t put() const { return put_; }
    std::uint64_t gone() const { return put_ - out_.size(); }
    // An empty block is given back.
    void rest() {
        if (out_.empty()) out_.release();
    }

    // Has a long block from here on, until it rests; false: it had one, or there is none to be had.
    bool lengthen();

    // What the connection says by itself, as far as there is room.
    void gather_control();
    // There is room for so many octets behind all that waits.
    bool fits(std::size_t octets);
    // How much there is; 0 where control frames still wait.
    std::size_t space();
    // For a header block whose fields are so many octets of text, in an empty block at the latest.
    static std::size_t room_for(std::size_t text);
    static std::size_t room_for_data(std::size_t octets);

    // Where fits() has said so. Octets as they are; the fields of a HEADERS frame, and then the frame, with its
    // CONTINUATION where it needs one (its octets; 0: it has no room in any block).
    void put_raw(std::string_view octets);
    http2::HeaderEncoder begin_block() { return {out_.room().subspan(http2::kFrameHeadSize), first_block_}; }
    std::size_t end_block(const http2::HeaderEncoder& block, std::uint32_t lane, bool end);
    // A DATA frame with as many of `octets`, at most `most`, as there is room for; they are taken off.
    struct Data {
        std::uint32_t size;
        bool last;  // with END_STREAM
    };
    Data put_data(std::uint32_t lane, std::string_view& octets, std::size_t most, bool end);

  private:
    std::size_t room();

    net::Buffer out_;
    http2::ControlFrames& control_;
    std::uint64_t put_ = 0;
    bool first_block_ = true;
};

}  // namespace switchyard::serve
