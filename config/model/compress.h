// How answers of a route are compressed on their way to clients that take it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/text/spelling.h"

namespace switchyard::config {

enum class Encoding : std::uint8_t { gzip, brotli, zstd };
template <>
std::span<const Spelling<Encoding>> spellings<Encoding>();

struct Compress {
    std::vector<Encoding> encodings;  // the earlier is preferred where a client likes several as much; empty: off
    // Media types without parameters: whole ones, "text/*", or "*" for all.
    std::vector<std::string> types{"text/*",
                                   "application/javascript",
                                   "application/json",
                                   "application/xml",
                                   "application/manifest+json",
                                   "application/problem+json",
                                   "application/wasm",
                                   "image/svg+xml"};
    std::uint64_t min_size = 1024;  // bytes; of an answer whose length is known
    std::uint8_t gzip_level = 4;
    std::uint8_t brotli_level = 4;
    std::uint8_t zstd_level = 3;
    bool operator==(const Compress&) const = default;

    bool on() const { return !encodings.empty(); }
};

// One turn of a worker codes 16 KiB: at these levels it holds the others up for a millisecond at most. What is beyond
// them gains a few percent for ten times the work, which is for files that are compressed once.
inline constexpr std::int64_t kGzipLevel = 9, kBrotliLevel = 6, kZstdLevel = 9;
inline constexpr std::size_t kCompressTypes = 64;  // are looked through for each answer

}  // namespace switchyard::config
