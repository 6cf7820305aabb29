// One stream of a client's HTTP/2 connection: a request came by it, its exchange runs, its answer goes.
//
// The flags of `stream`, which is no socket here, say what the lane may do: readable (octets or the end of the body are
//   here), writable (it may try to put a frame), broken (reset, or the connection is gone).
// Threads: one worker. Owns: the exchange. Made and destroyed by the session (http2_session.h), which outlives it.
#pragma once

#include <cstdint>
#include <string_view>

#include "proxy/net/task.h"
#include "proxy/serve/client_connection.h"
#include "proxy/serve/frame_turn.h"
#include "proxy/serve/http2_request.h"

namespace switchyard::serve {

class Http2Session;

class Http2Lane final : public ClientConnection, public FrameTurn {
  public:
    Http2Lane(Http2Session& session, const ClientConnection& connection, ListenerPlace& place, std::uint32_t id);
    ~Http2Lane() override;

    static void* operator new(std::size_t size) { return net::FrameCache::allocate(size); }
    static void operator delete(void* lane, std::size_t size) { net::FrameCache::release(lane, size); }

    // What came by it; as the session's frames tell, by way of the lane, which wakes.
    Http2Request request;
    void head_came(const http2::RequestHead& wall, http2::RequestHead::Verdict verdict, bool end);
    void data_came(std::string_view octets, bool end);
    // Reset, or its connection is gone: nothing more goes either way.
    void break_off();
    // Reset because its message is malformed.
    void refuse(const char* why);
    void invite() override;

    // Begins the exchange. It may be over, and the lane gone, when this returns.
    void start();
    bool started() const { return started_; }
    std::uint32_t id() const { return id_; }

    // For ClientLane.
    net::Transfer say(std::string_view octets);
    net::Stream& wire() const;
    void make_last();

    bool said_all() const { return said_all_; }
    bool is_tunnel() const { return request.asks_for_websocket() && headed_; }
    bool held = false;     // waits for more of a window than there is
    bool insists = false;  // has waited for long enough

  private:
    Came pull(Run& run) override;
    void take(std::size_t octets) override;
    bool take_whole(std::size_t octets, net::Buffer& to) override;
    std::string_view trailers() const override { return request.trailers(); }
    Put put_head(std::string_view head, bool end, std::uint64_t& sent) override;
    Put put_trailers(std::string_view lines, std::uint64_t& sent) override;
    Put put_data(std::string_view& octets, bool end, std::uint64_t& sent) override;

    void woken() override;
    net::Running run();
    Put note(Put put, bool end);

    Http2Session& session_;
    const std::uint32_t id_;
    bool started_ = false;
    bool headed_ = false;    // the head of the final answer is out
    bool said_all_ = false;  // END_STREAM is
    net::Running running_;
};

}  // namespace switchyard::serve
