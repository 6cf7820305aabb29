// nginx text with variables in it: "http://$target" is a literal and a variable.
//
// Variable names are lower case and without '$' and braces, but what follows cookie_ and arg_ stays as written: it
// names something of the request. Captures ($1) count as variables.
// Threads: plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::config::nginx {

struct Part {
    bool variable = false;
    std::string text;
    bool operator==(const Part&) const = default;
    auto operator<=>(const Part&) const = default;
};

using Text = std::vector<Part>;  // literals are never empty and never side by side

Text parse_text(std::string_view text);
Text literal_text(std::string text);
void append(Text& to, const Text& more);
bool is_literal(const Text& text);
std::string literal(const Text& text);                       // variables are left out
std::optional<std::string> only_variable(const Text& text);  // the whole text is one variable
std::string written(const Text& text);

}  // namespace switchyard::config::nginx
