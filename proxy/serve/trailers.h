// The trailer lines of one message that are passed on: those it announced and its route allows, or, of a gRPC call,
// all.
#pragma once

#include <string>
#include <vector>

namespace switchyard::serve {

struct Trailers {
    // Some may be.
    bool any() const { return all || !wanted.empty(); }

    std::vector<std::string> wanted;  // lower case
    bool all = false;
    std::string lines;  // "name: value\r\n" each, as they came
};

}  // namespace switchyard::serve
