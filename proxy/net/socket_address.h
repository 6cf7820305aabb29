// A resolved address, ready for connect() and bind(), and its textual form.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>

#include "config/model/address.h"

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

// Of an address or a unix socket; nothing is looked up, so a name is a failure. False and `why` set on failure.
bool numeric(const config::Address& address, SocketAddress& out, std::string* why);
// For binding: the same, "localhost" is 127.0.0.1, and another name is looked up with getaddrinfo, which blocks:
// control thread only, and never for endpoints.
bool resolve(const config::Address& address, SocketAddress& out, std::string* why);

}  // namespace switchyard::net
