// A worker's clock, read once a turn: what is compared, and what is written into heads and lines, is one moment.
//
// Threads: one worker. Units: as named; the steady clock but for `wall…`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace switchyard::serve {

struct Clock {
    std::int64_t now_us = 0;
    std::int64_t now_ms = 0;
    std::int64_t wall_seconds = 0;
    std::int64_t wall_ahead_us = 0;  // add it to now_us for the time since 1970
    char date_line[40] = "";         // "Date: …\r\n"
    std::size_t date_line_size = 0;

    std::string_view date() const { return {date_line, date_line_size}; }
    void refresh_clock();
};

}  // namespace switchyard::serve
