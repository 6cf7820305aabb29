// Whether an answer may be compressed, and for whom. Pure over both heads; `base` is where a head's text stands.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "config/model/compress.h"
#include "proxy/http/head.h"

namespace switchyard::compress {

struct Heads {
    const char* asked_base;
    const http::Head& asked;
    std::string_view method;
    const char* base;
    const http::Head& answer;
    std::optional<std::uint64_t> length;  // of the body that is coming; nothing: not known
};

struct Fitness {
    // The answer is another one for clients that take a coding, or may be: caches are told (Vary).
    bool varies = false;
    // This client gets it coded, or has it so and is told that it is still good (304): what is said of the octets that
    // the endpoint sends – their length, a strong tag, ranges – is not true of those.
    bool is_coded = false;
    config::Encoding encoding{};  // of what `is_coded`
    bool unchanged = false;       // 304: nothing is sent
};

// What the client takes of what the route offers; nothing: none of it.
std::optional<config::Encoding> wanted_by(const config::Compress& compress, const char* asked_base,
                                          const http::Head& asked);

Fitness fitness_of(const config::Compress& compress, const Heads& heads);

// "text/html; charset=utf-8" is one of these.
bool is_of_type(std::string_view content_type, const config::Compress& compress);

// The value of the first field of that name (lower case) that is passed on; nothing: there is none.
std::optional<std::string_view> value_of(const char* base, const http::Head& head, std::string_view lower);

}  // namespace switchyard::compress
