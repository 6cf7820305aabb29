#include "proxy/serve/http2_session.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "proxy/http2/answer_block.h"
#include "proxy/serve/session.h"

namespace switchyard::serve {

using http2::ErrorCode;
using http2::FrameType;
using Put = Frames::Put;
using Status = net::Transfer::Status;

namespace {

// Between the steps of an end in order, where the peer does not acknowledge the first.
constexpr std::int64_t kLastCallMs = 1'000;
// For a peer that has done wrong to take the word why.
constexpr std::int64_t kLastWordMs = 1'000;
// A piece of a frame that is put where the block is nearly full is not smaller; else it waits for room.
constexpr std::size_t kLeastPiece = 1'024;
static_assert(kLeastPiece == http2::kSmallWindow);
// For more of a window than that: the next tick of the clock, no later.
constexpr std::int64_t kHoldMs = 20;
// Of a connection that rests: a hundred lanes were a burst.
constexpr std::size_t kKeptPlaces = 4;
// Beside the fields' text: heads of frames, lengths of the fields, and what the encoder asks for.
constexpr std::size_t kAroundBlock = 64;

void write_frame(char* at, std::size_t size, FrameType type, std::uint8_t flags, std::uint32_t lane) {
    http2::write_frame_head(at, {static_cast<std::uint32_t>(size), static_cast<std::uint8_t>(type), flags, lane});
}

}  // namespace

Http2Session::Http2Session(Session& session, ListenerPlace& place)
    : session_(session), place_(place), connection_(true), out_(session.context().buffers) {
    idle_since_ms_ = head_since_ms_ = context().now_ms;
}

Http2Session::~Http2Session() {
    if (!lanes_.empty()) --context().http2.busy;
    for (Http2Lane* lane : lanes_) delete lane;
}

WorkerContext& Http2Session::context() {
    return session_.context();
}

net::Stream& Http2Session::wire() {
    return session_.stream;
}

net::Task<Http2Session::End> Http2Session::run() {
    for (;;) {
        in_turn_ = true;
        again_ = false;
        if (session_.expired()) late();
        if (!lost_) read();
        follow_end();
        if (!lost_) start_lanes();
        if (!lost_) follow_failure();
        if (!lost_ && !flush(0)) lose();
        release_held();
        invite();
        // What it waits to say may have stopped the reading.
        again_ = again_ || (!lost_ && !input_over_ && !connection_.ended() && session_.stream.readable &&
                            !connection_.control().too_many());
        in_turn_ = flush_wanted_ = false;
        if (is_over()) break;
        arm();
        if (again_) session_.step_back();
        co_await session_.sleep();
    }
    if (lost_) co_return End::lost;
    co_return connection_.ended() ? End::failed : End::in_order;
}

bool Http2Session::is_over() const {
    if (!lanes_.empty()) return false;
    if (lost_) return true;
    if (!out_.empty() || !connection_.control_waits().empty() || session_.stream.unsent() != 0) return false;
    return connection_.ended() || ending_ == Ending::last || input_over_;
}

// What is here is told; at most so much that others have their turn.
void Http2Session::read() {
    net::Buffer& in = session_.in;
    net::Stream& stream = session_.stream;
    for (;;) {
        if (!in.empty()) {
            const std::size_t taken = connection_.feed(in.unread(), context().now_ms, *this);
            if (taken != 0) in.consume(taken);
            settle_dead();
        }
        if (connection_.ended() || input_over_ || !stream.readable || connection_.control().too_many()) break;
        if (session_.budget.over()) {
            again_ = true;
            break;
        }
        in.compact();
        const auto got = stream.read(in.room());
        if (got.status == Status::again) break;
        if (got.status == Status::failed) return lose();
        if (got.status == Status::closed) {
            // Nothing more will be asked. What has been asked as a whole may still be answered.
            input_over_ = true;
            for (Http2Lane* lane : lanes_) {
                lane->stream.hung_up = true;
                if (!lane->ended()) break_off(*lane);
            }
            break;
        }
        session_.budget.moved(got.bytes);
        in.filled(got.bytes);
    }
    if (in.empty()) in.release();
    if (stream.broken && !stream.readable) return lose();
    settle_dead();
    const bool waits = connection_.in_block() || !connection_.settings_came();
    if (!waits)
        head_since_ms_ = 0;
    else if (head_since_ms_ == 0)
        head_since_ms_ = context().now_ms;
}

// Lanes that came to nothing before their exchanges began.
void Http2Session::settle_dead() {
    for (const std::uint32_t id : dead_) {
        if (Http2Lane* lane = find(id)) {
            if (lane->started()) continue;
            if (const auto owed = lane->untaken(); owed != 0) connection_.taken(id, static_cast<std::uint32_t>(owed));
            destroy(*lane);
        }
        connection_.done(id);
    }
    dead_.clear();
}

// One at least: reading alone may have used up the turn, again and again. When the connection has ended, those that
// were refused: they are accounted for, and over at once.
void Http2Session::start_lanes() {
    bool any = false;
    for (std::size_t i = 0; unstarted_ != 0 && i < lanes_.size();) {
        Http2Lane& lane = *lanes_[i];
        if (lane.started() || (connection_.ended() && lane.refused() == nullptr)) {
            ++i;
            continue;
        }
        if (any && session_.budget.over() && !connection_.ended()) {
            again_ = true;
            return;
        }
        any = true;
        session_.budget.served();
        --unstarted_;
        const std::uint32_t id = lane.id();
        lane.start();  // the lane may be gone
        if (i < lanes_.size() && lanes_[i]->id() == id) ++i;
    }
}

// The peer did wrong by what it sent, or by how it takes what lanes put.
void Http2Session::follow_failure() {
    if (!connection_.ended() || failed_since_ms_ != 0) return;
    failed_since_ms_ = context().now_ms;
    for (Http2Lane* lane : lanes_) break_off(*lane);
    settle_dead();
}

void Http2Session::follow_end() {
    if (ending_ == Ending::no && (context().stopping || place_.gone())) ending_ = Ending::asked;
    if (ending_ == Ending::asked) {
        ending_ = Ending::announced;
        end_since_ms_ = context().now_ms;
        connection_.begin_end();
    }
    if (ending_ == Ending::announced &&
        (connection_.end_acknowledged() || context().now_ms - end_since_ms_ >= kLastCallMs)) {
        ending_ = Ending::last;
        connection_.finish_end();
    }
}

void Http2Session::end_gracefully() {
    if (ending_ != Ending::no) return;
    ending_ = Ending::asked;
    session_.wake();
}

void Http2Session::wake_lanes() {
    for (Http2Lane* lane : lanes_)
        if (lane->started()) lane->wake();
}

// ---------------------------------------------------------------- what comes

Http2Lane* Http2Session::find(std::uint32_t id) const {
    const auto found = std::ranges::lower_bound(lanes_, id, {}, &Http2Lane::id);
    return found != lanes_.end() && (*found)->id() == id ? *found : nullptr;
}

http2::Connection::HeadRoom Http2Session::room_for_head(std::uint32_t id) {
    const Http2Load& load = context().http2;
    if (load.exchanges + load.unstarted >= kMostExchanges || load.undelivered >= kMostUndelivered) return {{}, nullptr};
    coming_ = std::make_unique<Http2Lane>(*this, session_, place_, id);
    return {coming_->in.room().first(http::kMaxHead), &coming_->head()};
}

void Http2Session::head(std::uint32_t, const http2::RequestHead& wall, http2::RequestHead::Verdict verdict, bool end) {
    coming_->head_came(wall, verdict, end);
    if (verdict == http2::RequestHead::Verdict::malformed) coming_->refuse(wall.why());
    lanes_.push_back(coming_.get());
    static_cast<void>(coming_.release());
    ++unstarted_;
    if (lanes_.size() > 1) return;
    ++context().http2.busy;
    session_.note_busy();
}

void Http2Session::data(std::uint32_t id, std::string_view octets, bool end) {
    if (Http2Lane* lane = find(id)) lane->data_came(octets, end);
}

void Http2Session::trailer(std::uint32_t id, std::string_view name, std::string_view value) {
    if (Http2Lane* lane = find(id)) lane->trailer_came(name, value);
}

void Http2Session::reset(std::uint32_t id, ErrorCode) {
    if (Http2Lane* lane = find(id)) break_off(*lane);
}

// It is accounted for as a request, begun or not.
void Http2Session::malformed(std::uint32_t id, const char* why) {
    if (Http2Lane* lane = find(id)) lane->refuse(why);
}

void Http2Session::break_off(Http2Lane& lane) {
    lane.break_off();
    if (!lane.started()) dead_.push_back(lane.id());
}

void Http2Session::writable(std::uint32_t id) {
    if (id != 0) {
        if (Http2Lane* lane = find(id)) lane->invite();
        return;
    }
    // A lane in the ring is invited in its turn; the others may have got a larger window of their own.
    for (Http2Lane* lane : lanes_)
        if (!lane->stream.writable && std::ranges::find(ring_, lane) == ring_.end()) lane->invite();
}

void Http2Session::taken(const Http2Lane& lane, std::size_t octets) {
    connection_.taken(lane.id(), static_cast<std::uint32_t>(octets));
    if (!connection_.control_waits().empty()) flush_soon();
}

// ---------------------------------------------------------------- what goes

std::size_t Http2Session::room() {
    out_.compact();
    return out_.room().size();
}

void Http2Session::gather_control() {
    const std::string_view waits = connection_.control_waits();
    if (waits.empty()) return;
    const std::size_t n = std::min(waits.size(), room());
    std::memcpy(out_.room().data(), waits.data(), n);
    out_.filled(n);
    connection_.control().sent(n);
}

bool Http2Session::flush(std::size_t least) {
    for (;;) {
        gather_control();
        if (out_.empty()) break;
        if (out_.size() < least || !session_.stream.writable) break;
        const auto wrote = session_.stream.write(out_.data(), least == 0 ? out_.size() : least);
        if (wrote.status == Status::failed) return false;
        if (wrote.status == Status::again) break;
        out_.consume(wrote.bytes);
        stuck_since_ms_ = 0;
    }
    if (out_.empty()) out_.release();
    if (out_.empty() && session_.stream.unsent() == 0)
        stuck_since_ms_ = 0;
    else if (stuck_since_ms_ == 0)
        stuck_since_ms_ = context().now_ms;
    return true;
}

// Room for so many octets behind all that waits; false: not now.
bool Http2Session::make_room(std::size_t octets) {
    const auto fits = [this, octets] { return connection_.control_waits().empty() && room() >= octets; };
    gather_control();
    if (fits()) return true;
    // Whole records go; what begins another waits for those who put more in this turn.
    if (session_.stream.tls() != nullptr && flush(net::Tls::kRecord) && fits()) return true;
    if (!flush(0)) lose();
    return !lost_ && fits();
}

void Http2Session::join_ring(Http2Lane& lane, std::size_t room) {
    lane.invited = false;
    lane.room_wanted = room;
    if (std::ranges::find(ring_, &lane) == ring_.end()) ring_.push_back(&lane);
}

// As many as there is room and window for a whole frame each, or the first with what there is. For room all stand in
// one order; who needs no window is not kept by those who wait for one.
void Http2Session::invite() {
    if (ring_.empty() || lost_ || session_.stream.unsent() != 0) return;
    constexpr std::size_t kFrame = http2::kFrameHeadSize + http2::kMaxPayload;
    std::size_t space = connection_.control_waits().empty() ? room() : 0;
    if (out_.empty()) out_.release();
    std::int64_t window = connection_.may_send();
    std::size_t stay = 0, at = 0;
    for (; at < ring_.size(); ++at) {
        Http2Lane& lane = *ring_[at];
        const bool data = lane.room_wanted == 0;
        if (data && window <= 0) {
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

void Http2Session::flush_soon() {
    flush_wanted_ = true;
}

// A lane has had its turn. Alone on its connection, what it has put goes at once; else the frames of all who have their
// turn now go together.
void Http2Session::lane_rests() {
    if (in_turn_ || !flush_wanted_) return;
    flush_wanted_ = false;
    const bool settled = ring_.empty() && ending_ == Ending::no && !connection_.ended() && !input_over_ && !lost_;
    if (lanes_.size() > 1 || !settled) return session_.wake();
    if (!flush(0)) return lose();
    if (!out_.empty()) return session_.wake();
    arm();
}

template <class Encode>
Put Http2Session::put_block(Http2Lane& lane, std::size_t text, bool end, std::uint64_t& sent, Encode encode) {
    if (lost_ || connection_.ended() || connection_.is_reset(lane.id())) return Put::failed;
    // In an empty block there is room for the largest head that an exchange writes.
    const std::size_t wanted = std::min(text + kAroundBlock, net::BufferPool::kBlock);
    if (!make_room(wanted)) {
        if (lost_) return Put::failed;
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
    flush_soon();
    return Put::out;
}

Put Http2Session::put_head(Http2Lane& lane, std::string_view head, bool end, std::uint64_t& sent) {
    return put_block(lane, head.size(), end, sent,
                     [head](http2::HeaderEncoder& block) { return http2::encode_answer(head, block); });
}

Put Http2Session::put_trailers(Http2Lane& lane, std::string_view lines, std::uint64_t& sent) {
    return put_block(lane, lines.size(), true, sent,
                     [lines](http2::HeaderEncoder& block) { return http2::encode_lines(lines, block); });
}

Put Http2Session::put_data(Http2Lane& lane, std::string_view& octets, bool end, std::uint64_t& sent) {
    for (;;) {
        if (lost_ || connection_.ended() || connection_.is_reset(lane.id())) return Put::failed;
        std::size_t size = 0;
        if (!octets.empty()) {
            // No lane overtakes those that wait.
            if (!ring_.empty() && !lane.invited) {
                join_ring(lane, 0);
                return Put::wait;
            }
            size = std::min<std::size_t>(octets.size(), connection_.may_send(lane.id()));
            if (size == 0) {
                // For its own window it is woken by the frame that opens it.
                lane.invited = false;
                if (connection_.may_send() == 0) join_ring(lane, 0);
                return Put::wait;
            }
            if (size < octets.size() && size < kLeastPiece && !lane.insists) return hold(lane);
        }
        const std::size_t least = http2::kFrameHeadSize + std::min(size, kLeastPiece);
        if (!make_room(least)) {
            if (lost_) return Put::failed;
            join_ring(lane, size == 0 ? least : 0);
            return Put::wait;
        }
        size = std::min(size, room() - http2::kFrameHeadSize);
        const bool last = end && size == octets.size();
        char* const at = out_.room().data();
        write_frame(at, size, FrameType::data, last ? http2::kEndStream : std::uint8_t{0}, lane.id());
        std::memcpy(at + http2::kFrameHeadSize, octets.data(), size);
        out_.filled(http2::kFrameHeadSize + size);
        sent += http2::kFrameHeadSize + size;
        octets.remove_prefix(size);
        connection_.sent_data(lane.id(), static_cast<std::uint32_t>(size), last, !octets.empty(), context().now_ms);
        lane.invited = lane.insists = false;
        flush_soon();
        if (octets.empty()) return Put::out;
    }
}

Put Http2Session::hold(Http2Lane& lane) {
    lane.invited = false;
    lane.held = true;
    if (held_since_ms_ == 0) {
        held_since_ms_ = context().now_ms;
        session_.wake();  // for its alarm
    }
    return Put::wait;
}

void Http2Session::release_held() {
    if (held_since_ms_ == 0 || context().now_ms - held_since_ms_ < kHoldMs) return;
    held_since_ms_ = 0;
    for (Http2Lane* lane : lanes_) {
        if (!lane->held) continue;
        lane->insists = true;
        lane->invite();
    }
}

// ---------------------------------------------------------------- ends

void Http2Session::destroy(Http2Lane& lane) {
    std::erase(ring_, &lane);
    if (!lane.started()) --unstarted_;
    lanes_.erase(std::ranges::find(lanes_, &lane));
    delete &lane;
    if (!lanes_.empty()) return;
    --context().http2.busy;
    session_.note_idle();
    idle_since_ms_ = context().now_ms;
    if (lanes_.capacity() > kKeptPlaces) lanes_.shrink_to_fit();
    if (ring_.capacity() > kKeptPlaces) ring_.shrink_to_fit();
}

void Http2Session::over(Http2Lane& lane) {
    const std::uint32_t id = lane.id();
    if (const auto owed = lane.untaken(); owed != 0) connection_.taken(id, static_cast<std::uint32_t>(owed));
    // An answer that breaks off is never taken for a whole one; behind a whole one the rest of the request is not
    // wanted.
    if (!lane.said_all())
        connection_.reset(id, lane.is_tunnel() ? ErrorCode::cancel : ErrorCode::internal_error);
    else if (!lane.ended())
        connection_.reset(id, ErrorCode::no_error);
    connection_.done(id);
    destroy(lane);
    flush_soon();
    lane_rests();
}

void Http2Session::lose() {
    if (lost_) return;
    lost_ = true;
    for (std::size_t i = lanes_.size(); i-- > 0;) {
        Http2Lane& lane = *lanes_[i];
        if (lane.started()) {
            lane.break_off();
        } else {
            connection_.done(lane.id());
            destroy(lane);
        }
    }
    session_.wake();
}

void Http2Session::arm() {
    const ListenerPlan& plan = place_.plan();
    std::int64_t at = INT64_MAX;
    if (stuck_since_ms_ != 0) at = std::min(at, stuck_since_ms_ + plan.idle_timeout_ms);
    if (head_since_ms_ != 0) at = std::min(at, head_since_ms_ + plan.head_timeout_ms);
    if (ending_ == Ending::announced) at = std::min(at, end_since_ms_ + kLastCallMs);
    if (failed_since_ms_ != 0) at = std::min(at, failed_since_ms_ + kLastWordMs);
    if (held_since_ms_ != 0) at = std::min(at, held_since_ms_ + kHoldMs);
    if (lanes_.empty()) at = std::min(at, idle_since_ms_ + plan.idle_timeout_ms);
    session_.set_deadline(at == INT64_MAX ? 0 : at);
}

void Http2Session::late() {
    const ListenerPlan& plan = place_.plan();
    const std::int64_t now = context().now_ms;
    if (stuck_since_ms_ != 0 && now - stuck_since_ms_ >= plan.idle_timeout_ms) return lose();
    if (head_since_ms_ != 0 && now - head_since_ms_ >= plan.head_timeout_ms) {
        connection_.give_up(connection_.settings_came() ? ErrorCode::enhance_your_calm : ErrorCode::settings_timeout);
        return;
    }
    if (failed_since_ms_ != 0 && now - failed_since_ms_ >= kLastWordMs) return lose();
    if (lanes_.empty() && now - idle_since_ms_ >= plan.idle_timeout_ms) {
        connection_.begin_end();
        connection_.finish_end();
        ending_ = Ending::last;
    }
}

}  // namespace switchyard::serve
