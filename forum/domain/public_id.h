// The names by which the outside world knows rows. They are random, so no one can count posts or guess the next one.
//
// Pure. Threads: any.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace forum {

// 60 random bits: a collision among a million rows has a chance of about one in two million; the UNIQUE index
// turns that one into an error the client may retry.
inline constexpr std::size_t kPublicIdLength = 12;

// Twelve letters of Crockford's base 32 in lower case (no i, l, o, u), from the low 60 bits.
std::string public_id_from(std::uint64_t random_bits);

bool is_public_id(std::string_view text);

}  // namespace forum
