#include "proxy/serve/shared_connection.h"

#include <algorithm>

#include "proxy/http2/answer_block.h"
#include "proxy/http2/request_block.h"
#include "proxy/serve/shared_lane.h"
#include "proxy/serve/shared_pool.h"

namespace switchyard::serve {

using http2::ErrorCode;
using Put = Frames::Put;
using Status = net::Transfer::Status;

namespace {

// Nothing has come for so long, and an answer is given up: whether the endpoint is there is not known any more.
constexpr std::int64_t kSilentMs = 1'000;
constexpr const char* kOtherProtocol = "it does not speak HTTP/2";

}  // namespace

SharedConnection::SharedConnection(SharedPool& pool, std::unique_ptr<upstream::Connection> wire)
    : Strand(pool.context()),
      pool_(pool),
      wire_(std::move(wire)),
      in_(context_.buffers),
      head_text_(context_.buffers),
      block_(context_.buffers, connection_.control()) {}

SharedConnection::~SharedConnection() {
    for (SharedLane* lane : lanes_) lane->connection_ = nullptr;
}

// ---------------------------------------------------------------- its turns

void SharedConnection::woken() {
    budget.renew();
    if (over_) return pool_.over(*this);  // *this is gone
    if (state_ != State::open && !go_on_making()) return;
    if (speak()) return;
    // Lanes that still wait for it go by what became of it.
    if (told_settled_) return pool_.over(*this);
    const auto why = connection_.ended() ? Failure::bad_response
                     : expired()         ? Failure::connect_timeout
                                         : Failure::connect_failed;  // those that wait have sent nothing
    pool_.failed(*this, why, why == Failure::bad_response ? kOtherProtocol : "");
}

// False: it is over.
bool SharedConnection::speak() {
    if (!over_ && expired() && !connection_.settings_came()) lose(false);
    const bool stopped = !over_ && read();
    tell_limit();
    if (over_) return false;
    flush();
    if (broken_ && !connection_.ended()) return true;  // its next turn reads the rest
    if (connection_.ended()) {
        lose(false);
        return false;
    }
    // What it waited to say is out, and what is here already tells of itself no more.
    if (stopped && !connection_.control().too_many()) step_back();
    invite();
    if (!lanes_.empty() || !(no_more_ || connection_.going())) return true;
    told_settled_ = true;  // by us: lanes that wait do not go by it
    connection_.give_up(ErrorCode::no_error);
    flush();
    if (!broken_) wire_->shutdown_send();
    return false;
}

// It may change as often as the peer likes: who waits for a place may have one now.
void SharedConnection::tell_limit() {
    if (!connection_.settings_came()) return;
    if (!told_settled_) {
        set_deadline(0);
        writable(0);  // who had to know first what the endpoint takes
    }
    const std::size_t limit = connection_.limit();
    const bool news = !told_settled_ || limit != told_limit_;
    told_settled_ = true;
    told_limit_ = limit;
    if (!news || over_ || connection_.going()) return;
    pool_.settled(limit);
    pool_.fill();
}

// True: it stopped because too much waits to be said.
bool SharedConnection::read() {
    bool stopped = false;
    for (;;) {
        if (!in_.empty()) {
            const std::size_t taken = connection_.feed(in_.unread(), context_.now_ms, *this);
            if (taken != 0) in_.consume(taken);
            if (broken_) connection_.control().sent(connection_.control_waits().size());
        }
        if (connection_.ended() || (!wire_->readable && !broken_)) break;
        if (connection_.control().too_many() && !broken_) {
            stopped = true;
            break;
        }
        if (budget.over()) {
            step_back();
            break;
        }
        in_.compact();
        const auto got = wire_->read(in_.room());
        if (got.status == Status::again && !broken_) break;
        if (got.status != Status::done) {
            // A reset may overtake the acknowledgement of what was read: it proves nothing.
            lose(got.status == Status::closed && !broken_);
            break;
        }
        budget.moved(got.bytes);
        in_.filled(got.bytes);
        last_read_ms_ = context_.now_ms;
    }
    if (in_.empty()) in_.release();
    if (!connection_.in_block()) head_text_.release();
    return stopped;
}

// Nothing comes and goes any more: each lane is told whether the endpoint can have read its request.
void SharedConnection::lose(bool in_order) {
    if (over_) return;
    over_ = true;
    const bool speaks_http2 = connection_.settings_came() || !connection_.ended();
    for (SharedLane* lane : lanes_) {
        if (!speaks_http2)
            lane->lose(SharedLane::Lost::malformed, kOtherProtocol);
        else if (lane->on_wire_.id == 0 && !connection_.settings_came())
            lane->lose_connection(expired() ? Failure::connect_timeout : Failure::connect_failed);
        else if (!was_seen(*lane, in_order))
            lane->lose(SharedLane::Lost::unserved);
        else
            lane->lose(was_at_rest(*lane) ? SharedLane::Lost::gone : SharedLane::Lost::reset);
    }
    ring_.clear();
    wake();
}

bool SharedConnection::was_seen(const SharedLane& lane, bool in_order) const {
    if (lane.on_wire_.id == 0 || block_.gone() <= lane.on_wire_.head_at) return false;
    return !in_order || wire_->delivered_beyond(lane.on_wire_.wire_at);
}

// As a kept connection of HTTP/1 that its endpoint ends while a request is on its way: of one that others use, or that
// has said something since, the end is an event of its own.
bool SharedConnection::was_at_rest(const SharedLane& lane) const {
    return lanes_.size() == 1 && !lane.came_.heard && last_read_ms_ <= lane.on_wire_.asked_ms;
}

void SharedConnection::end() {
    no_more_ = true;
    wake();
}

std::size_t SharedConnection::free_places() const {
    if (over_ || no_more_ || broken_ || state_ != State::open) return 0;
    const std::size_t limit = connection_.limit();
    return limit - std::min(limit, lanes_.size());
}

void SharedConnection::attach(SharedLane& lane) {
    lanes_.push_back(&lane);
}

void SharedConnection::leave(SharedLane& lane) {
    if (lane.on_wire_.id != 0) {
        const std::int64_t news_ms = std::max(last_read_ms_, lane.on_wire_.asked_ms);
        if (!lane.came_.heard && lane.lost_ == SharedLane::Lost::no && context_.now_ms - news_ms >= kSilentMs)
            no_more_ = true;
        connection_.done(lane.on_wire_.id);
    }
    lane.connection_ = nullptr;
    std::erase(lanes_, &lane);
    ring_.forget(lane);
    if (over_) return;
    if (!connection_.control_waits().empty()) wake();
    if (lanes_.empty()) {
        idle_since_ms_ = context_.now_ms;
        if (!pool_.keeps_one_more_idle()) no_more_ = true;
        if (no_more_ || connection_.going()) wake();
    }
    pool_.fill();
}

// ---------------------------------------------------------------- what comes

SharedLane* SharedConnection::find(std::uint32_t id) const {
    const auto found = std::ranges::find(lanes_, id, [](const SharedLane* lane) { return lane->on_wire_.id; });
    return found == lanes_.end() ? nullptr : *found;
}

http2::OutwardConnection::HeadRoom SharedConnection::room_for_head() {
    return {head_text_.room().first(http::kMaxHead), &head_};
}

void SharedConnection::head(std::uint32_t id, std::string_view text, const http::Head& head, bool end) {
    if (SharedLane* lane = find(id)) lane->head_came(text, head, end);
}

void SharedConnection::data(std::uint32_t id, std::string_view octets, bool end) {
    if (SharedLane* lane = find(id)) lane->data_came(octets, end);
}

void SharedConnection::trailer(std::uint32_t id, std::string_view name, std::string_view value) {
    if (SharedLane* lane = find(id)) lane->trailer_came(name, value);
}

void SharedConnection::reset(std::uint32_t id, ErrorCode code, bool unserved, const char* why) {
    using Lost = SharedLane::Lost;
    SharedLane* const lane = find(id);
    if (lane == nullptr) return;
    if (why == nullptr) lane->reset_by_ = code;
    lane->lose(unserved ? Lost::unserved : why != nullptr ? Lost::malformed : Lost::reset, why);
}

void SharedConnection::writable(std::uint32_t id) {
    if (id != 0) {
        if (SharedLane* lane = find(id)) lane->invite();
        return;
    }
    // A lane in the ring is invited in its turn; the others may have got a larger window of their own.
    for (SharedLane* lane : lanes_)
        if (!lane->stream.writable && !ring_.awaits(*lane)) lane->invite();
}

void SharedConnection::taken(const SharedLane& lane, std::size_t octets) {
    if (over_) return;
    connection_.taken(lane.on_wire_.id, static_cast<std::uint32_t>(octets));
    if (!connection_.control_waits().empty()) wake();
}

void SharedConnection::give_up(const SharedLane& lane) {
    if (over_ || lane.on_wire_.id == 0) return;
    connection_.reset(lane.on_wire_.id, ErrorCode::cancel);
    wake();
}

// ---------------------------------------------------------------- what goes

void SharedConnection::flush() {
    if (broken_) return;
    for (;;) {
        block_.gather_control();
        const std::string_view waits = block_.waiting();
        if (waits.empty() || !wire_->writable) break;
        const auto wrote = wire_->write(waits.data(), waits.size());
        if (wrote.status == Status::failed) return break_off();
        if (wrote.status == Status::again) break;
        block_.consume(wrote.bytes);
    }
    block_.rest();
    if (wire_->unsent() != 0 && wire_->writable && wire_->flush() == Status::failed) break_off();
}

// Answers and a GOAWAY may stand in the kernel, in front of what broke it.
void SharedConnection::break_off() {
    broken_ = true;
    wake();
}

// Room for so many octets behind all that waits.
bool SharedConnection::make_room(std::size_t octets) {
    if (broken_) return false;
    if (block_.fits(octets)) return true;
    flush();
    return !broken_ && block_.fits(octets);
}

void SharedConnection::invite() {
    if (ring_.empty() || broken_ || wire_->unsent() != 0) return;
    if (ring_.invite(block_.space(), connection_.may_send())) wake();  // behind them: others may follow
}

// What a lane that is alone has said as a whole goes at once; else the frames of all who have their turn go together.
void SharedConnection::flush_soon(bool end) {
    if (!end || lanes_.size() > 1 || !ring_.empty()) return wake();
    flush();
    if (!block_.waiting().empty()) wake();
}

template <class Encode>
Put SharedConnection::put_block(SharedLane& lane, std::size_t text, bool end, std::uint64_t& sent, Encode encode) {
    const std::size_t wanted = FrameBlock::room_for(text);
    if (!make_room(wanted)) {
        if (broken_) return Put::failed;
        ring_.join(lane, wanted);
        return Put::wait;
    }
    const bool begins = lane.on_wire_.id == 0;
    const std::uint32_t id = begins ? connection_.next_lane() : lane.on_wire_.id;
    const std::uint64_t at = block_.put();
    http2::HeaderEncoder fields = block_.begin_block();
    const std::size_t whole = encode(fields) ? block_.end_block(fields, id, end) : 0;
    if (whole == 0) return Put::failed;
    if (begins) {
        lane.on_wire_.id = id;
        lane.on_wire_.head_at = at;
        lane.on_wire_.wire_at = wire_->tls() == nullptr ? at : wire_->tls()->wire_sent();
        lane.on_wire_.asked_ms = context_.now_ms;
    }
    sent += whole;
    return Put::out;
}

Put SharedConnection::put_head(SharedLane& lane, std::string_view head, bool end, std::uint64_t& sent) {
    // It may have ended since the lane got its place.
    // Or its peer takes fewer than it was believed to.
    if (over_ || connection_.lanes() >= connection_.limit()) {
        lane.lose(SharedLane::Lost::unserved);
        return Put::failed;
    }
    const bool websocket = lane.asks_ == SharedLane::Asks::websocket;
    if (websocket && !connection_.settings_came()) return Put::wait;
    if (websocket && !connection_.takes_extended_connect()) {
        lane.lose(SharedLane::Lost::declined, "the endpoint takes no WebSocket over HTTP/2 (RFC 8441)");
        return Put::failed;
    }
    const Put put = put_block(lane, head.size(), end, sent, [&](http2::HeaderEncoder& block) {
        return websocket ? http2::encode_websocket(head, scheme_, block) : http2::encode_request(head, scheme_, block);
    });
    if (put == Put::failed) lane.lose(SharedLane::Lost::unserved);
    if (put != Put::out) return put;
    connection_.open(end, lane.asks_ == SharedLane::Asks::head);
    flush_soon(end);
    return Put::out;
}

Put SharedConnection::put_trailers(SharedLane& lane, std::string_view lines, std::uint64_t& sent) {
    if (over_ || connection_.ended() || connection_.is_reset(lane.on_wire_.id)) return Put::failed;
    const Put put = put_block(lane, lines.size(), true, sent,
                              [&](http2::HeaderEncoder& block) { return http2::encode_lines(lines, block); });
    if (put != Put::out) return put;
    connection_.sent_trailers(lane.on_wire_.id);
    flush_soon(true);
    return Put::out;
}

Put SharedConnection::put_data(SharedLane& lane, std::string_view& octets, bool end, std::uint64_t& sent) {
    for (;;) {
        if (over_ || connection_.ended() || connection_.is_reset(lane.on_wire_.id)) return Put::failed;
        std::size_t size = 0;
        if (!octets.empty()) {
            // Lanes that wait are not overtaken.
            if (!ring_.empty() && !lane.invited) {
                ring_.join(lane, 0);
                return Put::wait;
            }
            size = std::min<std::size_t>(octets.size(), connection_.may_send(lane.on_wire_.id));
            if (size == 0) {
                // For its own window it is woken by the frame that opens it.
                lane.invited = false;
                if (connection_.may_send() == 0) ring_.join(lane, 0);
                return Put::wait;
            }
        }
        const std::size_t least = FrameBlock::room_for_data(size);
        if (!make_room(least)) {
            if (broken_) return Put::failed;
            ring_.join(lane, size == 0 ? least : 0);
            return Put::wait;
        }
        const auto put = block_.put_data(lane.on_wire_.id, octets, size, end);
        sent += http2::kFrameHeadSize + put.size;
        connection_.sent_data(lane.on_wire_.id, put.size, put.last);
        lane.invited = false;
        flush_soon(put.last);
        if (octets.empty()) return Put::out;
    }
}

}  // namespace switchyard::serve
