// The admin API's listening socket and its connections, on the control thread's io_context.
//
// Beast rather than a thread-per-connection library: a handler then runs where the controller lives, with no hand-over
// in the latency of a switch, a slow or silent client costs a buffer and not a thread, and one deadline bounds the
// whole of a request (docs/decisions).
// Invariants: a request is at most kHeadLimit + kBodyLimit bytes and kRequestTime long; at most kConnections are
//   open: a client that only holds a connection keeps no other from calling.
// Threads: control. Owns: the acceptor and its connections.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "config/model/address.h"
#include "config/model/process.h"
#include "control/admin/call/context.h"
#include "control/base/result.h"

namespace switchyard::control {

class AdminServer {
  public:
    static constexpr std::uint32_t kHeadLimit = 16 * 1024;
    static constexpr std::uint64_t kBodyLimit = 8 * 1024 * 1024;  // a configuration of ten thousand endpoints fits
    static constexpr std::chrono::seconds kRequestTime{10};       // first byte to last byte of a request
    static constexpr std::chrono::seconds kFirstByteTime{5};      // of a connection, handshake included
    static constexpr std::chrono::seconds kIdleTime{60};          // between two requests
    static constexpr std::chrono::seconds kWriteTime{30};         // a client that does not read is dropped
    static constexpr std::chrono::seconds kCloseTime{5};  // for goodbye, and for what a client was still sending
    // Beyond them who has been idle for longest makes room, before all others who has never called.
    static constexpr unsigned kConnections = 512;
    static constexpr std::chrono::seconds kHeartbeat{15};  // a comment line on a silent event stream

    // With settings.tls, or tls_certificate and tls_key: TLS 1.2 or newer, nothing else.
    // `passed`: a socket that listens there already; calls are taken from accept() on.
    static Result<std::unique_ptr<AdminServer>> listen(const config::Admin& settings, Context& context,
                                                       int passed = -1);
    void accept();
    // For another process: a copy of the socket.
    int descriptor() const;
    // No new connection; those that are open go on.
    void retire();
    ~AdminServer();

    const config::Address& bound() const;
    std::string url() const;
    void stop();

  private:
    struct Members;
    explicit AdminServer(std::shared_ptr<Members> members);
    std::shared_ptr<Members> members_;
};

}  // namespace switchyard::control
