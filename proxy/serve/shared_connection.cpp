#include "proxy/serve/shared_connection.h"

#include <algorithm>
#include <cstring>

#include "proxy/http2/answer_block.h"
#include "proxy/http2/request_block.h"
#include "proxy/serve/shared_lane.h"
#include "proxy/serve/shared_pool.h"

namespace switchyard::serve {

using http2::ErrorCode;
using http2::FrameType;
using Put = Frames::Put;
using Status = net::Transfer::Status;

namespace {

// Less room is waited for: crumbs cost more than their octets.
constexpr std::size_t kLeastShare = 1'024;
// What a header block may have beyond its text: heads of frames, lengths, pseudo fields.
constexpr std::size_t kBesideText = 256;
// Nothing has come for so long, and an answer is given up: whether the endpoint is there is not known any more.
constexpr std::int64_t kSilentMs = 1'000;
constexpr const char* kOtherProtocol = "it does not speak HTTP/2";

void write_head(char* at, std::size_t size, FrameType type, std::uint8_t flags, std::uint32_t lane) {
    http2::write_frame_head(at, {static_cast<std::uint32_t>(size), static_cast<std::uint8_t>(type), flags, lane});
}

}  // namespace

SharedConnection::SharedConnection(SharedPool& pool, std::unique_ptr<upstream::Connection> wire)
    : Strand(pool.context()),
      pool_(pool),
      wire_(std::move(wire)),
      in_(context_.buffers),
      out_(context_.buffers),
      head_text_(context_.buffers) {}

SharedConnection::~SharedConnection() {
    for (SharedLane* lane : lanes_) lane->connection_ = nullptr;
}

// ---------------------------------------------------------------- how it is made

Failure SharedConnection::begin(const upstream::Endpoint& endpoint, const upstream::Upstream& upstream) {
    host_ = endpoint.host;
    automatic_ = upstream.protocol == config::EndpointProtocol::automatic;
    wire_->notify(this);
    switch (wire_->connect(endpoint.address, context_.poller)) {
        case net::Stream::Connecting::done:
        case net::Stream::Connecting::again:
            break;
        case net::Stream::Connecting::shortage:
            return Failure::shortage;
        case net::Stream::Connecting::refused:
            return Failure::connect_failed;
    }
    set_deadline(upstream.connect_ms == 0 ? 0 : context_.now_ms + upstream.connect_ms);
    if (wire_->writable) wake();
    return Failure::none;
}

bool SharedConnection::give_up_making(Failure failure, std::string why) {
    over_ = true;
    pool_.failed(*this, failure, why);  // *this is gone
    return false;
}

// False: not yet, or it is over, and gone.
bool SharedConnection::go_on_making() {
    if (expired()) return give_up_making(Failure::connect_timeout);
    if (state_ == State::connecting) {
        if (!wire_->writable) return false;
        if (const auto how = wire_->connected(); how != net::Stream::Connecting::done)
            return give_up_making(how == net::Stream::Connecting::shortage ? Failure::shortage
                                                                           : Failure::connect_failed);
        if (wire_->how()) {
            scheme_ = "https";
            wire_->secure(std::make_unique<net::Tls>(
                *wire_, context_.buffers, *wire_->how(), host_, pool_.local().pool.sessions(wire_->how()),
                automatic_ ? net::Tls::Offer::http2_or_1 : net::Tls::Offer::http2));
        }
        state_ = wire_->how() ? State::shaking : State::open;
    }
    if (state_ == State::shaking && !shake()) return false;
    out_.filled(http2::kPreface.copy(out_.room().data(), http2::kPreface.size()));
    put_ = http2::kPreface.size();
    idle_since_ms_ = last_read_ms_ = context_.now_ms;
    pool_.fill();
    return true;
}

bool SharedConnection::shake() {
    auto& counts = context_.counts.endpoint_tls;
    auto& tls = *wire_->tls();
    const auto step = tls.handshake();
    if (step == net::Tls::Step::again) return false;
    if (step != net::Tls::Step::done) {
        ++(tls.trouble().untrusted ? counts.untrusted : counts.failed);
        return give_up_making(tls.trouble().untrusted ? Failure::tls_untrusted : Failure::tls_failed,
                              tls.trouble().words);
    }
    ++(tls.resumed() ? counts.resumed : counts.full);
    if (tls.chose_http2()) {
        state_ = State::open;
        return true;
    }
    if (!automatic_) return give_up_making(Failure::tls_failed, "the endpoint does not offer HTTP/2 (ALPN)");
    over_ = true;
    wire_->sent = tls.wire_sent();
    wire_->notify(nullptr);
    pool_.chose_http1(*this, std::move(wire_));  // *this is gone
    return false;
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
    if (!lanes_.empty() || !(no_more_ || connection_.going() || connection_.used_up())) return true;
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
        else if (!was_seen(*lane, in_order))
            lane->lose(SharedLane::Lost::unserved);
        else
            lane->lose(was_at_rest(*lane) ? SharedLane::Lost::gone : SharedLane::Lost::reset);
    }
    ring_.clear();
    wake();
}

