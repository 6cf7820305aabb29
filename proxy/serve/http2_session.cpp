#include "proxy/serve/http2_session.h"

#include <algorithm>

#include "proxy/serve/session.h"

namespace switchyard::serve {

using http2::ErrorCode;
using Status = net::Transfer::Status;

namespace {

// Between the steps of an end in order, where the peer does not acknowledge the first.
constexpr std::int64_t kLastCallMs = 1'000;
// For a peer that has done wrong to take the word why.
constexpr std::int64_t kLastWordMs = 1'000;
// Of a connection that rests: a hundred lanes were a burst.
constexpr std::size_t kKeptLanes = 4;
}  // namespace

Http2Session::Http2Session(Session& session, ListenerPlace& place)
    : sender(session, connection_), session_(session), place_(place) {
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
        if (!lost_ && !sender.flush()) lose();
        sender.release_held(lanes_);
        if (!lost_) sender.invite();
        // What it waits to say may have stopped the reading.
        again_ = again_ || (!lost_ && !input_over_ && !connection_.ended() && session_.stream.readable &&
                            !connection_.control().too_many());
        in_turn_ = false;
        sender.take_wanted();
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
    if (!sender.nothing_waits()) return false;
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
            sender.no_more_credit();
            for (Http2Lane* lane : lanes_) {
                lane->stream.hung_up = true;
                if (!lane->request.ended())
                    break_off(*lane);
                else if (lane->started())
                    lane->wake();  // one that waits for its turn waits for a client that has gone
            }
            writable(0);
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
            if (const auto owed = lane->request.untaken(); owed != 0)
                connection_.taken(id, static_cast<std::uint32_t>(owed));
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
        if (lane.started() || (connection_.ended() && lane.request.refused == nullptr)) {
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
    return coming_->request.room();
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
    if (Http2Lane* lane = find(id)) lane->request.trailer_came(name, value);
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
    // One that was refused has its exchange yet, which accounts for it.
    if (!lane.started() && lane.request.refused == nullptr) dead_.push_back(lane.id());
}

void Http2Session::writable(std::uint32_t id) {
    if (id != 0) {
        if (Http2Lane* lane = find(id)) lane->invite();
        return;
    }
    // A lane in the ring is invited in its turn; the others may have got a larger window of their own.
    for (Http2Lane* lane : lanes_)
        if (!lane->stream.writable && !sender.awaits(*lane)) lane->invite();
}

void Http2Session::taken(const Http2Lane& lane, std::size_t octets) {
    connection_.taken(lane.id(), static_cast<std::uint32_t>(octets));
    if (!connection_.control_waits().empty()) sender.want();
}

// A lane has had its turn. Alone on its connection, what it has put goes at once; else the frames of all who have their
// turn now go together.
void Http2Session::lane_rests() {
    if (in_turn_ || !sender.take_wanted()) return;
    const bool settled =
        !sender.somebody_waits() && ending_ == Ending::no && !connection_.ended() && !input_over_ && !lost_;
    if (lanes_.size() > 1 || !settled) return session_.wake();
    if (!sender.flush()) return lose();
    if (!sender.nothing_waits()) return session_.wake();
    arm();
}

// ---------------------------------------------------------------- ends

void Http2Session::destroy(Http2Lane& lane) {
    sender.forget(lane);
    if (!lane.started()) --unstarted_;
    lanes_.erase(std::ranges::find(lanes_, &lane));
    delete &lane;
    if (!lanes_.empty()) return;
    --context().http2.busy;
    session_.note_idle();
    idle_since_ms_ = context().now_ms;
    if (lanes_.capacity() > kKeptLanes) lanes_.shrink_to_fit();
}

void Http2Session::over(Http2Lane& lane) {
    const std::uint32_t id = lane.id();
    if (const auto owed = lane.request.untaken(); owed != 0) connection_.taken(id, static_cast<std::uint32_t>(owed));
    // An answer that breaks off is never taken for a whole one; behind a whole one the rest of the request is not
    // wanted.
    if (!lane.said_all())
        connection_.reset(id, lane.is_tunnel() ? ErrorCode::cancel : ErrorCode::internal_error);
    else if (!lane.request.ended())
        connection_.reset(id, ErrorCode::no_error);
    connection_.done(id);
    destroy(lane);
    sender.want();
    lane_rests();
}

void Http2Session::lose() {
    if (lost_) return;
    lost_ = true;
    sender.give_up();
    for (std::size_t i = lanes_.size(); i-- > 0;) {
        Http2Lane& lane = *lanes_[i];
        if (lane.started()) {
            lane.break_off();
        } else if (lane.request.refused != nullptr) {
            --unstarted_;
            lane.start();  // and over, and gone
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
    if (const auto since = sender.stuck_since_ms(); since != 0) at = std::min(at, since + plan.idle_timeout_ms);
    if (head_since_ms_ != 0 && !connection_.ended()) at = std::min(at, head_since_ms_ + plan.head_timeout_ms);
    if (ending_ == Ending::announced) at = std::min(at, end_since_ms_ + kLastCallMs);
    if (failed_since_ms_ != 0) at = std::min(at, failed_since_ms_ + kLastWordMs);
    at = std::min(at, sender.next_release_ms());
    if (lanes_.empty()) at = std::min(at, idle_since_ms_ + plan.idle_timeout_ms);
    session_.set_deadline(at == INT64_MAX ? 0 : at);
}

void Http2Session::late() {
    const ListenerPlan& plan = place_.plan();
    const std::int64_t now = context().now_ms;
    const std::int64_t stuck = sender.stuck_since_ms();
    if (stuck != 0 && now - stuck >= plan.idle_timeout_ms) return lose();
    if (head_since_ms_ != 0 && !connection_.ended() && now - head_since_ms_ >= plan.head_timeout_ms) {
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
