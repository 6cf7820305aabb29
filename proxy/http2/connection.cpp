#include "proxy/http2/connection.h"

#include <algorithm>

namespace switchyard::http2 {
namespace {

constexpr const char* kNoTrailers = "trailers that are none";
constexpr const char* kOtherLength = "a body that is not as long as it was said to be";

// Of the lane with that id, or of the first one behind it.
auto place_of(auto& lanes, std::uint32_t id) {
    return std::lower_bound(lanes.begin(), lanes.end(), id,
                            [](const auto& one, auto wanted) { return one.id < wanted; });
}

}  // namespace

Connection::Connection(bool extended_connect)
    : FrameConnection(kConnectionWindow), extended_connect_(extended_connect) {
    Settings ours;
    ours.max_concurrent_streams = kMaxLanes;
    ours.connect_protocol = extended_connect;
    ours.max_header_list = http::kMaxHead;
    control_.settings(ours, Role::server);
    control_.window_update(0, kConnectionWindow - kDefaultWindow);
}

Lane* Connection::find(std::uint32_t id) {
    const auto found = place_of(lanes_, id);
    return found != lanes_.end() && found->id == id ? &found->lane : nullptr;
}

const Lane* Connection::find(std::uint32_t id) const {
    const auto found = place_of(lanes_, id);
    return found != lanes_.end() && found->id == id ? &found->lane : nullptr;
}

void Connection::remember_reset(std::uint32_t id) {
    if (our_resets_.size() == kRememberedResets) our_resets_.erase(our_resets_.begin());
    our_resets_.push_back(id);
}

std::size_t Connection::feed(std::string_view octets, std::int64_t now_ms, Events& events) {
    now_ = now_ms;
    std::size_t taken = 0;
    if (!preface_came_) {
        // What cannot become the preface any more is not waited for.
        const std::size_t seen = std::min(octets.size(), kPreface.size());
        if (octets.substr(0, seen) != kPreface.substr(0, seen)) {
            fail(ErrorCode::protocol_error);
            return 0;
        }
        if (seen < kPreface.size()) return 0;
        preface_came_ = true;
        taken = kPreface.size();
    }
    return taken + feed_frames(octets.substr(taken), events);
}

void Connection::priority(const FrameHead& head, std::string_view payload) {
    if ((read_u32(payload.data()) & kMaxStreamId) == head.stream) return fail(ErrorCode::protocol_error);
    misdeed();
}

void Connection::ping_acknowledged() {
    if (!end_begun_ || end_acknowledged_) return misdeed();
    end_acknowledged_ = true;
}

// A trailer that spoke of framing, routing or who asks would be read as another message.
bool Connection::merges(http::FieldName trailer) {
    return trailer == http::FieldName::content_length || trailer == http::FieldName::host ||
           trailer == http::FieldName::authorization || http::is_hop_by_hop(trailer);
}

void Connection::begin_block(const FrameHead& head, Events& events) {
    RequestBlock block;
    block.lane = head.stream;
    block.end = head.has(kEndStream);
    if (Lane* lane = find(head.stream)) {
        // Nothing may follow the end of a lane; a peer that repeats this costs an answer each time.
        if (lane->peer_ended) return fail(ErrorCode::stream_closed);
        block.trailers = true;
        block.dropped = lane->reset;
        if (lane->reset) misdeed();
        block_.emplace(std::move(block));
        return;
    }
    if (head.stream <= last_) {
        on_gone_lane(head.stream, Late::head);
        block.dropped = true;
        if (!ended_) block_.emplace(std::move(block));
        return;
    }
    if (head.stream % 2 == 0) return fail(ErrorCode::protocol_error);
    last_ = head.stream;
    if (ending_ && head.stream > last_served_) {
        block.dropped = true;
    } else if (lanes_.size() == kMaxLanes) {
        refuse(head.stream);
        misdeed();
        block.dropped = true;
    } else if (const HeadRoom room = events.room_for_head(head.stream); room.head != nullptr) {
        block.wall.emplace(room.text, *room.head);
    } else {
        refuse(head.stream);
        block.dropped = true;
    }
    if (!ended_) block_.emplace(std::move(block));
}

void Connection::refuse(std::uint32_t id) {
    control_.reset(id, ErrorCode::refused_stream);
    remember_reset(id);
}

void Connection::block_ends(Events& events) {
    RequestBlock& block = *block_;
    if (block.dropped) {
        if (Lane* lane = block.trailers ? find(block.lane) : nullptr) lane->peer_ended = lane->peer_ended || block.end;
        return;
    }
    if (!block.trailers) return lane_begins(events);
    Lane& lane = *find(block.lane);
    lane.peer_ended = block.end;
    if (block.faulty || !block.end) return malformed(block.lane, kNoTrailers, events);
    if (!lane.body->end()) return malformed(block.lane, kOtherLength, events);
    events.data(block.lane, {}, true);
}

void Connection::lane_begins(Events& events) {
    RequestBlock& block = *block_;
    const RequestHead::Verdict verdict = block.wall->end(block.end, extended_connect_);
    lanes_.push_back({block.lane, Lane(kLaneWindow, peer_.initial_window)});
    Lane& lane = lanes_.back().lane;
    lane.peer_ended = block.end;
    lane.body = block.wall->body();
    if (verdict == RequestHead::Verdict::malformed) {
        control_.reset(block.lane, ErrorCode::protocol_error);
        lane.reset = true;
        misdeed();
    }
    events.head(block.lane, *block.wall, verdict, block.end);
}

void Connection::data(const FrameHead& head, std::string_view payload, Events& events) {
    const Content content = content_of(head, payload);
    if (content.error != ErrorCode::no_error) return fail(content.error);
    if (!receive_.receive(head.length)) return fail(ErrorCode::flow_control_error);
    const bool end = head.has(kEndStream);
    if (content.octets.empty() && !end) misdeed();
    if (ended_) return;
    Lane* lane = find(head.stream);
    if (lane == nullptr || lane->reset) {
        credit_connection(head.length);
        if (lane != nullptr && lane->peer_ended) return fail(ErrorCode::stream_closed);
        if (lane != nullptr) {
            lane->peer_ended = end;
            return;  // it was on its way
        }
        return on_gone_lane(head.stream, Late::body);
    }
    if (lane->peer_ended) return fail(ErrorCode::stream_closed);
    if (!lane->receive.receive(head.length)) return fail(ErrorCode::flow_control_error);
    lane->peer_ended = end;
    if (content.padding > 0) taken(head.stream, content.padding);
    const bool fits = lane->body->data(content.octets.size()) && (!end || lane->body->end());
    if (!fits) {
        taken(head.stream, static_cast<std::uint32_t>(content.octets.size()));
        return malformed(head.stream, kOtherLength, events);
    }
    events.data(head.stream, content.octets, end);
}

void Connection::rst_stream(const FrameHead& head, std::string_view payload, Events& events) {
    if (head.stream > last_) return fail(ErrorCode::protocol_error);
    Lane* lane = find(head.stream);
    if (lane == nullptr || lane->reset) return on_gone_lane(head.stream, Late::reset);
    if (!lane->we_ended && !peer_resets_.note(now_)) return fail(ErrorCode::enhance_your_calm);
    lane->reset = true;
    lane->peer_ended = true;
    events.reset(head.stream, static_cast<ErrorCode>(read_u32(payload.data())));
}

void Connection::window_update(const FrameHead& head, std::string_view payload, Events& events) {
    if (++updates_ > updates_allowed_) misdeed();
    if (ended_) return;
    const std::uint32_t increment = read_u32(payload.data()) & kMaxStreamId;
    Lane* lane = head.stream == 0 ? nullptr : find(head.stream);
    if (head.stream > last_) return fail(ErrorCode::protocol_error);
    if (head.stream != 0 && lane == nullptr) {
        if (increment == 0) return fail(ErrorCode::protocol_error);
        return on_gone_lane(head.stream, Late::credit);
    }
    SendWindow& window = lane == nullptr ? send_ : lane->send;
    const bool stood = window.left() < kSmallWindow;
    if (const ErrorCode error = window.grow(increment); error != ErrorCode::no_error) {
        // RFC 9113 §6.9.1 wants the lane reset; that a peer could repeat, so the connection ends behind it.
        if (lane != nullptr && error == ErrorCode::flow_control_error) control_.reset(head.stream, error);
        return fail(error);
    }
    if (stood && window.left() > 0) events.writable(head.stream);
}

void Connection::malformed(std::uint32_t id, const char* why, Events& events) {
    Lane& lane = *find(id);
    control_.reset(id, ErrorCode::protocol_error);
    lane.reset = true;
    misdeed();
    events.malformed(id, why);
}

// A message on a lane that both sides had ended is a fault; of one that we have reset it may have been on its way, and
// its octets have been paid for by the windows. So may credit for it (which is counted for itself), and its reset,
// which is one more lane that came to nothing.
void Connection::on_gone_lane(std::uint32_t id, Late what) {
    if (id > last_) return fail(ErrorCode::protocol_error);
    if (ending_ && id > last_served_) return;
    switch (what) {
        case Late::credit:
            return;
        case Late::reset:
            if (!peer_resets_.note(now_)) fail(ErrorCode::enhance_your_calm);
            return;
        case Late::head:
            misdeed();
            [[fallthrough]];
        case Late::body:
            if (!was_reset_by_us(id)) fail(ErrorCode::stream_closed);
    }
}

bool Connection::was_reset_by_us(std::uint32_t id) const {
    return std::find(our_resets_.begin(), our_resets_.end(), id) != our_resets_.end();
}

void Connection::sent_data(std::uint32_t id, std::uint32_t octets, bool end, bool more, std::int64_t now_ms) {
    Lane* lane = find(id);
    if (lane == nullptr) return;
    now_ = now_ms;
    traffic_ = true;
    updates_allowed_ += kUpdatesPerData;
    lane->send.spend(octets);
    send_.spend(octets);
    lane->we_ended = lane->we_ended || end;
    // A small rest of a window that many lanes share is no lane's misdeed.
    if (more && octets < kDribble && lane->send.opened_by_less_than(kDribble)) misdeed();
}

void Connection::sent_head(std::uint32_t id, bool end) {
    traffic_ = true;
    if (Lane* lane = find(id)) lane->we_ended = lane->we_ended || end;
}

void Connection::taken(std::uint32_t id, std::uint32_t octets) {
    if (ended_) return;
    credit_connection(octets);
    Lane* lane = find(id);
    if (lane == nullptr) return;
    const std::uint32_t credit = lane->receive.take(octets);
    // Who has sent all needs no more room.
    if (credit > 0 && !lane->peer_ended && !lane->reset) control_.window_update(id, credit);
}

void Connection::done(std::uint32_t id) {
    const auto found = place_of(lanes_, id);
    if (found == lanes_.end() || found->id != id) return;
    if (found->lane.reset && !found->lane.peer_ended) remember_reset(id);
    // Trailers that are still on their way are decoded for the table's sake alone.
    if (block_ && block_->lane == id) block_->dropped = true;
    lanes_.erase(found);
    if (lanes_.empty() && lanes_.capacity() > kKeptLanes) lanes_.shrink_to_fit();
}

void Connection::begin_end() {
    if (ended_ || end_begun_) return;
    end_begun_ = true;
    control_.goaway(kMaxStreamId, ErrorCode::no_error);
    control_.ping("lastcall", false);
}

void Connection::finish_end() {
    if (ended_ || ending_) return;
    ending_ = true;
    last_served_ = last_;
    control_.goaway(last_served_, ErrorCode::no_error);
}

}  // namespace switchyard::http2
