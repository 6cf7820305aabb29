// What goes out on a client's HTTP/2 connection: a block of frames (frame_block.h), the ring of lanes that wait for it,
// and when it goes.
//
// Of a window that is nearly shut the rest is not used at once: a client that credits what comes, frame by frame, would
// get crumbs for ever. Over TLS whole records go while lanes put; what begins another waits for lanes that put more in
// the same turn. Invariants: a connection that rests holds no block. Errors: once the client takes nothing any more,
// nothing is put;
//   the session is woken, hears of it by its next flush(), and ends its lanes.
// Threads: one worker. Owns the block; session and connection outlive it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "proxy/http2/connection.h"
#include "proxy/serve/frame_block.h"
#include "proxy/serve/frame_ring.h"
#include "proxy/serve/http2_lane.h"

namespace switchyard::serve {

class Session;

class Http2Sender {
  public:
    Http2Sender(Session& session, http2::Connection& connection);

    // For lanes, while they run.
    Frames::Put put_head(Http2Lane& lane, std::string_view head, bool end, std::uint64_t& sent);
    Frames::Put put_trailers(Http2Lane& lane, std::string_view lines, std::uint64_t& sent);
    Frames::Put put_data(Http2Lane& lane, std::string_view& octets, bool end, std::uint64_t& sent);

    // As long as there are so many octets, in pieces of that size; 0: all. False: the client takes nothing any more.
    bool flush(std::size_t least = 0);
    // Nothing is to be put any more.
    void give_up() { failed_ = true; }
    // The client has ended its side: what has no window now never gets one.
    void no_more_credit() { no_credit_ = true; }
    // Something was put since this was asked last.
    bool take_wanted() { return std::exchange(wanted_, false); }
    void want() { wanted_ = true; }
    bool nothing_waits() const;
    bool somebody_waits() const { return !ring_.empty(); }

    // Lanes whose turn it is.
    void invite();
    bool awaits(const Http2Lane& lane) const { return ring_.awaits(lane); }
    void forget(const Http2Lane& lane) { ring_.forget(lane); }
    // Lanes that wait for larger windows have waited for long enough.
    void release_held(std::span<Http2Lane* const> lanes);
    std::int64_t next_release_ms() const;
    // Since when the client takes nothing; 0: it does.
    std::int64_t stuck_since_ms() const { return stuck_since_ms_; }

  private:
    bool lengthen();
    bool make_room(std::size_t octets);
    Frames::Put hold(Http2Lane& lane);
    template <class Encode>
    Frames::Put put_block(Http2Lane& lane, std::size_t text, bool end, std::uint64_t& sent, Encode encode);
    std::int64_t now_ms() const;

    Session& session_;
    http2::Connection& connection_;
    FrameBlock block_;
    FrameRing ring_;
    std::int64_t stuck_since_ms_ = 0;
    std::int64_t held_since_ms_ = 0;  // lanes wait for larger windows; 0: none does
    bool wanted_ = false;
    bool failed_ = false;
    bool no_credit_ = false;
};

}  // namespace switchyard::serve
