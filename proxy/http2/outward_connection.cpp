#include "proxy/http2/outward_connection.h"

#include <utility>
#include <vector>

#include "proxy/http2/connection.h"
#include "proxy/http2/request_head.h"

namespace switchyard::http2 {
namespace {

// What may be on its way at once; a round trip of 20 ms then leaves 100 MB a second.
constexpr std::uint32_t kOutwardWindow = kMostOutwardLanes * kLaneWindow;

}  // namespace

OutwardConnection::OutwardConnection() : FrameConnection(kOutwardWindow) {
    Settings ours;
    ours.max_header_list = http::kMaxHead;
    control_.settings(ours, Role::client);
    control_.window_update(0, kOutwardWindow - kDefaultWindow);
}

OutwardConnection::OutwardLane* OutwardConnection::find(std::uint32_t id) {
    const auto found = lanes_.find(id);
    return found == lanes_.end() ? nullptr : &found->second;
}

const OutwardConnection::OutwardLane* OutwardConnection::find(std::uint32_t id) const {
    const auto found = lanes_.find(id);
    return found == lanes_.end() ? nullptr : &found->second;
}

std::size_t OutwardConnection::limit() const {
    if (ended_ || going()) return 0;
    return settings_came_ ? std::min<std::size_t>(peer_.max_concurrent_streams, kMostOutwardLanes) : kFirstOutwardLanes;
}

std::size_t OutwardConnection::feed(std::string_view octets, std::int64_t now_ms, Events& events) {
    now_ = now_ms;
    return feed_frames(octets, events);
}

bool OutwardConnection::merges(http::FieldName trailer) {
    return trailer == http::FieldName::content_length || http::is_hop_by_hop(trailer);
}

void OutwardConnection::begin_block(const FrameHead& head, Events& events) {
    if (was_never_opened(head.stream)) return fail(ErrorCode::protocol_error);
    AnswerOpenBlock block;
    block.lane = head.stream;
    block.end = head.has(kEndStream);
    const OutwardLane* const lane = find(head.stream);
    if (lane == nullptr || lane->reset) {
        block.dropped = true;  // it was on its way
    } else if (lane->peer_ended) {
        return fail(ErrorCode::stream_closed);
    } else if (lane->body) {
        block.trailers = true;
    } else {
        block.room = events.room_for_head();
        block.wall.emplace(block.room.text, *block.room.head);
    }
    block_.emplace(std::move(block));
}

void OutwardConnection::block_ends(Events& events) {
    AnswerOpenBlock& block = *block_;
    OutwardLane* const lane = find(block.lane);
    if (block.dropped || lane == nullptr) return;
    if (!block.trailers) return answer_begins(*lane, events);
    lane->peer_ended = block.end;
    if (block.faulty) return malformed(block.lane, "its trailers are malformed", events);
    if (!block.end) return malformed(block.lane, "a second head", events);
    if (!lane->body->end()) return malformed(block.lane, "its body is not as long as its content-length", events);
    events.data(block.lane, {}, true);
}

void OutwardConnection::answer_begins(OutwardLane& lane, Events& events) {
    AnswerOpenBlock& block = *block_;
    const http::Head& head = *block.room.head;
    const std::uint32_t id = block.lane;
    lane.peer_ended = block.end;
    if (const char* const why = block.wall->end(block.end)) return malformed(id, why, events);
    if (!block.wall->interim()) {
        const bool bodiless = lane.bodiless || head.status == 204 || head.status == 304;
        lane.body.emplace(block.room.text.data(), head, bodiless);
        if (block.end && !lane.body->end())
            return malformed(id, "its body is not as long as its content-length", events);
    }
    events.head(id, {block.room.text.data(), head.size}, head, block.end);
}

void OutwardConnection::data(const FrameHead& head, std::string_view payload, Events& events) {
    const Content content = content_of(head, payload);
    if (content.error != ErrorCode::no_error) return fail(content.error);
    if (was_never_opened(head.stream)) return fail(ErrorCode::protocol_error);
    if (!receive_.receive(head.length)) return fail(ErrorCode::flow_control_error);
    credit_connection(head.length);
    const bool end = head.has(kEndStream);
    if (content.octets.empty() && !end) misdeed();
    OutwardLane* const lane = find(head.stream);
    if (ended_ || lane == nullptr || lane->reset) return;  // it was on its way
    if (lane->peer_ended) return fail(ErrorCode::stream_closed);
    if (!lane->receive.receive(head.length)) return fail(ErrorCode::flow_control_error);
    lane->peer_ended = end;
    if (!lane->body) return malformed(head.stream, "a body before its head", events);
    if (content.padding > 0) taken(head.stream, content.padding);
    if (!lane->body->data(content.octets.size()) || (end && !lane->body->end()))
        return malformed(head.stream, "its body is not as long as its content-length", events);
    events.data(head.stream, content.octets, end);
}

void OutwardConnection::goaway(std::string_view payload, Events& events) {
    going_ = true;
    // It may fall with a second one, never rise.
    last_served_ = std::min(last_served_, read_u32(payload.data()) & kMaxStreamId);
    const bool required = static_cast<ErrorCode>(read_u32(payload.data() + 4)) == ErrorCode::http_1_1_required;
    const ErrorCode code = required ? ErrorCode::http_1_1_required : ErrorCode::refused_stream;
    std::vector<std::uint32_t> unserved;
    for (auto& [id, lane] : lanes_) {
        if (id <= last_served_ || lane.reset) continue;
        lane.reset = lane.peer_ended = true;
        unserved.push_back(id);
    }
    for (const std::uint32_t id : unserved) events.reset(id, code, true, nullptr);
}

void OutwardConnection::rst_stream(const FrameHead& head, std::string_view payload, Events& events) {
    if (was_never_opened(head.stream)) return fail(ErrorCode::protocol_error);
    OutwardLane* const lane = find(head.stream);
    if (lane == nullptr || lane->reset) return;
    const auto code = static_cast<ErrorCode>(read_u32(payload.data()));
    // What has begun to be answered has been looked at, whatever the peer says.
    const bool unserved = code == ErrorCode::refused_stream && !lane->body;
    lane->reset = true;
    events.reset(head.stream, code, unserved, nullptr);
}

void OutwardConnection::window_update(const FrameHead& head, std::string_view payload, Events& events) {
    const std::uint32_t increment = read_u32(payload.data()) & kMaxStreamId;
    if (head.stream != 0 && was_never_opened(head.stream)) return fail(ErrorCode::protocol_error);
    OutwardLane* const lane = head.stream == 0 ? nullptr : find(head.stream);
    if (head.stream != 0 && lane == nullptr) return increment == 0 ? fail(ErrorCode::protocol_error) : void();
    SendWindow& window = lane == nullptr ? send_ : lane->send;
    const bool stood = window.left() < kSmallWindow;
    if (const ErrorCode error = window.grow(increment); error != ErrorCode::no_error) return fail(error);
    if (stood && window.left() > 0) events.writable(head.stream);
}

void OutwardConnection::malformed(std::uint32_t id, const char* why, Events& events) {
    OutwardLane& lane = *find(id);
    control_.reset(id, ErrorCode::protocol_error);
    lane.reset = lane.peer_ended = true;
    events.reset(id, ErrorCode::protocol_error, false, why);
}

void OutwardConnection::open(bool end, bool bodiless) {
    OutwardLane& lane = lanes_.try_emplace(next_, kLaneWindow, peer_.initial_window).first->second;
    lane.we_ended = end;
    lane.bodiless = bodiless;
    next_ += 2;
    traffic_ = true;
}

void OutwardConnection::sent_data(std::uint32_t id, std::uint32_t octets, bool end) {
    OutwardLane* const lane = find(id);
    if (lane == nullptr) return;
    traffic_ = true;
    lane->send.spend(octets);
    send_.spend(octets);
    lane->we_ended = lane->we_ended || end;
}

void OutwardConnection::sent_trailers(std::uint32_t id) {
    traffic_ = true;
    if (OutwardLane* const lane = find(id)) lane->we_ended = true;
}

void OutwardConnection::taken(std::uint32_t id, std::uint32_t octets) {
    OutwardLane* const lane = find(id);
    if (ended_ || lane == nullptr) return;
    const std::uint32_t credit = lane->receive.take(octets);
    if (credit > 0 && !lane->peer_ended && !lane->reset) control_.window_update(id, credit);
}

void OutwardConnection::done(std::uint32_t id) {
    const OutwardLane* const lane = find(id);
    if (lane == nullptr) return;
    if (!lane->peer_ended || !lane->we_ended) reset(id, ErrorCode::cancel);
    lanes_.erase(id);
}

}  // namespace switchyard::http2
