// Regular expressions of conditions: RE2, so that a value costs time in proportion to its length, whatever its source.
//
// Octets, not characters: a request's values need not be UTF-8, and what is not ASCII matches itself.
// Threads: pure functions. Errors: words.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace switchyard::config {

// Null when RE2 refuses it; then `why` says what is wrong with it.
std::unique_ptr<const re2::RE2> expression_of(std::string_view pattern, std::string* why = nullptr);
// The same, which also knows what its groups take.
std::unique_ptr<const re2::RE2> grouping_expression_of(std::string_view pattern);
// How many groups it has; 0 for one that is refused.
unsigned groups_of(std::string_view pattern);
// Whether any part of the value matches.
bool found_in(const re2::RE2& expression, std::string_view value);
// What the whole and its groups take of the value, as many as there is room for; nothing changes where none does.
bool take_groups(const re2::RE2& expression, std::string_view value, std::span<std::string_view> into);

}  // namespace switchyard::config
