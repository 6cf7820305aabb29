// The client's side of an HTTP/2 connection as a state machine: what connection.h is for those who ask us, this is for
// those whom we ask. No sockets, no clock, no buffers of bodies.
//
// feed() and the events: as in connection.h. Lanes are opened by us, one after the other, by the head that was written.
// What the peer does wrong ends the connection, but for what concerns one answer alone: a malformed one, and a body
// that
//   is not as long as it was said to be, reset their lane.
// Flow control: a lane's window is credited when its exchange has taken the octets, the connection's when they have
//   come. So a client that takes nothing holds up its own lane and no other, and what is held of a connection is at
//   most the windows of its lanes.
// GOAWAY: lanes above its last id were never looked at (`unserved`), like those that the peer refuses; the others go
// on.
//   No more are opened. PUSH_PROMISE is a fault: we have told the peer to push nothing.
// Invariants: windows never pass 2^31-1; after ended() nothing is told any more. No PING is ever sent: servers of gRPC
//   punish those who ask too often.
// Threads: plain object. Units: octets; milliseconds of a clock that never goes back. Source: RFC 9113.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>

#include "proxy/http/head.h"
#include "proxy/http2/frame_connection.h"
#include "proxy/http2/lane.h"
#include "proxy/http2/response_head.h"

namespace switchyard::http2 {

// More would wait for each other in one block, and one connection that is lost would cost more of them.
inline constexpr std::size_t kMostOutwardLanes = 32;
// Before the peer has said how many it takes.
inline constexpr std::size_t kFirstOutwardLanes = 9;

// Where the next head is decoded to.
struct AnswerRoom {
    std::span<char> text;  // http::kMaxHead octets
    http::Head* head;
};

struct AnswerOpenBlock : OpenBlock {
    AnswerRoom room{};
    std::optional<ResponseHead> wall;
};

// kPreface is sent before what waits in control().
class OutwardConnection : public FrameConnection<OutwardConnection, AnswerOpenBlock> {
  public:
    using HeadRoom = AnswerRoom;
    class Events {
      public:
        // Where the next head is decoded to; both live until head() has returned.
        virtual HeadRoom room_for_head() = 0;
        // An answer begins, or an interim one (1xx); `text` is where its head stands.
        virtual void head(std::uint32_t lane, std::string_view text, const http::Head& head, bool end) = 0;
        virtual void data(std::uint32_t lane, std::string_view octets, bool end) = 0;
        // The fields behind the body, one by one, then data("", end).
        virtual void trailer(std::uint32_t lane, std::string_view name, std::string_view value) = 0;
        // Nothing more goes on it, and nothing more comes. `unserved`: the peer has not looked at it. `why`: what was
        // wrong with its answer; null: the peer has reset it, or turned it away.
        virtual void reset(std::uint32_t lane, ErrorCode code, bool unserved, const char* why) = 0;
        // A lane, or with 0 all of them, may send again.
        virtual void writable(std::uint32_t lane) = 0;

      protected:
        ~Events() = default;
    };

    OutwardConnection();

    std::size_t feed(std::string_view octets, std::int64_t now_ms, Events& events);

    // No more lanes: the peer ends in order, or no number is left for one.
    bool going() const { return going_ || next_ > kMaxStreamId; }

    // How many lanes there may be now.
    std::size_t limit() const;
    // RFC 8441.
    bool takes_extended_connect() const { return peer_.connect_protocol; }

    // A head was written: its lane begins. Its id is known before. `bodiless`: the request was HEAD, whose answer's
    // length speaks of what does not come.
    std::uint32_t next_lane() const { return next_; }
    void open(bool end, bool bodiless);

    void sent_data(std::uint32_t lane, std::uint32_t octets, bool end);
    void sent_trailers(std::uint32_t lane);
    void taken(std::uint32_t lane, std::uint32_t octets);
    // The lane's exchange has ended. Where either side has not said its end, it is reset.
    void done(std::uint32_t lane);
    std::size_t lanes() const { return lanes_.size(); }

  private:
    friend FrameConnection<OutwardConnection, AnswerOpenBlock>;
    static constexpr Role kRole = Role::client;
    struct OutwardLane : Lane {
        using Lane::Lane;
        bool bodiless = false;
    };

    void begin_block(const FrameHead& head, Events& events);
    void block_ends(Events& events);
    void answer_begins(OutwardLane& lane, Events& events);
    void data(const FrameHead& head, std::string_view payload, Events& events);
    void priority(const FrameHead&, std::string_view) { misdeed(); }
    void ping_acknowledged() { misdeed(); }            // we never asked
    static std::uint32_t last_of_peer() { return 0; }  // nothing of the peer's was ever begun
    static bool merges(http::FieldName trailer);
    void goaway(std::string_view payload, Events& events);
    void rst_stream(const FrameHead& head, std::string_view payload, Events& events);
    void window_update(const FrameHead& head, std::string_view payload, Events& events);
    void malformed(std::uint32_t lane, const char* why, Events& events);
    bool was_never_opened(std::uint32_t id) const { return id % 2 == 0 || id >= next_; }
    OutwardLane* find(std::uint32_t id);
    const OutwardLane* find(std::uint32_t id) const;

    bool going_ = false;
    std::uint32_t next_ = 1;
    std::uint32_t last_served_ = kMaxStreamId;
    std::map<std::uint32_t, OutwardLane> lanes_;
};

}  // namespace switchyard::http2
