#include "proxy/serve/http2_sender.h"

#include <algorithm>
#include <cstring>

#include "proxy/http2/answer_block.h"
#include "proxy/serve/session.h"

namespace switchyard::serve {

using http2::FrameType;
using Put = Frames::Put;
using Status = net::Transfer::Status;

namespace {

// A piece of a frame that is put where the block is nearly full is not smaller; else it waits for room.
constexpr std::size_t kLeastPiece = 1'024;
static_assert(kLeastPiece == http2::kSmallWindow);
// For more of a window than that: the next tick of the clock, no later.
constexpr std::int64_t kHoldMs = 20;
// Beside the fields' text: heads of frames, lengths of the fields, and what the encoder asks for.
constexpr std::size_t kAroundBlock = 64;

// Of a connection that rests: a hundred lanes were a burst.
constexpr std::size_t kKeptPlaces = 4;

void write_frame(char* at, std::size_t size, FrameType type, std::uint8_t flags, std::uint32_t lane) {
    http2::write_frame_head(at, {static_cast<std::uint32_t>(size), static_cast<std::uint8_t>(type), flags, lane});
}

}  // namespace

Http2Sender::Http2Sender(Session& session, http2::Connection& connection)
    : session_(session), connection_(connection), out_(session.context().buffers) {}

std::int64_t Http2Sender::now_ms() const {
    return session_.context().now_ms;
}

bool Http2Sender::nothing_waits() const {
    return out_.empty() && connection_.control_waits().empty() && session_.stream.unsent() == 0;
}

bool Http2Sender::awaits(const Http2Lane& lane) const {
    return std::ranges::find(ring_, &lane) != ring_.end();
}

void Http2Sender::forget(const Http2Lane& lane) {
    std::erase(ring_, &lane);
    if (ring_.empty() && ring_.capacity() > kKeptPlaces) ring_.shrink_to_fit();
}

std::int64_t Http2Sender::next_release_ms() const {
    return held_since_ms_ == 0 ? INT64_MAX : held_since_ms_ + kHoldMs;
}

std::size_t Http2Sender::room() {
    out_.compact();
    return out_.room().size();
}

void Http2Sender::gather_control() {
    const std::string_view waits = connection_.control_waits();
    if (waits.empty()) return;
    const std::size_t n = std::min(waits.size(), room());
    std::memcpy(out_.room().data(), waits.data(), n);
    out_.filled(n);
    connection_.control().sent(n);
}

bool Http2Sender::flush(std::size_t least) {
    if (failed_) return false;
    for (;;) {
        gather_control();
        if (out_.empty()) break;
        if (out_.size() < least || !session_.stream.writable) break;
        const std::size_t size = least == 0 ? out_.size() : out_.size() / least * least;
        const auto wrote = session_.stream.write(out_.data(), size);
        if (wrote.status == Status::failed) {
            failed_ = true;
            session_.wake();
            return false;
        }
        if (wrote.status == Status::again) break;
        out_.consume(wrote.bytes);
        stuck_since_ms_ = 0;
    }
    if (out_.empty()) out_.release();
    if (out_.empty() && session_.stream.unsent() == 0)
        stuck_since_ms_ = 0;
    else if (stuck_since_ms_ == 0)
        stuck_since_ms_ = now_ms();
    return true;
}

// What does not fit into a short block is much: while the client keeps up it goes in long pieces.
bool Http2Sender::lengthen() {
    if (out_.is_long() || !session_.stream.writable || session_.stream.unsent() != 0) return false;
    out_.lengthen();
    return out_.is_long();
}

// Room for so many octets behind all that waits; false: not now.
bool Http2Sender::make_room(std::size_t octets) {
    const auto fits = [this, octets] { return connection_.control_waits().empty() && room() >= octets; };
    gather_control();
    if (fits()) return true;
    if (lengthen() && fits()) return true;
    // Whole records go; what begins another waits for those who put more in this turn.
    if (session_.stream.tls() != nullptr && flush(net::Tls::kRecord) && fits()) return true;
    return flush(0) && fits();
}

void Http2Sender::join_ring(Http2Lane& lane, std::size_t room) {
    lane.invited = false;
    lane.room_wanted = room;
    if (std::ranges::find(ring_, &lane) == ring_.end()) ring_.push_back(&lane);
}

// As many as there is room and window for a whole frame each, or the first with what there is. For room all stand in
// one order; who needs no window is not kept by those who wait for one.
void Http2Sender::invite() {
    if (ring_.empty() || failed_ || session_.stream.unsent() != 0) return;
    constexpr std::size_t kFrame = http2::kFrameHeadSize + http2::kMaxPayload;
    if (ring_.size() > 1) lengthen();
    std::size_t space = connection_.control_waits().empty() ? room() : 0;
    if (out_.empty()) out_.release();
    std::int64_t window = connection_.may_send();
    std::size_t stay = 0, at = 0;
    for (; at < ring_.size(); ++at) {
        Http2Lane& lane = *ring_[at];
        const bool data = lane.room_wanted == 0;
        if (data && window <= 0 && !no_credit_) {
            ring_[stay++] = &lane;
            continue;
        }
        if (space < (data ? http2::kFrameHeadSize + kLeastPiece : lane.room_wanted)) break;
        lane.invited = data;
        lane.invite();
        space -= std::min(space, data ? kFrame : lane.room_wanted);
        if (data) window -= http2::kMaxPayload;
    }
    const bool any = at != stay;
    ring_.erase(ring_.begin() + static_cast<std::ptrdiff_t>(stay), ring_.begin() + static_cast<std::ptrdiff_t>(at));
    if (any) session_.wake();  // behind them: others may follow
}

template <class Encode>
Put Http2Sender::put_block(Http2Lane& lane, std::size_t text, bool end, std::uint64_t& sent, Encode encode) {
    if (failed_ || connection_.ended() || connection_.is_reset(lane.id())) return Put::failed;
    // In an empty block there is room for the largest head that an exchange writes.
    const std::size_t wanted = std::min(text + kAroundBlock, net::BufferPool::kBlock);
    if (!make_room(wanted)) {
        if (failed_) return Put::failed;
        join_ring(lane, wanted);
        return Put::wait;
    }
    char* const begin = out_.room().data();
    http2::HeaderEncoder block(out_.room().subspan(http2::kFrameHeadSize), first_block_);
    if (!encode(block)) return Put::failed;
    first_block_ = false;
    std::size_t size = block.size();
    std::size_t whole = http2::kFrameHeadSize + size;
    const std::uint8_t flags = end ? http2::kEndStream : std::uint8_t{0};
    if (size <= http2::kMaxPayload) {
        write_frame(begin, size, FrameType::headers, flags | http2::kEndHeaders, lane.id());
    } else {
        // No head of ours needs more than two frames.
        char* const second = begin + http2::kFrameHeadSize + http2::kMaxPayload;
        const std::size_t rest = size - http2::kMaxPayload;
        if (whole + http2::kFrameHeadSize > out_.room().size()) return Put::failed;
        std::memmove(second + http2::kFrameHeadSize, second, rest);
        write_frame(begin, http2::kMaxPayload, FrameType::headers, flags, lane.id());
        write_frame(second, rest, FrameType::continuation, http2::kEndHeaders, lane.id());
        whole += http2::kFrameHeadSize;
    }
    out_.filled(whole);
    sent += whole;
    connection_.sent_head(lane.id(), end);
    wanted_ = true;
    return Put::out;
}

Put Http2Sender::put_head(Http2Lane& lane, std::string_view head, bool end, std::uint64_t& sent) {
    return put_block(lane, head.size(), end, sent,
                     [head](http2::HeaderEncoder& block) { return http2::encode_answer(head, block); });
}

Put Http2Sender::put_trailers(Http2Lane& lane, std::string_view lines, std::uint64_t& sent) {
    return put_block(lane, lines.size(), true, sent,
                     [lines](http2::HeaderEncoder& block) { return http2::encode_lines(lines, block); });
}

Put Http2Sender::put_data(Http2Lane& lane, std::string_view& octets, bool end, std::uint64_t& sent) {
    for (;;) {
        if (failed_ || connection_.ended() || connection_.is_reset(lane.id())) return Put::failed;
        std::size_t size = 0;
        if (!octets.empty()) {
            // No lane overtakes those that wait.
            if (!ring_.empty() && !lane.invited) {
                join_ring(lane, 0);
                return Put::wait;
            }
            size = std::min<std::size_t>(octets.size(), connection_.may_send(lane.id()));
            if (size == 0) {
                if (no_credit_) return Put::failed;
                // For its own window it is woken by the frame that opens it.
                lane.invited = false;
                if (connection_.may_send() == 0) join_ring(lane, 0);
                return Put::wait;
            }
            if (size < octets.size() && size < kLeastPiece && !lane.insists) return hold(lane);
        }
        const std::size_t least = http2::kFrameHeadSize + std::min(size, kLeastPiece);
        if (!make_room(least)) {
            if (failed_) return Put::failed;
            join_ring(lane, size == 0 ? least : 0);
            return Put::wait;
        }
        size = std::min(size, room() - http2::kFrameHeadSize);
        const bool last = end && size == octets.size();
        char* const at = out_.room().data();
        write_frame(at, size, FrameType::data, last ? http2::kEndStream : std::uint8_t{0}, lane.id());
        if (size != 0) std::memcpy(at + http2::kFrameHeadSize, octets.data(), size);
        out_.filled(http2::kFrameHeadSize + size);
        sent += http2::kFrameHeadSize + size;
        octets.remove_prefix(size);
        connection_.sent_data(lane.id(), static_cast<std::uint32_t>(size), last, !octets.empty(), now_ms());
        lane.invited = lane.insists = false;
        wanted_ = true;
        if (octets.empty()) return Put::out;
    }
}

Put Http2Sender::hold(Http2Lane& lane) {
    lane.invited = false;
    lane.held = true;
    if (held_since_ms_ == 0) {
        held_since_ms_ = now_ms();
        session_.wake();  // for its alarm
    }
    return Put::wait;
}

void Http2Sender::release_held(std::span<Http2Lane* const> lanes) {
    if (held_since_ms_ == 0 || now_ms() - held_since_ms_ < kHoldMs) return;
    held_since_ms_ = 0;
    for (Http2Lane* lane : lanes) {
        if (!lane->held) continue;
        lane->insists = true;
        lane->invite();
    }
}

}  // namespace switchyard::serve
