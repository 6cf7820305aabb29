// One stream of a connection, as the connection sees it: who has ended, and what may still be sent.
//
// A lane exists from its first HEADERS until its exchange has ended, whichever side resets it: the peer's limit on
//   lanes is a limit on our work.
// Pure. Units: octets.
#pragma once

#include <cstdint>
#include <optional>

#include "proxy/http2/body_watch.h"
#include "proxy/http2/windows.h"

namespace switchyard::http2 {

struct Lane {
    Lane(std::uint32_t own_window, std::uint32_t peers_window) : receive(own_window), send(peers_window) {}

    ReceiveWindow receive;
    SendWindow send;
    std::optional<BodyWatch> body;  // once the head is there
    bool peer_ended = false;        // END_STREAM came
    bool we_ended = false;          // END_STREAM went
    bool reset = false;             // by either side: nothing more goes either way

    bool may_send() const { return !reset && !we_ended; }
};

}  // namespace switchyard::http2
