// Takes new connections from one listening socket and starts a session for each.
//
// Invariants: a burst is taken in bounded portions, so that other sockets get their turn; when the process is out of
//   descriptors for clients, or of memory, it pauses instead of spinning, and they wait in the kernel's queue; above
//   max_connections new ones are closed at once, counted as accepted.
// Threads: one worker. The descriptor belongs to the ListeningSockets.
#pragma once

#include <functional>
#include <memory>

#include "proxy/net/descriptor.h"
#include "proxy/serve/session.h"

namespace switchyard::serve {

class Acceptor final : private net::Waiter, private net::Socket {
  public:
    using Start = std::function<void(std::unique_ptr<Session>, net::Descriptor)>;

    Acceptor(WorkerContext& context, ListenerPlace& place, Start start);
    ~Acceptor() override;

    const net::ListeningSockets* sockets() const { return sockets_.get(); }
    // Takes what is waiting in the kernel's queue, then no more ever; the place is not needed any more.
    void close_after_queue();

  private:
    void woken() override;
    bool watched();
    bool accept_one();
    bool refuses(const route::ClientAddress& peer);
    bool descriptor_to_spare();
    void pause(const char* why);

    WorkerContext& context_;
    std::shared_ptr<net::ListeningSockets> sockets_;
    ListenerPlace& place_;
    Start start_;
    Alarm pause_;
    bool watched_ = false;             // by the poller
    bool scarce_ = false;              // few descriptors are left for clients: look before each
    std::int64_t quiet_until_ms_ = 0;  // said why it pauses
    std::int64_t quiet_about_peers_until_ms_ = 0;
};

}  // namespace switchyard::serve
