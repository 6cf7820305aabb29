#include "proxy/serve/http2_sender.h"

#include <algorithm>

#include "proxy/http2/answer_block.h"
#include "proxy/serve/session.h"

namespace switchyard::serve {

using Put = Frames::Put;
using Status = net::Transfer::Status;

namespace {

// Less of a window than that is not used at once.
constexpr std::size_t kLeastPiece = FrameBlock::kLeastPiece;
static_assert(kLeastPiece == http2::kSmallWindow);
// For more of a window than that: the next tick of the clock, no later.
constexpr std::int64_t kHoldMs = 20;

}  // namespace

Http2Sender::Http2Sender(Session& session, http2::Connection& connection)
    : session_(session), connection_(connection), block_(session.context().buffers, connection.control()) {}

std::int64_t Http2Sender::now_ms() const {
    return session_.context().now_ms;
}

bool Http2Sender::nothing_waits() const {
    return block_.waiting().empty() && connection_.control_waits().empty() && session_.stream.unsent() == 0;
}

std::int64_t Http2Sender::next_release_ms() const {
    return held_since_ms_ == 0 ? INT64_MAX : held_since_ms_ + kHoldMs;
}

bool Http2Sender::flush(std::size_t least) {
    if (failed_) return false;
    for (;;) {
        block_.gather_control();
        const std::string_view waits = block_.waiting();
        if (waits.empty() || waits.size() < least || !session_.stream.writable) break;
        const std::size_t size = least == 0 ? waits.size() : waits.size() / least * least;
        const auto wrote = session_.stream.write(waits.data(), size);
        if (wrote.status == Status::failed) {
            failed_ = true;
            session_.wake();
            return false;
        }
        if (wrote.status == Status::again) break;
        block_.consume(wrote.bytes);
        stuck_since_ms_ = 0;
    }
    block_.rest();
    if (block_.waiting().empty() && session_.stream.unsent() == 0)
        stuck_since_ms_ = 0;
    else if (stuck_since_ms_ == 0)
        stuck_since_ms_ = now_ms();
    return true;
}

// What does not fit into a short block is much: while the client keeps up it goes in long pieces.
bool Http2Sender::lengthen() {
    return session_.stream.writable && session_.stream.unsent() == 0 && block_.lengthen();
}

// Room for so many octets behind all that waits; false: not now.
bool Http2Sender::make_room(std::size_t octets) {
    if (block_.fits(octets)) return true;
    if (lengthen() && block_.fits(octets)) return true;
    // Whole records go; what begins another waits for those who put more in this turn.
    if (session_.stream.tls() != nullptr && flush(net::Tls::kRecord) && block_.fits(octets)) return true;
    return flush(0) && block_.fits(octets);
}

void Http2Sender::invite() {
    if (ring_.empty() || failed_ || session_.stream.unsent() != 0) return;
    if (ring_.size() > 1) lengthen();
    if (ring_.invite(block_.space(), connection_.may_send(), no_credit_))
        session_.wake();  // behind them: others may follow
}

template <class Encode>
Put Http2Sender::put_block(Http2Lane& lane, std::size_t text, bool end, std::uint64_t& sent, Encode encode) {
    if (failed_ || connection_.ended() || connection_.is_reset(lane.id())) return Put::failed;
    const std::size_t wanted = FrameBlock::room_for(text);
    if (!make_room(wanted)) {
        if (failed_) return Put::failed;
        ring_.join(lane, wanted);
        return Put::wait;
    }
    http2::HeaderEncoder fields = block_.begin_block();
    const std::size_t whole = encode(fields) ? block_.end_block(fields, lane.id(), end) : 0;
    if (whole == 0) return Put::failed;
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
                ring_.join(lane, 0);
                return Put::wait;
            }
            size = std::min<std::size_t>(octets.size(), connection_.may_send(lane.id()));
            if (size == 0) {
                if (no_credit_) return Put::failed;
                // For its own window it is woken by the frame that opens it.
                lane.invited = false;
                if (connection_.may_send() == 0) ring_.join(lane, 0);
                return Put::wait;
            }
            if (size < octets.size() && size < kLeastPiece && !lane.insists) return hold(lane);
        }
        const std::size_t least = FrameBlock::room_for_data(size);
        if (!make_room(least)) {
            if (failed_) return Put::failed;
            ring_.join(lane, size == 0 ? least : 0);
            return Put::wait;
        }
        const auto put = block_.put_data(lane.id(), octets, size, end);
        sent += http2::kFrameHeadSize + put.size;
        connection_.sent_data(lane.id(), put.size, put.last, !octets.empty(), now_ms());
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
