// What a client makes of coded octets.
#pragma once

#include <string>
#include <string_view>

#include "config/model/compress.h"

namespace switchyard::test {

struct Decoded {
    std::string text;
    bool ended = false;  // the stream has come to its end, and nothing stands behind it
};

// What can be decoded of these octets; throws where they are no such stream.
Decoded decode(config::Encoding encoding, std::string_view octets);

// The octets of a body in chunks, as far as they have come.
std::string unchunk(std::string_view body);

}  // namespace switchyard::test
