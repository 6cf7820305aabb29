// An HTTP/2 connection to an endpoint: made once, then the exchanges of a worker share it, each by a lane.
//
// A shell over http2::OutwardConnection, which judges what comes and keeps windows and limits.
// In: what is read is told to the lanes at once; each holds at most its window.
// Out: a block of frames, and the ring of lanes that wait for it (frame_block.h, frame_ring.h). What the lanes put in
// one turn of the worker goes together; a lane that is
//   alone goes at once.
// One whose writes fail is read to the end before its lanes are told: what the endpoint has said by then holds.
// One that has been silent for a second while a lane gave up waiting for its answer gets no more lanes: it is not asked
//   by a PING whether it lives, which servers of gRPC punish.
// Invariants: it ends, and is destroyed, in its own turn only. Lanes leave before their pool goes.
// Threads: one worker. Owns: the wire and what waits for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/failure.h"
#include "proxy/http2/outward_connection.h"
#include "proxy/serve/frame_block.h"
#include "proxy/serve/frame_ring.h"
#include "proxy/serve/strand.h"
#include "proxy/upstream/connection.h"
#include "proxy/upstream/upstream.h"

namespace switchyard::serve {

class SharedLane;
class SharedPool;

class SharedConnection final : public Strand, private http2::OutwardConnection::Events {
  public:
    SharedConnection(SharedPool& pool, std::unique_ptr<upstream::Connection> wire);
    ~SharedConnection() override;

    // Not none: it cannot be made.
    Failure begin(const upstream::Endpoint& endpoint, const upstream::Upstream& upstream);

    const net::OutwardTls* how() const { return wire_->how().get(); }
    enum class Takes : std::uint8_t {
        unknown,  // its peer has not said yet how many lanes it takes
        lanes,
        none_now,  // SETTINGS_MAX_CONCURRENT_STREAMS is 0
        no_more,
    };
    Takes takes() const {
        if (over_ || no_more_ || broken_ || connection_.going()) return Takes::no_more;
        if (!connection_.settings_came()) return Takes::unknown;
        return connection_.limit() == 0 ? Takes::none_now : Takes::lanes;
    }
    std::size_t free_places() const;
    std::size_t lanes() const { return lanes_.size(); }
    // Since before that moment.
    bool idle(std::int64_t before_ms = INT64_MAX) const {
        return state_ == State::open && lanes_.empty() && idle_since_ms_ < before_ms;
    }

    void attach(SharedLane& lane);
    void leave(SharedLane& lane);
    // No more lanes; it ends with those that are there.
    void end();

    // For lanes, while they run.
    void taken(const SharedLane& lane, std::size_t octets);
    void give_up(const SharedLane& lane);
    Frames::Put put_head(SharedLane& lane, std::string_view head, bool end, std::uint64_t& sent);
    Frames::Put put_trailers(SharedLane& lane, std::string_view lines, std::uint64_t& sent);
    Frames::Put put_data(SharedLane& lane, std::string_view& octets, bool end, std::uint64_t& sent);

  private:
    enum class State : std::uint8_t { connecting, shaking, open };
    void woken() override;
    bool go_on_making();
    bool shake();
    bool speak();
    void tell_limit();
    bool give_up_making(Failure failure, std::string why = {});
    bool read();
    void invite();
    void flush();
    void break_off();
    void flush_soon(bool end);
    bool make_room(std::size_t octets);
    void lose(bool in_order);
    bool was_at_rest(const SharedLane& lane) const;
    bool was_seen(const SharedLane& lane, bool in_order) const;
    SharedLane* find(std::uint32_t id) const;
    template <class Encode>
    Frames::Put put_block(SharedLane& lane, std::size_t text, bool end, std::uint64_t& sent, Encode encode);

    // http2::OutwardConnection::Events
    http2::OutwardConnection::HeadRoom room_for_head() override;
    void head(std::uint32_t lane, std::string_view text, const http::Head& head, bool end) override;
    void data(std::uint32_t lane, std::string_view octets, bool end) override;
    void trailer(std::uint32_t lane, std::string_view name, std::string_view value) override;
    void reset(std::uint32_t lane, http2::ErrorCode code, bool unserved, const char* why) override;
    void writable(std::uint32_t lane) override;

    SharedPool& pool_;
    std::unique_ptr<upstream::Connection> wire_;
    http2::OutwardConnection connection_;
    State state_ = State::connecting;
    bool automatic_ = false;  // HTTP/1 will do, too
    bool no_more_ = false;
    bool over_ = false;
    bool broken_ = false;  // the wire takes nothing any more; what it has is still to be read
    bool told_settled_ = false;
    std::size_t told_limit_ = 0;
    std::string host_;
    std::string_view scheme_ = "http";
    net::Buffer in_, head_text_;
    FrameBlock block_;
    FrameRing ring_;
    http::Head head_;
    std::int64_t idle_since_ms_ = 0, last_read_ms_ = 0;
    std::vector<SharedLane*> lanes_;
};

}  // namespace switchyard::serve
