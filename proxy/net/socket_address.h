// A resolved address, ready for connect() and bind(), and its textual form.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>

#include "config/address.h"

namespace switchyard::net {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;

    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
    int family() const { return storage.ss_family; }
    // Without the port: "127.0.0.1", "::1", "unix".
    std::string host_text() const;
    std::uint16_t port() const;
};

// Names are looked up with getaddrinfo, which blocks: control thread only. False and `why` set on failure.
bool resolve(const config::Address& address, SocketAddress& out, std::string* why);

}  // namespace switchyard::net
