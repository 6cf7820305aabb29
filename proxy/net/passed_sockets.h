// Listening sockets that the parent process passes at start (systemd: LISTEN_FDS, sd_listen_fds(3)): of a
// .socket unit, or those that the process before gave into its keeping (notify_socket.h). Clients that connect
// meanwhile wait in their queues.
//
// Invariants: each belongs to at most one listener. The caller closes what no listener has claimed.
// Threads: control.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/model/address.h"
#include "proxy/net/descriptor.h"
#include "proxy/net/socket_address.h"

namespace switchyard::net {

class PassedSockets {
  public:
    // Those of the environment, when they are meant for this process; the environment forgets them.
    static PassedSockets of_environment();

    // Takes a descriptor that listens or may listen; what is neither is closed, and `name` said in the log.
    void add(Descriptor fd, const std::string& name);
    // Takes out what is bound to this address. Port 0 is any port of a socket with the listener's name.
    std::vector<int> claim(const config::Address& bind, const std::string& listener);
    // Closes the rest; answers name and address of each.
    std::vector<std::pair<std::string, std::string>> close_rest();
    // All that came, claimed or not: their keeper may go on to hold it under these.
    const std::set<std::string>& names() const { return names_; }

  private:
    struct Passed {
        Descriptor fd;
        std::string name;
        SocketAddress address;
    };
    std::vector<Passed> all_;
    std::set<std::string> names_;
};

}  // namespace switchyard::net
