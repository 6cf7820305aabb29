// The listening sockets of one address: one per worker with SO_REUSEPORT, so that the kernel spreads connections and
// workers share no accept queue. For a unix socket every worker has a descriptor of its own of the one socket.
//
// A life: open() binds, so that a failure is an answer and not a surprise, and no client can connect yet; listen() when
//   the generation that names them goes to the workers; retire() when one that does not is published, and from then on
//   the address may be opened anew; each worker closes its own descriptor when it adopts that generation. What is left
//   is closed with the last snapshot.
// Threads: control, but for descriptor() and close(), each of which touches only what is that worker's.
// Owns: the descriptors; the path of a unix socket until retire(), unless it came from another process or goes to one.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "config/model/address.h"

namespace switchyard::net {

class ListeningSockets {
  public:
    // Does a socket of ours hold the same port already? Then the question whether another process does cannot be asked.
    enum class Neighbours : bool { none, ours };

    // Null and `why` set on failure. Fails loudly when another process holds the address.
    static std::shared_ptr<ListeningSockets> open(const config::Address& bind, unsigned workers, std::string* why,
                                                  Neighbours neighbours = Neighbours::none);
    // Descriptors that another process has bound, listens on, and may go on to use: closing ours ends nothing for it,
    // and the path of a unix socket is not ours to unlink. Takes them over; there must be one at least. Those beyond
    // the number of workers are closed: no worker would take what waits in them.
    static std::shared_ptr<ListeningSockets> passed(const config::Address& bound, std::vector<int> descriptors,
                                                    unsigned workers, std::string* why);
    ~ListeningSockets();
    ListeningSockets(const ListeningSockets&) = delete;
    ListeningSockets& operator=(const ListeningSockets&) = delete;

    // Connections may come from here on. False and `why` set: another process was faster since open().
    bool listen(std::string* why);
    bool listening() const { return listening_; }
    // Control gives them up for good.
    void retire();
    // Another process holds copies for the next one: closing ours ends nothing, and a path outlives this process.
    void share() { kept_elsewhere_.store(true, std::memory_order_relaxed); }
    // Every worker has closed its descriptor.
    bool closed() const { return open_.load(std::memory_order_acquire) == 0; }

    unsigned count() const { return static_cast<unsigned>(fds_.size()); }
    int descriptor(unsigned worker) const { return fds_[worker]; }
    // Ends this worker's listening; what waits in the queue is reset. It has left the poller before.
    void close(unsigned worker);

    // What the kernel bound: differs from what was asked for when the port was 0.
    const config::Address& bound() const { return bound_; }

  private:
    ListeningSockets() = default;
    bool is_unix() const { return bound_.kind == config::Address::Kind::unix_path; }
    bool share_among(unsigned workers);
    void note_path();
    void give_up_path();

    std::vector<int> fds_;  // by worker
    std::atomic<unsigned> open_{0};
    config::Address bound_;
    bool listening_ = false;
    bool from_elsewhere_ = false;
    std::atomic<bool> kept_elsewhere_{false};
    bool owns_path_ = false;
    unsigned long long path_device_ = 0, path_inode_ = 0;
};

}  // namespace switchyard::net
