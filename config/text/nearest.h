// The known word that a mistyped one most likely meant.
//
// Threads: pure functions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace switchyard::config {

// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The closest of `known`, or nothing when none is close enough to be a slip of the fingers. First of equals wins.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> known);

// ` "word"; did you mean "x"?` or, with nothing close, ` "word"; known here: a, b, c` – the tail of an error message.
std::string unknown_word(std::string_view word, std::span<const std::string> known);

}  // namespace switchyard::config
