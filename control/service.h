// The running process as a service: what its manager is told of its life (docs/operations.md), and the listening
// sockets that the manager keeps for the next process.
//
// A life: waiting() while it is not ready, ready() once, reloading() around each SIGHUP, stopping() at the end.
// Errors: nothing waits for a manager that is busy; what could not be sent is owed, and make_up() sends it later.
// Threads: control.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proxy/net/listening_socket.h"
#include "proxy/net/notify_socket.h"

namespace switchyard {
struct Snapshot;
}

namespace switchyard::control {

class Service {
  public:
    explicit Service(switchyard::net::NotifySocket manager) : manager_(std::move(manager)) {}

    // May be asked of often.
    void waiting();
    void ready(std::uint64_t generation, unsigned workers);
    bool is_ready() const { return ready_; }
    // For the process that takes this one's place. From silent() on that one speaks; speak() takes it back.
    std::vector<std::string> environment() const { return manager_.environment(); }
    void silent();
    void speak();
    // The file is read again until what is answered here has gone.
    std::shared_ptr<const void> reloading();
    // What is in flight has this long.
    void stopping(std::chrono::milliseconds grace);

    // Of the generation that is about to go to the workers: its sockets are kept from here on, those of others are not.
    void keep(const Snapshot& next);
    // The names that sockets came under with the start, from the process before: nothing stays under them but what the
    // first keep() gives.
    void came(const std::set<std::string>& names);
    // May be asked of often.
    void make_up();

  private:
    using Named = std::map<std::string, std::weak_ptr<switchyard::net::ListeningSockets>>;  // by listener

    void say(std::string lines);
    // All that is owed has been sent.
    bool settle();
    bool give(const std::string& name, switchyard::net::ListeningSockets& sockets) const;

    switchyard::net::NotifySocket manager_, other_;  // `other_`: the manager, while another process speaks to it
    Named wanted_;                                   // of the newest generation, which holds them
    Named kept_;                                     // given, and not to be forgotten
    std::set<std::string> stale_;  // names under which the manager may have others than the wanted ones
    std::string unsaid_;           // the newest word about the process's life that could not be sent
    bool behind_ = false;
    std::chrono::steady_clock::time_point next_word_{}, next_try_{};
    bool ready_ = false;
    bool stopping_ = false;
};

}  // namespace switchyard::control
