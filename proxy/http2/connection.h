// The server's side of an HTTP/2 connection as a state machine: frames in, events and control frames out. No sockets,
// no clock, no buffers of bodies.
//
// feed() takes whole frames and says how much it took; what is left is the beginning of the next one. Events are told
//   while it runs and must not call back into the connection; act when it has returned.
// What the peer does wrong ends the connection (a GOAWAY waits, ended() says why), but for three things that end a lane
//   alone: a malformed message, a body that is not as long as it was said to be, and one lane too many.
// Lanes: at most kMaxLanes, each counted until done() was called for it. Header blocks of lanes that are refused, or
//   come behind our GOAWAY, are decoded and dropped; DATA of lanes that are gone is credited at once: the connection's
//   HPACK table and window live on.
// Floods: what an honest peer has no use for takes a token (misdeeds.h); an empty bucket ends the connection.
// Invariants: windows never pass 2^31-1; ids of lanes are odd and rise; after ended() nothing is told any more.
// Threads: plain object. Units: octets; milliseconds of a clock that never goes back. Source: RFC 9113.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "proxy/http/head.h"
#include "proxy/http2/frame_connection.h"
#include "proxy/http2/lane.h"
#include "proxy/http2/misdeeds.h"
#include "proxy/http2/request_head.h"

namespace switchyard::http2 {

inline constexpr std::size_t kMaxLanes = 100;
inline constexpr std::uint32_t kLaneWindow = kDefaultWindow;
// Sixteen lanes that stand still may hold up a connection.
inline constexpr std::uint32_t kConnectionWindow = 1024 * 1024;
// WINDOW_UPDATE frames that an honest peer sends for a DATA frame of ours, and beside them.
inline constexpr unsigned kUpdatesPerData = 10, kFreeUpdates = 100;
// Lanes that we reset and about which the peer may not know yet.
inline constexpr std::size_t kRememberedResets = 128;
// A window that is smaller is news to those who wait for it whenever it grows.
inline constexpr std::int64_t kSmallWindow = 1'024;
// A DATA frame below this costs the peer a token where it has opened its window by no more.
inline constexpr std::uint32_t kDribble = 256;

struct RequestBlock : OpenBlock {
    std::optional<RequestHead> wall;
};

class Connection : public FrameConnection<Connection, RequestBlock> {
  public:
    // Where a head is decoded to; both live until the event that tells of it has returned. No head: there is no room
    // for another lane now, and it is refused.
    struct HeadRoom {
        std::span<char> text;  // http::kMaxHead octets
        http::Head* head;
    };
    class Events {
      public:
        virtual HeadRoom room_for_head(std::uint32_t lane) = 0;
        // A lane begins. Not fine: it has been reset (malformed), or is to be answered (bad 400, too_large 431).
        virtual void head(std::uint32_t lane, const RequestHead& wall, RequestHead::Verdict verdict, bool end) = 0;
        virtual void data(std::uint32_t lane, std::string_view octets, bool end) = 0;
        // The fields behind the body, one by one, then data("", end).
        virtual void trailer(std::uint32_t lane, std::string_view name, std::string_view value) = 0;
        // Nothing more comes or may be sent; its exchange has to end, and done() be called.
        virtual void reset(std::uint32_t lane, ErrorCode code) = 0;
        // The same by us, because its message is malformed behind its head; why.
        virtual void malformed(std::uint32_t lane, const char*) { reset(lane, ErrorCode::protocol_error); }
        // A lane, or with 0 all of them, may send again.
        virtual void writable(std::uint32_t lane) = 0;

      protected:
        ~Events() = default;
    };

    explicit Connection(bool extended_connect = false);

    // The octets of whole frames, the preface first. Returns how many were taken.
    std::size_t feed(std::string_view octets, std::int64_t now_ms, Events& events);

    // A DATA frame of that size was written; `end`: with END_STREAM. `more`: the lane had more than the window took.
    void sent_data(std::uint32_t lane, std::uint32_t octets, bool end, bool more, std::int64_t now_ms);
    // A head or trailers were written.
    void sent_head(std::uint32_t lane, bool end);
    // So many octets of a lane's body were taken by its exchange.
    void taken(std::uint32_t lane, std::uint32_t octets);
    // The lane's exchange has ended.
    void done(std::uint32_t lane);

    // The first step of a graceful end: the peer opens no more; the second, once it has acknowledged that or some time
    // has passed, names the last lane that is served.
    void begin_end();
    bool end_acknowledged() const { return end_acknowledged_; }
    void finish_end();

    std::size_t lanes() const { return lanes_.size(); }
    bool preface_came() const { return preface_came_; }

  private:
    friend FrameConnection<Connection, RequestBlock>;
    static constexpr Role kRole = Role::server;
    struct Numbered {
        std::uint32_t id;
        Lane lane;
    };
    using Lanes = std::vector<Numbered>;  // their ids rise
    // Of a connection that rests; a hundred lanes were a burst.
    static constexpr std::size_t kKeptLanes = 2;

    void begin_block(const FrameHead& head, Events& events);
    void block_ends(Events& events);
    void lane_begins(Events& events);
    void data(const FrameHead& head, std::string_view payload, Events& events);
    void priority(const FrameHead& head, std::string_view payload);
    void goaway(std::string_view, Events&) {}  // it opens no more lanes; ours go on
    void ping_acknowledged();
    std::uint32_t last_of_peer() const { return std::min(last_, last_served_); }
    static bool merges(http::FieldName trailer);
    void rst_stream(const FrameHead& head, std::string_view payload, Events& events);
    void window_update(const FrameHead& head, std::string_view payload, Events& events);
    void malformed(std::uint32_t lane, const char* why, Events& events);
    // Of a lane that is not there: passed over, or the end.
    enum class Late : std::uint8_t { head, body, reset, credit };
    void on_gone_lane(std::uint32_t id, Late what);
    bool was_reset_by_us(std::uint32_t id) const;
    void refuse(std::uint32_t id);
    void remember_reset(std::uint32_t id);
    Lane* find(std::uint32_t id);
    const Lane* find(std::uint32_t id) const;

    bool extended_connect_;
    bool preface_came_ = false;
    bool end_begun_ = false, end_acknowledged_ = false;
    bool ending_ = false;  // our last GOAWAY is out: lanes above last_served_ are passed over
    std::uint64_t updates_ = 0, updates_allowed_ = kFreeUpdates;
    std::uint32_t last_ = 0;  // the highest id that the peer used
    std::uint32_t last_served_ = kMaxStreamId;
    Misdeeds peer_resets_ = kPeerResets;
    Lanes lanes_;
    std::vector<std::uint32_t> our_resets_;  // the oldest first
};

}  // namespace switchyard::http2
