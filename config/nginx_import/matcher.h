// One comparison as nginx writes it (=, ~, ~*, a map's key), applied to a known text or to a variable of the request.
//
// Threads: plain values; pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/nginx_import/formula.h"

namespace switchyard::config::nginx {

struct Matcher {
    enum class Kind { equals, equals_any_case, pattern, pattern_any_case, truthy };  // truthy: neither "" nor "0"
    Kind kind = Kind::equals;
    std::string value;

    // Nothing when the pattern cannot be translated.
    std::optional<bool> holds_for(const std::string& text) const;
    // Nothing when Switchyard cannot look at that variable, or the pattern cannot be translated.
    std::optional<Formula> holds_for_variable(std::string_view variable) const;

    // Whether its letters stand for themselves in either case, which only an expression can say of that variable.
    bool needs_expression(std::string_view variable) const;
    // The same word as an expression.
    Matcher as_expression() const;

  private:
    // Whether a test of $request_uri looks behind its path: Switchyard tests the two apart.
    bool asks_for_query() const;
};

// The key of a request that an nginx variable stands for.
std::optional<Key> key_of(std::string_view variable);

}  // namespace switchyard::config::nginx
