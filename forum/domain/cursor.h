// Where the next page begins: the sort key and the row id of the last entry shown. Clients get it sealed
// (api/cursor_seal.h).
//
// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <string>

namespace forum {

struct Cursor {
    std::string key;  // sort key of the last entry, as text
    std::int64_t row = 0;

    friend bool operator==(const Cursor&, const Cursor&) = default;
};

}  // namespace forum
