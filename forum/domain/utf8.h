// Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
//
// Everything the forum stores went through is_utf8 first, so readers may walk code points without checking again.
// Pure. Threads: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace forum {

bool is_utf8(std::string_view text);

// Number of code points. The text must be valid UTF-8.
std::size_t code_points(std::string_view text);

// The code point at `at`, which moves behind it. The text must be valid UTF-8 and `at` inside it.
char32_t next_code_point(std::string_view text, std::size_t& at);

void append_code_point(std::string& out, char32_t c);

// True for control characters other than line feed, carriage return and tab, and for line and paragraph separators
// that some parsers take for line ends.
bool has_control_characters(std::string_view text, bool lines_allowed);

}  // namespace forum
