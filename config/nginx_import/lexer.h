// The words of an nginx configuration file: quoting, escapes and comments are gone after this.
//
// Threads: pure functions. Errors: a fault names its line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::config::nginx {

struct Token {
    enum class Kind { word, semicolon, open, close };
    Kind kind = Kind::word;
    std::string text;  // words: without quotes, escapes resolved
    unsigned line = 0;
    bool operator==(const Token&) const = default;
};

struct Lexed {
    std::vector<Token> tokens;
    std::optional<std::string> fault;
    unsigned fault_line = 0;
};

Lexed lex(std::string_view text);

}  // namespace switchyard::config::nginx
