// What becomes of a client's connection when an exchange on it is over.
#pragma once

#include <cstdint>

namespace switchyard::serve {

enum class Next : std::uint8_t {
    keep,   // the connection is at a message boundary and may serve another request
    close,  // close it gently: the client may still be sending
    done,   // the client asked for the end and has said all it had to say: just close
    cut,    // reset it: the client must not take what it has got for a whole message
};

}  // namespace switchyard::serve
