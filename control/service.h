// The running process as a service: what its manager is told of its life (docs/operations.md), and the listening
// sockets that the manager keeps for the next process.
//
// A life: waiting() while it is not ready, ready() once, reloading() around each SIGHUP, stopping() at the end.
// Threads: control.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/net/listening_socket.h"
#include "proxy/net/notify_socket.h"

namespace switchyard {
struct Snapshot;
}

namespace switchyard::control {

class Service {
  public:
    explicit Service(net::NotifySocket manager) : manager_(std::move(manager)) {}

    // May be asked of often.
    void waiting();
    void ready(std::uint64_t generation, unsigned workers);
    bool is_ready() const { return ready_; }
    // The file is read again until what is answered here has gone.
    std::shared_ptr<const void> reloading();
    // What is in flight has this long.
    void stopping(std::chrono::milliseconds grace);

    // Of the generation that is about to go to the workers: its sockets are kept from here on, those of others are not.
    void keep(const Snapshot& next);
    // Sockets that came with the start and that no listener has asked for.
    void forget(const std::string& name) const { manager_.forget(name); }

  private:
    net::NotifySocket manager_;
    std::map<std::string, std::weak_ptr<net::ListeningSockets>> kept_;  // by listener
    std::chrono::steady_clock::time_point next_word_{};
    bool ready_ = false;
    bool stopping_ = false;
};

}  // namespace switchyard::control
