// Hashes, random bytes and their text forms. The only file of the forum that speaks to OpenSSL.
//
// Threads: any. Errors: std::runtime_error when the system or OpenSSL fails; bad text is nullopt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace forum {

// From the operating system; throws std::runtime_error when it has none (the process cannot go on safely).
std::string random_bytes(std::size_t count);
std::uint64_t random_bits();

std::string sha256_hex(std::string_view text);
std::string hmac_sha256(std::string_view key, std::string_view text);

// Takes the same time wherever the first difference is.
bool equal_in_constant_time(std::string_view a, std::string_view b);

std::string base64url(std::string_view bytes);
// Refuses padding, other alphabets and non-canonical endings.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace forum
