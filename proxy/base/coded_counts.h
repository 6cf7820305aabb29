// What compression has done to the answers of one route and upstream.
#pragma once

#include <cstdint>

namespace switchyard {

struct CodedCounts {
    std::uint64_t answers = 0;
    std::uint64_t bytes_in = 0;   // of their bodies, as the endpoint sent them
    std::uint64_t bytes_out = 0;  // compressed
    std::uint64_t refused = 0;    // sent as they are because as many as may be were being compressed

    CodedCounts& operator+=(const CodedCounts& more) {
        answers += more.answers;
        bytes_in += more.bytes_in;
        bytes_out += more.bytes_out;
        refused += more.refused;
        return *this;
    }
};

}  // namespace switchyard
