// A value that the file and a change at run time have set to different ends.
#pragma once

#include <string>

namespace switchyard::config {

struct Conflict {
    std::string pointer;            // in the file; of what the file does not have: in the state
    std::string detail;             // what is meant, in words, with the three values
    std::string base, file, state;  // JSON in one line; empty: not there
    bool operator==(const Conflict&) const = default;
};

}  // namespace switchyard::config
