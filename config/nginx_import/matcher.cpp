#include "config/nginx_import/matcher.h"

#include <algorithm>
#include <cctype>

#include "config/check/http_syntax.h"
#include "config/model/cidr.h"
#include "config/model/expression.h"
#include "config/nginx_import/pattern.h"
#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {

namespace {

using Test = Condition::Test;

// http_x_release_id → X-Release-Id
std::string header_name(std::string_view variable) {
    std::string name(variable);
    bool first = true;
    for (char& c : name) {
        if (c == '_') c = '-';
        if (first) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        first = c == '-';
    }
    return name;
}

// The words of a map are compared without regard to case, and methods are written in capitals.
std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

Formula test(const Key& key, Test test, std::vector<std::string> values) {
    Condition condition;
    condition.key = key;
    condition.test = test;
    condition.values = std::move(values);
    return Formula::of(std::move(condition));
}

std::optional<Formula> client_holds(const Matcher& matcher) {
    std::optional<std::string> block;
    if (matcher.kind == Matcher::Kind::equals || matcher.kind == Matcher::Kind::equals_any_case) {
        if (Cidr::parse(matcher.value)) block = matcher.value;
    } else if (matcher.kind != Matcher::Kind::truthy) {
        block = address_block(matcher.value);
    }
    if (!block) return std::nullopt;
    return test(Key{}, Test::in, {*block});
}

}  // namespace

std::optional<Key> key_of(std::string_view variable) {
    using Source = Key::Source;
    const auto named = [&](std::string_view prefix) {
        return variable.starts_with(prefix) && variable.size() > prefix.size()
                   ? std::optional(variable.substr(prefix.size()))
                   : std::nullopt;
    };
    if (const auto name = named("http_")) return Key{Source::header, header_name(*name)};
    if (const auto name = named("cookie_")) return Key{Source::cookie, std::string(*name)};
    if (const auto name = named("arg_")) return Key{Source::query, std::string(*name)};
    if (variable == "remote_addr" || variable == "binary_remote_addr") return Key{Source::client, {}};
    if (variable == "request_method") return Key{Source::method, {}};
    if (variable == "uri" || variable == "document_uri" || variable == "request_uri") return Key{Source::path, {}};
    if (variable == "host") return Key{Source::host, {}};
    if (variable == "content_type") return Key{Source::header, "Content-Type"};
    return std::nullopt;
}

std::optional<bool> Matcher::holds_for(const std::string& text) const {
    switch (kind) {
        case Kind::equals:
            return text == value;
        case Kind::equals_any_case:
            return same_header(text, value);
        case Kind::truthy:
            return !text.empty() && text != "0";
        case Kind::pattern:
        case Kind::pattern_any_case:
            break;
    }
    const auto translated = re2_expression(value, kind == Kind::pattern_any_case);
    if (!translated) return std::nullopt;
    return found_in(*expression_of(*translated), text);
}

bool Matcher::needs_expression(std::string_view variable) const {
    return kind == Kind::equals_any_case && variable != "host" && variable != "request_method" &&
           std::ranges::any_of(value, [](unsigned char c) { return std::isalpha(c) != 0; });
}

Matcher Matcher::as_expression() const {
    std::string expression = "^";
    for (const char c : value) {
        const auto u = static_cast<unsigned char>(c);
        if (u < 0x80 && std::isalnum(u) == 0 && c != '_') expression += '\\';
        expression += c;
    }
    return {Kind::pattern_any_case, expression + "$"};
}

bool Matcher::asks_for_query() const {
    const bool pattern = kind == Kind::pattern || kind == Kind::pattern_any_case;
    if (!pattern) return value.find('?') != std::string::npos;
    return value.find("\\?") != std::string::npos || value.find("[?") != std::string::npos ||
           value.find_first_of("&=") != std::string::npos;
}

std::optional<Formula> Matcher::holds_for_variable(std::string_view variable) const {
    const auto key = key_of(variable);
    if (!key || (variable == "request_uri" && asks_for_query())) return std::nullopt;
    if (key->source == Key::Source::client) return client_holds(*this);
    switch (kind) {
        case Kind::equals:
        case Kind::equals_any_case:
            // To nginx an absent header is an empty one.
            if (key->source == Key::Source::method && !is_token(value)) return Formula::constant(false);
            if (value.empty()) return negated(test(*key, Test::present, {}));
            if (key->source == Key::Source::host && kind == Kind::equals_any_case)
                return test(*key, Test::equals, {lower(value)});
            if (key->source == Key::Source::method && kind == Kind::equals_any_case)
                return test(*key, Test::equals, {upper(value)});
            return test(*key, Test::equals, {value});
        case Kind::truthy:
            return both(test(*key, Test::present, {}), negated(test(*key, Test::in, {"", "0"})));
        case Kind::pattern:
        case Kind::pattern_any_case:
            break;
    }
    const auto translated = re2_expression(value, kind == Kind::pattern_any_case);
    if (!translated) return std::nullopt;
    return test(*key, Test::matches, {*translated});
}

}  // namespace switchyard::config::nginx
