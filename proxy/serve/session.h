// One client connection: waits for requests, hands each to an exchange, and closes in the end. Where HTTP/2 is spoken
// the requests are Http2Session's.
//
// Invariants: lives and dies on one worker; holds no buffer while idle. HTTP/1: at most one exchange at a time;
//   pipelined requests wait in the buffer.
// Threads: one worker. Errors: nothing escapes; `over` is called once, from the loop.
#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <cstdint>
#include <functional>

#include "proxy/net/descriptor.h"
#include "proxy/net/task.h"
#include "proxy/serve/client_connection.h"

namespace switchyard::serve {

class HandshakePlace;
class Http2Session;

class Session final
    : public ClientConnection,
      public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  public:
    Session(WorkerContext& context, ListenerPlace& place, const route::ClientAddress& client);
    ~Session() override;

    // Takes over the accepted descriptor. False: it could not be watched; destroy the session.
    bool start(net::Descriptor fd);
    // Ends it: at once when idle, else after the exchange that runs (its answer says Connection: close).
    void finish();
    bool idle() const { return idle_; }
    // Whatever runs here looks whether it is meant.
    void look();
    // Of a connection that has many: no more begin, and those that run finish.
    void end_lanes();
    template <class Each>
    void each_exchange(Each each) const {
        if (http2_ != nullptr) return each_lane(each);
        if (exchange != nullptr) each(*exchange);
    }
    // By Http2Session.
    void note_busy() { idle_ = false; }
    void note_idle() {
        idle_ = true;
        idle_since_ms_ = static_cast<std::uint32_t>(context_.now_ms);
    }
    bool idle_for(std::int64_t milliseconds) const {
        return idle_ && static_cast<std::uint32_t>(context_.now_ms) - idle_since_ms_ >= milliseconds;
    }

  private:
    void woken() override;
    // What is still to come before the first request, beside a handshake.
    struct Beginning {
        bool header;  // of the PROXY protocol
        bool which;   // in clear the first octets say which protocol it is
    };
    enum class Begun : std::uint8_t { not_yet, http1, http2, over };
    net::Running run();
    net::Task<Begun> begin(Beginning& left);
    net::Task<bool> read_more();
    net::Task<> linger(std::int64_t most_ms);
    net::Task<bool> take_proxy_header();
    bool enter_client();
    net::Task<bool> secure();
    net::Task<bool> wait_for_step(HandshakePlace& place);
    net::Task<bool> wait_for_its_time(const net::TlsPolicy& policy);
    net::Task<bool> begins_http2();
    net::Task<> speak_http2();
    void each_lane(const std::function<void(const Exchange&)>& each) const;
    net::Task<bool> settle();
    void handshake_failed(TlsTrouble kind, std::string_view why);
    void end_if_done();
    std::int64_t idle_deadline() const;

    route::KeyCounts::Place counted_;  // among its client's connections
    net::Running running_;
    Http2Session* http2_ = nullptr;  // while that is spoken
    bool idle_ = true;
    bool finishing_ = false;
    bool in_clear_ = false;            // no handshake has to come, or it is over
    std::uint32_t idle_since_ms_ = 0;  // the low half of the clock: it stands where nothing else would
};

}  // namespace switchyard::serve