bool SharedConnection::was_seen(const SharedLane& lane, bool in_order) const {
    if (lane.on_wire_.id == 0 || gone_ <= lane.on_wire_.head_at) return false;
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
    std::erase(ring_, &lane);
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
        if (!lane->stream.writable && std::ranges::find(ring_, lane) == ring_.end()) lane->invite();
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

std::size_t SharedConnection::room() {
    out_.compact();
    return out_.room().size();
}

void SharedConnection::gather_control() {
    const std::string_view waits = connection_.control_waits();
    const std::size_t n = std::min(waits.size(), waits.empty() ? 0 : room());
    if (n == 0) return;
    std::memcpy(out_.room().data(), waits.data(), n);
    out_.filled(n);
    put_ += n;
    connection_.control().sent(n);
}

void SharedConnection::flush() {
    if (broken_) return;
    for (;;) {
        gather_control();
        if (out_.empty() || !wire_->writable) break;
        const auto wrote = wire_->write(out_.data(), out_.size());
        if (wrote.status == Status::failed) return break_off();
        if (wrote.status == Status::again) break;
        out_.consume(wrote.bytes);
        gone_ += wrote.bytes;
    }
    if (out_.empty()) out_.release();
    if (wire_->unsent() != 0 && wire_->writable && wire_->flush() == Status::failed) break_off();
}

// Answers and a GOAWAY may stand in the kernel, in front of what broke it.
void SharedConnection::break_off() {
    broken_ = true;
    out_.release();
    wake();
}

// Room for so many octets behind all that waits.
bool SharedConnection::make_room(std::size_t octets) {
    if (broken_) return false;
    gather_control();
    if (connection_.control_waits().empty() && room() >= octets) return true;
    flush();
    return !broken_ && connection_.control_waits().empty() && room() >= octets;
}

void SharedConnection::join_ring(SharedLane& lane, std::size_t room) {
    lane.on_wire_.invited = false;
    lane.on_wire_.room = room;
    if (std::ranges::find(ring_, &lane) == ring_.end()) ring_.push_back(&lane);
}

// As many as there is room and window for a whole frame each, or the first with what there is.
void SharedConnection::invite() {
    if (ring_.empty() || broken_ || wire_->unsent() != 0) return;
    constexpr std::size_t kFrame = http2::kFrameHeadSize + http2::kMaxPayload;
    std::size_t space = connection_.control_waits().empty() ? room() : 0;
    if (out_.empty()) out_.release();
    std::int64_t window = connection_.may_send();
    std::size_t stay = 0, at = 0;
    for (; at < ring_.size(); ++at) {
        SharedLane& lane = *ring_[at];
        const bool data = lane.on_wire_.room == 0;
        if (data && window <= 0) {
            ring_[stay++] = &lane;
            continue;
        }
        if (space < (data ? http2::kFrameHeadSize + kLeastShare : lane.on_wire_.room)) break;
        lane.on_wire_.invited = data;
        lane.invite();
        space -= std::min(space, data ? kFrame : lane.on_wire_.room);
        if (data) window -= http2::kMaxPayload;
    }
    const bool any = at != stay;
    ring_.erase(ring_.begin() + static_cast<std::ptrdiff_t>(stay), ring_.begin() + static_cast<std::ptrdiff_t>(at));
    if (any) wake();  // behind them: others may follow
}

// What a lane that is alone has said as a whole goes at once; else the frames of all who have their turn go together.
void SharedConnection::flush_soon(bool end) {
    if (!end || lanes_.size() > 1 || !ring_.empty()) return wake();
    flush();
    if (!out_.empty()) wake();
}

template <class Encode>
Put SharedConnection::put_block(SharedLane& lane, std::size_t text, std::uint8_t flags, std::uint64_t& sent,
                                Encode encode) {
    const std::size_t wanted = std::min(text + kBesideText, net::BufferPool::kBlock);
    if (!make_room(wanted)) {
        if (broken_) return Put::failed;
        join_ring(lane, wanted);
        return Put::wait;
    }
    const bool begins = lane.on_wire_.id == 0;
    const std::uint32_t id = begins ? connection_.next_lane() : lane.on_wire_.id;
    char* const begin = out_.room().data();
    http2::HeaderEncoder block(out_.room().subspan(http2::kFrameHeadSize), first_block_);
    if (!encode(block)) return Put::failed;
    first_block_ = false;
    std::size_t whole = http2::kFrameHeadSize + block.size();
    if (block.size() <= http2::kMaxPayload) {
        write_head(begin, block.size(), FrameType::headers, flags | http2::kEndHeaders, id);
    } else {
        // No head of ours needs more than two frames.
        char* const second = begin + http2::kFrameHeadSize + http2::kMaxPayload;
        const std::size_t rest = block.size() - http2::kMaxPayload;
        if (whole + http2::kFrameHeadSize > out_.room().size()) return Put::failed;
        std::memmove(second + http2::kFrameHeadSize, second, rest);
        write_head(begin, http2::kMaxPayload, FrameType::headers, flags, id);
        write_head(second, rest, FrameType::continuation, http2::kEndHeaders, id);
        whole += http2::kFrameHeadSize;
    }
    if (begins) {
        lane.on_wire_.id = id;
        lane.on_wire_.head_at = put_;
        lane.on_wire_.wire_at = wire_->tls() == nullptr ? put_ : wire_->tls()->wire_sent();
        lane.on_wire_.asked_ms = context_.now_ms;
    }
    out_.filled(whole);
    put_ += whole;
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
    const Put put =
        put_block(lane, head.size(), end ? http2::kEndStream : std::uint8_t{0}, sent, [&](http2::HeaderEncoder& block) {
            return websocket ? http2::encode_websocket(head, scheme_, block)
                             : http2::encode_request(head, scheme_, block);
        });
    if (put == Put::failed) lane.lose(SharedLane::Lost::unserved);
    if (put != Put::out) return put;
    connection_.open(end, lane.asks_ == SharedLane::Asks::head);
    flush_soon(end);
    return Put::out;
}

Put SharedConnection::put_trailers(SharedLane& lane, std::string_view lines, std::uint64_t& sent) {
    if (over_ || connection_.ended() || connection_.is_reset(lane.on_wire_.id)) return Put::failed;
    const Put put = put_block(lane, lines.size(), http2::kEndStream, sent,
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
            if (!ring_.empty() && !lane.on_wire_.invited) {
                join_ring(lane, 0);
                return Put::wait;
            }
            size = std::min<std::size_t>(octets.size(), connection_.may_send(lane.on_wire_.id));
            if (size == 0) {
                // For its own window it is woken by the frame that opens it.
                lane.on_wire_.invited = false;
                if (connection_.may_send() == 0) join_ring(lane, 0);
                return Put::wait;
            }
        }
        const std::size_t least = http2::kFrameHeadSize + std::min(size, kLeastShare);
        if (!make_room(least)) {
            if (broken_) return Put::failed;
            join_ring(lane, size == 0 ? least : 0);
            return Put::wait;
        }
        size = std::min(size, room() - http2::kFrameHeadSize);
        const bool last = end && size == octets.size();
        char* const at = out_.room().data();
        write_head(at, size, FrameType::data, last ? http2::kEndStream : std::uint8_t{0}, lane.on_wire_.id);
        if (size != 0) std::memcpy(at + http2::kFrameHeadSize, octets.data(), size);
        out_.filled(http2::kFrameHeadSize + size);
        put_ += http2::kFrameHeadSize + size;
        sent += http2::kFrameHeadSize + size;
        octets.remove_prefix(size);
        connection_.sent_data(lane.on_wire_.id, static_cast<std::uint32_t>(size), last);
        lane.on_wire_.invited = false;
        flush_soon(last);
        if (octets.empty()) return Put::out;
    }
}

}  // namespace switchyard::serve
