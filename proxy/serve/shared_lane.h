// One stream of a connection to an endpoint that many exchanges share (HTTP/2): a request goes by it, its answer comes.
//
// The flags of `stream`, which is no socket, say what the lane may do: readable (a head, octets or the end are here, or
//   the lane is lost), writable (it may try to put a frame).
// What comes is kept here until it is taken: heads, interim ones too, and at most a lane's window of the body. What
// came
//   before a lane was lost is given first.
// Threads: one worker. Owns: what has come. Made by an attempt, which it wakes; its place is the pool's (shared_pool.h)
//   to give.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/base/failure.h"
#include "proxy/http/head.h"
#include "proxy/http2/frame.h"
#include "proxy/net/stream.h"
#include "proxy/net/task.h"
#include "proxy/serve/body_chain.h"
#include "proxy/serve/frame_turn.h"
#include "proxy/upstream/connection.h"
#include "proxy/upstream/upstream.h"

namespace switchyard::serve {

class SharedConnection;
class SharedPool;

class SharedLane final : public FrameTurn {
  public:
    // What is asked for: of a tunnel neither side's end is said with the head, and HEAD has a length without a body.
    // A WebSocket is a tunnel that begins as HTTP/1 wants it: by 101, with the proof that belongs to the client's key.
    enum class Asks : std::uint8_t { answer, head, tunnel, websocket };
    SharedLane(SharedPool& pool, net::Waiter& waiter, const upstream::Endpoint& endpoint,
               const upstream::Upstream& upstream, Asks asks, std::string_view websocket_key = {});
    ~SharedLane();
    SharedLane(const SharedLane&) = delete;
    SharedLane& operator=(const SharedLane&) = delete;

    static void* operator new(std::size_t size) { return net::FrameCache::allocate(size); }
    static void operator delete(void* lane, std::size_t size) { net::FrameCache::release(lane, size); }

    enum class Place : std::uint8_t {
        wanted,
        here,
        http1,  // the endpoint speaks HTTP/1 alone
        failed,
    };
    // What became of its wish for a place.
    struct Granted {
        Place place = Place::wanted;
        bool reused = false;              // its connection had served others, or stood idle
        Failure failure = Failure::none;  // no connection could be made
        std::string why;                  // in words, where there are any
        // http1: the connection that found it out, for the first of the lanes that waited for it.
        std::unique_ptr<upstream::Connection> wire;
    };
    Granted& granted() { return granted_; }

    enum class Lost : std::uint8_t {
        no,
        unmade,    // its connection never came to be: granted().failure
        unserved,  // the endpoint has not looked at the request
        declined,  // and never will: it takes none of that kind; why_lost()
        reset,
        gone,       // with its connection
        malformed,  // why_lost()
    };
    Lost lost() const { return lost_; }
    const char* why_lost() const { return why_lost_; }
    // By which code the endpoint has reset it, or turned it away; empty: it has not.
    std::optional<http2::ErrorCode> reset_by() const { return reset_by_; }

    // The next head, with its text in `text`. False: none is here.
    bool take_head(http::Head& head, net::Buffer& text);
    // The head that was taken is all of the answer.
    bool over_with_head() const {
        return came_.ended && came_.heads.empty() && came_.body.empty() && came_.trailers.empty();
    }
    // The octets mean nothing any more: the end of either side is one of a tunnel.
    void cut();

    Came pull(Run& run) override;
    void take(std::size_t octets) override;
    bool take_whole(std::size_t octets, net::Buffer& to) override;
    std::string_view trailers() const override { return came_.trailers; }
    Put put_head(std::string_view head, bool end, std::uint64_t& sent) override;
    Put put_trailers(std::string_view lines, std::uint64_t& sent) override;
    Put put_data(std::string_view& octets, bool end, std::uint64_t& sent) override;

    net::Stream stream;

  private:
    friend class SharedConnection;
    friend class SharedPool;
    struct CameHead {
        std::string text;
        http::Head head;
    };
    // What has come, and was not taken.
    struct Arrived {
        explicit Arrived(net::BufferPool& buffers) : body(buffers) {}
        std::deque<std::unique_ptr<CameHead>> heads;
        BodyChain body;
        std::string trailers;
        bool heard = false;  // a head has come
        bool ended = false;  // END_STREAM has
    };
    // Where it stands on its connection, for that.
    struct OnWire {
        std::uint32_t id = 0;  // 0: its head is not out
        std::int64_t asked_ms = 0;
        std::uint64_t head_at = 0;  // where its head begins in what the connection has put
        std::uint64_t wire_at = 0;  // no later than that, in octets that the kernel counts
    };
    Put note(Put put);
    bool tunnels() const { return asks_ == Asks::tunnel || asks_ == Asks::websocket; }
    bool switch_protocols(CameHead& came);
    void stand_on(SharedConnection& connection, bool reused);
    void give_up(Failure failure, const std::string& why);
    void use_http1(std::unique_ptr<upstream::Connection> wire);
    void head_came(std::string_view text, const http::Head& head, bool end);
    void data_came(std::string_view octets, bool end);
    void trailer_came(std::string_view name, std::string_view value);
    void lose(Lost how, const char* why = nullptr);
    void lose_connection(Failure failure) {
        granted_.failure = failure;
        lose(Lost::unmade);
    }
    void invite() override;

    SharedPool& pool_;
    SharedConnection* connection_ = nullptr;
    net::Waiter& waiter_;
    const upstream::Endpoint& endpoint_;
    const upstream::Upstream& upstream_;
    const Asks asks_;
    Lost lost_ = Lost::no;
    const char* why_lost_ = nullptr;
    std::optional<http2::ErrorCode> reset_by_;
    Granted granted_;
    OnWire on_wire_;
    Arrived came_;
    std::string websocket_key_;
};

}  // namespace switchyard::serve
