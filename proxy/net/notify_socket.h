// The socket of a service's manager that wants to know how the process is: systemd's protocol (sd_notify(3)),
// one datagram for each piece of news.
//
// Errors: news that cannot be sent are lost and said so by `false`; nothing waits for the manager.
// Threads: control.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace switchyard::net {

class NotifySocket {
  public:
    // No manager listens, and nothing is sent.
    NotifySocket() = default;
    // `address` as in NOTIFY_SOCKET: a path, or a name behind '@'.
    NotifySocket(std::string address, bool keeps_sockets)
        : address_(std::move(address)), keeps_sockets_(keeps_sockets) {}
    // As the environment says (NOTIFY_SOCKET; FDSTORE, how many sockets it would keep). Both are taken out of it: what
    // this process starts is no service of that manager's.
    static NotifySocket of_environment();

    // For a process that takes this one's place: as in the environment, NAME=value.
    std::vector<std::string> environment() const;
    bool listens() const { return !address_.empty(); }
    // It holds sockets for the next process, so that no client that connects between two is refused.
    bool keeps_sockets() const { return listens() && keeps_sockets_; }

    // Lines such as READY=1.
    bool tell(const std::string& lines) const;
    // A copy of each, under one name. What was kept under that name before stays, too.
    bool keep(const std::string& name, std::span<const int> descriptors) const;
    bool forget(const std::string& name) const;

  private:
    bool send(const std::string& lines, std::span<const int> descriptors) const;

    std::string address_;
    bool keeps_sockets_ = false;
};

}  // namespace switchyard::net
