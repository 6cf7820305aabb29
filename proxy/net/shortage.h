// Whose fault a failed system call is: of this machine, which has no descriptor, port or memory left, or of the other
// side. What is lacking here says nothing about an endpoint: none is ejected, rested or called unhealthy for it.
#pragma once

#include <cerrno>

namespace switchyard::net {

constexpr bool is_our_shortage(int error) {
    switch (error) {
        case EMFILE:   // this process has no descriptor left
        case ENFILE:   // the system has none
        case ENOBUFS:  // nor memory for a socket
        case ENOMEM:
        case EADDRNOTAVAIL:  // no ephemeral port to that address is left
            return true;
        default:
            return false;
    }
}

}  // namespace switchyard::net
