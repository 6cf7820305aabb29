// One exchange as one line of JSON, written into a fixed piece of memory.
//
// Every line is valid JSON of known greatest size: texts that come from outside are cut at a limit and escaped, so a
//   hostile request can neither break a line nor forge one.
// Pure. Units: as the names of the fields say; `time` is the moment of the first byte of the request, in UTC.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace switchyard::serve {

// Longer paths are cut here, and marked with a closing "…": lines stay lines.
inline constexpr std::size_t kMaxLoggedPath = 1024;
// Names in the configuration have at most 100 characters, DNS names 253.
inline constexpr std::size_t kMaxLoggedText = 256;
// The path and ten other texts, each octet escaped to six, and the fixed part.
inline constexpr std::size_t kMaxAccessLine = 6 * (kMaxLoggedPath + 10 * kMaxLoggedText) + 1024;

struct AccessEntry {
    std::int64_t wall_us = 0;  // since 1970
    std::string_view id, client, listener, method, host, path, route, rule, upstream, endpoint, flag;
    std::string_view refused;  // why a message was, where one was
    std::string_view protocol = "HTTP/1.1";
    std::uint16_t status = 0;
    std::int8_t grpc_status = -1;  // negative: no call of gRPC
    std::uint64_t bytes_in = 0, bytes_out = 0;
    std::uint32_t attempts = 0;
    std::uint64_t generation = 0;
    std::int64_t first_byte_us = -1;  // from the start; negative: there was none
    std::int64_t duration_us = 0;
};

// Writes "YYYY-MM-DDTHH:MM:SS.uuuuuuZ" without asking the C library each time: the date is kept for its second.
class LineClock {
  public:
    static constexpr std::size_t kSize = 27;
    char* write(char* at, std::int64_t wall_us);

  private:
    std::int64_t second_ = -1;
    char text_[kSize]{};
};

// `room` has at least kMaxAccessLine bytes; returns how many were used, the line feed included.
std::size_t write_access_line(std::span<char> room, const AccessEntry& entry, LineClock& clock);

}  // namespace switchyard::serve
