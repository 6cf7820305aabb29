// Sizes as operators write them: "16KiB", "8MiB", "512B", or a plain number of bytes.
//
// Invariants: parse_size(size_text(n)) == n. Powers of 1024 only: "KB" and "MB" mean two things and are refused.
// Threads: pure functions. Units: bytes. Errors: parse says in words what was expected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace switchyard::config {

std::optional<std::uint64_t> parse_size(std::string_view text, std::string* why = nullptr);
// One number in the largest unit that is exact: 1536 is "1536B", 2048 is "2KiB", 0 is "0B".
std::string size_text(std::uint64_t bytes);

}  // namespace switchyard::config
