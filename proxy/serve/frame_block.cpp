#include "proxy/serve/frame_block.h"

#include <algorithm>
#include <cstring>

namespace switchyard::serve {

using http2::FrameType;

namespace {

// What a header block may have beyond its text: heads of frames, lengths, pseudo fields, what the encoder asks for.
constexpr std::size_t kBesideText = 256;

void write_head(char* at, std::size_t size, FrameType type, std::uint8_t flags, std::uint32_t lane) {
    http2::write_frame_head(at, {static_cast<std::uint32_t>(size), static_cast<std::uint8_t>(type), flags, lane});
}

}  // namespace

std::size_t FrameBlock::room() {
    out_.compact();
    return out_.room().size();
}

bool FrameBlock::lengthen() {
    if (out_.is_long()) return false;
    out_.lengthen();
    return out_.is_long();
}

void FrameBlock::gather_control() {
    const std::string_view waits = control_.waiting();
    if (waits.empty()) return;
    const std::size_t n = std::min(waits.size(), room());
    put_raw(waits.substr(0, n));
    control_.sent(n);
}

bool FrameBlock::fits(std::size_t octets) {
    gather_control();
    return control_.waiting().empty() && room() >= octets;
}

std::size_t FrameBlock::space() {
    const std::size_t space = control_.waiting().empty() ? room() : 0;
    rest();
    return space;
}

std::size_t FrameBlock::room_for(std::size_t text) {
    return std::min(text + kBesideText, net::BufferPool::kBlock);
}

std::size_t FrameBlock::room_for_data(std::size_t octets) {
    return http2::kFrameHeadSize + std::min(octets, kLeastPiece);
}

void FrameBlock::put_raw(std::string_view octets) {
    std::memcpy(out_.room().data(), octets.data(), octets.size());
    out_.filled(octets.size());
    put_ += octets.size();
}

std::size_t FrameBlock::end_block(const http2::HeaderEncoder& block, std::uint32_t lane, bool end) {
    char* const begin = out_.room().data();
    const std::uint8_t flags = end ? http2::kEndStream : std::uint8_t{0};
    std::size_t whole = http2::kFrameHeadSize + block.size();
    if (block.size() <= http2::kMaxPayload) {
        write_head(begin, block.size(), FrameType::headers, flags | http2::kEndHeaders, lane);
    } else {
        // No head of ours needs more than two frames.
        char* const second = begin + http2::kFrameHeadSize + http2::kMaxPayload;
        const std::size_t rest = block.size() - http2::kMaxPayload;
        if (whole + http2::kFrameHeadSize > out_.room().size()) return 0;
        std::memmove(second + http2::kFrameHeadSize, second, rest);
        write_head(begin, http2::kMaxPayload, FrameType::headers, flags, lane);
        write_head(second, rest, FrameType::continuation, http2::kEndHeaders, lane);
        whole += http2::kFrameHeadSize;
    }
    first_block_ = false;
    out_.filled(whole);
    put_ += whole;
    return whole;
}

FrameBlock::Data FrameBlock::put_data(std::uint32_t lane, std::string_view& octets, std::size_t most, bool end) {
    const std::size_t size = std::min({octets.size(), most, room() - http2::kFrameHeadSize});
    const bool last = end && size == octets.size();
    char* const at = out_.room().data();
    write_head(at, size, FrameType::data, last ? http2::kEndStream : std::uint8_t{0}, lane);
    if (size != 0) std::memcpy(at + http2::kFrameHeadSize, octets.data(), size);
    out_.filled(http2::kFrameHeadSize + size);
    put_ += http2::kFrameHeadSize + size;
    octets.remove_prefix(size);
    return {static_cast<std::uint32_t>(size), last};
}

}  // namespace switchyard::serve
