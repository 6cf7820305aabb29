// nginx's regular expressions (PCRE) in the dialect that Switchyard uses (RE2).
//
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace switchyard::config::nginx {

// The same expression, or nothing when it uses what only PCRE has. `fold_case`: letters match either case.
std::optional<std::string> re2_expression(std::string_view pcre, bool fold_case);

// An expression that takes this text and no other.
std::string exact_expression(std::string_view text);

// For what is refused: '$' also matches before a line's end that is the last octet, as it does in PCRE and not in RE2.
std::string at_last_line_end(std::string_view expression);

// "^10\.0\." as the address block 10.0.0.0/16; nothing for any other shape.
std::optional<std::string> address_block(std::string_view pattern);

}  // namespace switchyard::config::nginx
