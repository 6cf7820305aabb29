// Connections to one endpoint that many exchanges share (HTTP/2), as the owner of its pools sees them: what is idle too
// long, no longer wanted or of an endpoint that is gone has to end. How they are spoken on is serve's.
//
// Threads: one worker.
#pragma once

#include <cstddef>
#include <cstdint>

namespace switchyard::net {
class OutwardTls;
}

namespace switchyard::upstream {

class SharedConnections {
  public:
    SharedConnections() = default;
    SharedConnections(const SharedConnections&) = delete;
    SharedConnections& operator=(const SharedConnections&) = delete;
    virtual ~SharedConnections() = default;

    // From now on connections are made this way, and no others; those that are there end with what runs on them.
    // `wanted`: the endpoint is spoken to so at all.
    virtual void keep_only(const net::OutwardTls* how, bool wanted) = 0;
    // Of an endpoint that is routed to no more.
    virtual void retire(bool on) = 0;
    // Those that have had no request since before `oldest_ms`.
    virtual void close_idle(std::int64_t oldest_ms) = 0;

    virtual std::size_t connections() const = 0;
    virtual std::size_t idle() const = 0;
    // Exchanges that have a place on one of them, or wait for one.
    virtual std::size_t lanes() const = 0;
};

}  // namespace switchyard::upstream
