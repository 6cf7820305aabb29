// The listening sockets of one address: one per worker with SO_REUSEPORT, so that the kernel spreads connections and
// workers share no accept queue. For a unix socket all workers share the one descriptor.
//
// Opened by control (so that a bind failure is an answer, not a surprise), used by workers, closed with the last
// snapshot that names it.
// Threads: immutable after open(); each worker uses only its own descriptor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/address.h"

namespace switchyard::net {

class ListeningSockets {
  public:
    // Null and `why` set on failure. Fails loudly when another process holds the address.
    static std::shared_ptr<ListeningSockets> open(const config::Address& bind, unsigned workers, std::string* why);
    ~ListeningSockets();
    ListeningSockets(const ListeningSockets&) = delete;
    ListeningSockets& operator=(const ListeningSockets&) = delete;

    int descriptor(unsigned worker) const { return fds_[worker % fds_.size()]; }
    // What the kernel bound: differs from what was asked for when the port was 0.
    const config::Address& bound() const { return bound_; }

  private:
    ListeningSockets() = default;
    std::vector<int> fds_;
    config::Address bound_;
};

}  // namespace switchyard::net
