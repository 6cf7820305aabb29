// A client's HTTP/2 connection: frames come and are told to its lanes, which put theirs.
//
// A shell over http2::Connection, which judges what comes and keeps windows and limits. The session (session.h) lends
//   strand, stream and buffer, and closes in the end.
// In: what is read is told at once; heads begin exchanges, a few per turn, so that a hundred of them keep no other
//   client from the worker. Out: http2_sender.h.
// An end in order has two steps (RFC 9113 §6.8): GOAWAY with the highest id and a PING; once that is acknowledged, or a
//   second later, GOAWAY with the last lane that is served. Then the lanes finish.
// Invariants: a lane is counted until its exchange has ended; an idle session holds no block.
// Threads: one worker. Owns: the lanes.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "proxy/http2/connection.h"
#include "proxy/net/task.h"
#include "proxy/serve/http2_lane.h"
#include "proxy/serve/http2_sender.h"

namespace switchyard::serve {

class Session;

class Http2Session final : private http2::Connection::Events {
  public:
    // Of one worker, whichever connections they are on: what is beyond is refused before it costs anything.
    static constexpr std::uint64_t kMostExchanges = 8'192;
    static constexpr std::uint64_t kMostUndelivered = 64ULL * 1024 * 1024;

    Http2Session(Session& session, ListenerPlace& place);
    ~Http2Session();
    Http2Session(const Http2Session&) = delete;
    Http2Session& operator=(const Http2Session&) = delete;

    enum class End : std::uint8_t {
        in_order,  // said good-bye; the peer may still be reading
        failed,    // the peer has been told why; not much longer is waited for it
        lost,      // the peer is gone
    };
    net::Task<End> run();

    WorkerContext& context();
    // No more lanes; those that are there finish.
    void end_gracefully();
    // Each looks whether it is meant.
    void wake_lanes();
    bool idle() const { return lanes_.empty(); }
    template <class Each>
    void each_exchange(Each each) const {
        for (const Http2Lane* lane : lanes_)
            if (lane->exchange != nullptr) each(*lane->exchange);
    }

    // For lanes, while they run.
    void over(Http2Lane& lane);  // and gone
    void lane_rests();
    void taken(const Http2Lane& lane, std::size_t octets);
    net::Stream& wire();

  private:
    http2::Connection connection_{true};

  public:
    Http2Sender sender;

  private:
    enum class Ending : std::uint8_t { no, asked, announced, last };

    // http2::Connection::Events
    http2::Connection::HeadRoom room_for_head(std::uint32_t lane) override;
    void head(std::uint32_t lane, const http2::RequestHead& wall, http2::RequestHead::Verdict verdict,
              bool end) override;
    void data(std::uint32_t lane, std::string_view octets, bool end) override;
    void trailer(std::uint32_t lane, std::string_view name, std::string_view value) override;
    void reset(std::uint32_t lane, http2::ErrorCode code) override;
    void malformed(std::uint32_t lane, const char* why) override;
    void writable(std::uint32_t lane) override;

    void read();
    void settle_dead();
    void start_lanes();
    void follow_failure();
    void follow_end();
    void break_off(Http2Lane& lane);
    void lose();
    bool is_over() const;
    void arm();
    void late();
    Http2Lane* find(std::uint32_t id) const;
    void destroy(Http2Lane& lane);

    Session& session_;
    ListenerPlace& place_;
    std::vector<Http2Lane*> lanes_;      // their ids rise
    std::vector<std::uint32_t> dead_;    // reset before they began
    std::unique_ptr<Http2Lane> coming_;  // whose head is being read
    std::size_t unstarted_ = 0;
    std::int64_t idle_since_ms_ = 0;
    std::int64_t head_since_ms_ = 0;  // a head, or the beginning, is waited for; 0: none is
    std::int64_t end_since_ms_ = 0;
    std::int64_t failed_since_ms_ = 0;  // the peer did wrong, and the lanes have been told; 0: it did not
    Ending ending_ = Ending::no;
    bool again_ = false;  // there is more to do, when others have had their turn
    bool in_turn_ = false;
    bool input_over_ = false;
    bool lost_ = false;
};

}  // namespace switchyard::serve
