// One stream of a client's HTTP/2 connection: a request came by it, its exchange runs, its answer goes.
//
// The flags of `stream`, which is no socket here, say what the lane may do: readable (octets or the end of the body are
//   here), writable (it may try to put a frame), broken (reset, or the connection is gone).
// Its head's text stands in `in` until the exchange takes it. What comes of its body is kept here until it is taken: at
//   most a lane's window.
// Threads: one worker. Owns: the exchange. Made and destroyed by the session (http2_session.h), which outlives it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/http2/request_head.h"
#include "proxy/net/task.h"
#include "proxy/serve/body_chain.h"
#include "proxy/serve/client_connection.h"
#include "proxy/serve/frames.h"

namespace switchyard::serve {

class Http2Session;

class Http2Lane final : public ClientConnection, public Frames {
  public:
    Http2Lane(Http2Session& session, const ClientConnection& connection, ListenerPlace& place, std::uint32_t id);
    ~Http2Lane() override;

    static void* operator new(std::size_t size) { return net::FrameCache::allocate(size); }
    static void operator delete(void* lane, std::size_t size) { net::FrameCache::release(lane, size); }

    // What comes, as the session's frames tell.
    http::Head& head() { return head_; }
    void head_came(const http2::RequestHead& wall, http2::RequestHead::Verdict verdict, bool end);
    void data_came(std::string_view octets, bool end);
    void trailer_came(std::string_view name, std::string_view value);
    // Reset, or its connection is gone: nothing more goes either way.
    void break_off();
    // Reset because its message is malformed.
    void refuse(const char* why);
    const char* refused() const { return refused_; }  // why; null: it was not
    // May try again.
    void invite();

    // Begins the exchange. It may be over, and the lane gone, when this returns.
    void start();
    bool started() const { return started_; }
    std::uint32_t id() const { return id_; }

    // For ClientLane.
    enum class Request : std::uint8_t { here, bad, too_large };
    Request take_head(http::Head& head, net::Buffer& text);
    // END_STREAM came.
    bool ended() const { return ended_; }
    // What stands behind the head, here or still to come.
    bool has_body() const { return !ended_ || !body_.empty() || !trailers_.empty(); }
    const char* why() const { return why_; }
    net::Transfer say(std::string_view octets);
    net::Stream& wire() const;
    void make_last();

    Came pull(Run& run) override;
    void take(std::size_t octets) override;
    bool take_whole(std::size_t octets, net::Buffer& to) override;
    std::string_view trailers() const override { return trailers_; }
    Put put_head(std::string_view head, bool end, std::uint64_t& sent) override;
    Put put_trailers(std::string_view lines, std::uint64_t& sent) override;
    Put put_data(std::string_view& octets, bool end, std::uint64_t& sent) override;

    // Octets that were never taken; their windows are owed.
    std::size_t untaken() const { return body_.size(); }
    bool said_all() const { return said_all_; }
    bool is_tunnel() const { return websocket_ && headed_; }
    bool invited = false;  // by the session: it is his turn
    // In the ring for so much room, and for no window; 0: for a window, too.
    std::size_t room_wanted = 0;
    bool held = false;     // waits for more of a window than there is
    bool insists = false;  // has waited for long enough

  private:
    void woken() override;
    net::Running run();
    void add_length();
    void become_upgrade();
    bool add_line(std::string_view name, std::string_view value, http::FieldName id);
    Put note(Put put, bool end);

    Http2Session& session_;
    const std::uint32_t id_;
    bool started_ = false;
    bool websocket_ = false;  // an extended CONNECT
    bool ended_ = false;
    bool headed_ = false;    // the head of the final answer is out
    bool said_all_ = false;  // END_STREAM is
    Request request_ = Request::here;
    const char* why_ = nullptr;
    const char* refused_ = nullptr;
    net::Running running_;
    BodyChain body_;
    std::string trailers_;
    http::Head head_;
};

}  // namespace switchyard::serve
