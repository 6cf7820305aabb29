#include <algorithm>
#include <array>
#include <cctype>

#include "config/check/checks.h"
#include "config/check/http_syntax.h"
#include "config/model/cidr.h"
#include "config/model/expression.h"
#include "config/model/limits.h"
#include "config/text/nearest.h"
#include "config/text/spelling.h"

namespace switchyard::config {

namespace {

using Kind = Condition::Kind;
using Test = Condition::Test;
using Source = Key::Source;

constexpr std::size_t kHostLength = 253;  // RFC 1035 §2.3.4

// Nothing, or what is wrong with a host pattern.
std::string host_fault(std::string_view host) {
    if (host == "*") return "leave \"hosts\" out to match any host";
    const bool wildcard = host.starts_with("*.");
    const std::string_view name = wildcard ? host.substr(2) : host;
    if (name.empty() || name.size() > kHostLength)
        return "expected a host name such as forum.example or *.forum.example";
    if (name.find('*') != std::string_view::npos) return "'*' stands only for the first labels, as in *.forum.example";
    if (name.starts_with('[') && name.ends_with(']') && !wildcard)
        return Cidr::parse(name.substr(1, name.size() - 2)) ? "" : "expected an IPv6 address in brackets";
    if (name.find(':') != std::string_view::npos) return "expected the host without a port";
    if (std::ranges::any_of(name, [](unsigned char c) { return c < 0x80 && std::isupper(c); }))
        return "write it in lower case";
    const auto legal = [](unsigned char c) {
        return c < 0x80 && (std::isalnum(c) || c == '-' || c == '.' || c == '_');
    };
    if (!std::ranges::all_of(name, legal)) return "expected letters, digits, '-', '_' and '.' (other scripts as xn--…)";
    if (name.starts_with('.') || name.ends_with('.') || name.find("..") != std::string_view::npos)
        return "a label is empty";
    return "";
}

// Nothing, or what is wrong with a path to match: requests are matched after dot segments are resolved.
std::string path_fault(std::string_view path) {
    if (!path.starts_with('/')) return "expected a path that begins with '/'";
    if (path.find_first_of("?# ") != std::string_view::npos || !is_field_value(path))
        return "expected a path without '?', '#', spaces and control characters";
    for (const std::string_view segment : {"/./", "/../"})
        if (path.find(segment) != std::string_view::npos)
            return "'.' and '..' are resolved before matching: write the result";
    if (path.ends_with("/.") || path.ends_with("/.."))
        return "'.' and '..' are resolved before matching: write the result";
    return "";
}

void check_methods(Checks& checks, const std::string& at, const std::vector<std::string>& methods) {
    for (std::size_t i = 0; i < methods.size(); ++i) {
        if (!is_token(methods[i])) checks.fail(pointer_to(at, i), fmt::format("\"{}\" is no method", methods[i]));
        if (std::ranges::find(methods.begin(), methods.begin() + static_cast<std::ptrdiff_t>(i), methods[i]) !=
            methods.begin() + static_cast<std::ptrdiff_t>(i))
            checks.fail(pointer_to(at, i), fmt::format("{} is there twice", methods[i]));
    }
}

void check_client(Checks& checks, const std::string& at, const Condition& condition) {
    if (condition.test != Test::in)
        return checks.fail(at, "the client is tested by address blocks: {\"client\": \"10.0.0.0/8\"}");
    for (std::size_t i = 0; i < condition.values.size(); ++i) {
        std::string why;
        const std::string here = condition.values.size() == 1 ? at + "/client" : pointer_to(at + "/in", i);
        if (!Cidr::parse(condition.values[i], &why))
            checks.fail(here, fmt::format("\"{}\": {}", condition.values[i], why));
    }
}

}  // namespace

void check_pattern(Checks& checks, const std::string& at, const std::string& pattern) {
    if (pattern.size() > limits::kPatternLength)
        return checks.fail(at, fmt::format("a regular expression has at most {} characters", limits::kPatternLength));
    if (checks.taken != nullptr && checks.taken->expressions.contains(pattern)) return;
    if (std::string why; !expression_of(pattern, &why))
        checks.fail(at, fmt::format("is no regular expression (RE2): {}", why));
}

namespace {

void check_expressions(Checks& checks, const std::string& at, const Match& match) {
    if (!match.path_matches.empty()) {
        check_pattern(checks, at + "/path_matches", match.path_matches);
        if (!match.path_exact.empty())
            checks.fail(at + "/path_matches", "path_exact is there too; only one of them can decide");
    } else if (match.before_prefixes) {
        checks.fail(at + "/before_prefixes", "goes with path_matches: it says when that is asked");
    }
    if (!match.host_matches.empty()) {
        check_pattern(checks, at + "/host_matches", match.host_matches);
        if (!match.hosts.empty())
            checks.fail(at + "/host_matches", "hosts are there too; write a route for each, or one expression");
    }
    if (match.before_expressions && (match.before_prefixes || !match.path_exact.empty()))
        checks.fail(at + "/before_expressions", match.before_prefixes
                                                    ? "before_prefixes is there too: it is asked among the expressions"
                                                    : "an exact path is asked before every expression anyway");
}

void check_values(Checks& checks, const std::string& at, const Condition& condition) {
    const std::size_t count = condition.values.size();
    if (condition.test == Test::present ? count != 0 : condition.test == Test::in ? count == 0 : count != 1)
        return checks.fail(
            at, condition.test == Test::present ? "\"present\" takes no value" : "expected a value to compare with");
    if (count > limits::kConditionValues)
        return checks.fail(at + "/in",
                           fmt::format("at most {} values are allowed, found {}", limits::kConditionValues, count));
    if (condition.key.source == Source::client) return check_client(checks, at, condition);
    for (const auto& value : condition.values) checks.text(at, value, limits::kHeaderValueLength);
    if (condition.test == Test::matches) check_pattern(checks, at + "/matches", condition.values[0]);
    if (condition.key.source == Source::method && (condition.test == Test::equals || condition.test == Test::in))
        for (const auto& value : condition.values)
            if (!is_token(value)) checks.fail(at, fmt::format("\"{}\" is no method", value));
}

}  // namespace

void check_match(Checks& checks, const std::string& at, const Match& match) {
    for (std::size_t i = 0; i < match.hosts.size(); ++i) {
        const std::string here = pointer_to(at + "/hosts", i);
        if (const auto fault = host_fault(match.hosts[i]); !fault.empty())
            checks.fail(here, fmt::format("\"{}\": {}", match.hosts[i], fault));
        for (std::size_t k = 0; k < i; ++k)
            if (match.hosts[i] == match.hosts[k]) checks.fail(here, fmt::format("{} is there twice", match.hosts[i]));
    }
    if (const auto fault = path_fault(match.path_prefix); !fault.empty())
        checks.fail(at + "/path_prefix", fmt::format("\"{}\": {}", match.path_prefix, fault));
    checks.text(at + "/path_prefix", match.path_prefix, limits::kHeaderValueLength);
    if (!match.path_exact.empty()) {
        if (const auto fault = path_fault(match.path_exact); !fault.empty())
            checks.fail(at + "/path_exact", fmt::format("\"{}\": {}", match.path_exact, fault));
        checks.text(at + "/path_exact", match.path_exact, limits::kHeaderValueLength);
        if (match.path_prefix != Match{}.path_prefix)
            checks.fail(at + "/path_prefix", "path_exact is there too; only one of them can decide");
    }
    check_expressions(checks, at, match);
    check_methods(checks, at + "/methods", match.methods);
    for (auto name = match.listeners.begin(); name != match.listeners.end(); ++name) {
        const std::string here =
            pointer_to(at + "/listeners", static_cast<std::size_t>(name - match.listeners.begin()));
        if (std::ranges::find(checks.listener_names, *name) == checks.listener_names.end())
            checks.fail(here, "no listener is named " + unknown_word(*name, checks.listener_names));
        if (std::find(match.listeners.begin(), name, *name) != name)
            checks.fail(here, fmt::format("{} is there twice", *name));
    }
}

void check_condition(Checks& checks, const std::string& at, const Condition& condition, bool verified, int depth) {
    if (depth > limits::kConditionDepth)
        return checks.fail(at, fmt::format("conditions may be nested {} deep", limits::kConditionDepth));
    switch (condition.kind) {
        case Kind::test:
            checks.key(pointer_to(at, word(condition.key.source)), condition.key, verified);
            return check_values(checks, at, condition);
        case Kind::negate:
            if (condition.children.size() != 1) return checks.fail(at, "\"not\" takes exactly one condition");
            return check_condition(checks, at + "/not", condition.children[0], verified, depth + 1);
        case Kind::all:
        case Kind::any:
            break;
    }
    const std::string here = at + (condition.kind == Kind::all ? "/all" : "/any");
    if (condition.children.empty()) return checks.fail(here, "expected at least one condition");
    for (std::size_t i = 0; i < condition.children.size(); ++i)
        check_condition(checks, pointer_to(here, i), condition.children[i], verified, depth + 1);
}

}  // namespace switchyard::config
