// One thing that is wrong with a configuration: where, and what was expected there.
#pragma once

#include <string>

namespace switchyard::config {

struct Error {
    std::string pointer;  // RFC 6901 JSON pointer, e.g. /routes/0/split/grene; empty: the whole document
    std::string detail;   // what is wrong, what was expected, and the nearest right thing where there is one
    bool operator==(const Error&) const = default;
};

}  // namespace switchyard::config
