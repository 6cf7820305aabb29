// etcd's JSON gateway in octets: requests from values, values from answers.
//
// Keys and values are base64. All 64-bit numbers are strings, and zero, false and empty are left out. Errors come as
//   {"error", "message", "code"}, in a stream as {"error": {"grpc_code", "http_code", "message"}} – also as the answer
//   to a call: what is told is the message, what is decided is by status and code. An unknown field of a request is
//   ignored by etcd, so each request is made in one place, here.
// Pure. Threads: any. Errors: words; nothing is thrown.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::control::etcd {

struct Pair {
    std::string key, value;
    std::int64_t mod_revision = 0;
    bool operator==(const Pair&) const = default;
};

struct RangeAnswer {
    std::int64_t revision = 0;  // of the whole store
    std::vector<Pair> pairs;
};

struct WatchEvent {
    bool deleted = false;
    Pair pair;
};
struct WatchLine {
    enum class Kind : std::uint8_t { created, events, progress, compacted, canceled, broken };
    Kind kind = Kind::broken;
    std::int64_t revision = 0;
    std::vector<WatchEvent> events;
    std::string why;  // canceled, broken
};

std::string base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);
// The first key behind all that begin with `prefix`.
std::string range_end(std::string_view prefix);

std::string range_request(std::string_view prefix);
std::string watch_request(std::string_view prefix, std::int64_t from_revision);
std::string authenticate_request(std::string_view user, std::string_view password);

std::optional<RangeAnswer> read_range(std::string_view body, std::string* why);
std::optional<std::string> read_token(std::string_view body);
WatchLine read_watch_line(std::string_view line);
// What an answer that is not good says, for people.
std::string error_message(unsigned status, std::string_view body);

}  // namespace switchyard::control::etcd
