// map, split_clients and geo: from the tree into a Scope.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "config/model/cidr.h"
#include "config/nginx_import/scope.h"

namespace switchyard::config::nginx {

namespace {

std::string variable_name(const std::string& word) {
    const auto variable = only_variable(parse_text(word));
    return variable.value_or(word);
}

// "12.5%" in hundredths of a percent.
std::optional<std::uint32_t> percentage(const std::string& word) {
    double percent = 0;
    const char* last = word.data() + word.size();
    const auto [end, error] = std::from_chars(word.data(), last, percent);
    if (error != std::errc{} || end + 1 != last || *end != '%' || percent < 0 || percent > 100) return std::nullopt;
    return static_cast<std::uint32_t>(std::lround(percent * 100));
}

Matcher entry_matcher(std::string key) {
    if (key.starts_with("~*")) return {Matcher::Kind::pattern_any_case, key.substr(2)};
    if (key.starts_with('~')) return {Matcher::Kind::pattern, key.substr(1)};
    if (key.starts_with('\\')) key.erase(0, 1);  // \default, \~word: the word itself
    return {Matcher::Kind::equals_any_case, std::move(key)};
}

// `hostnames`: .example.org, *.example.org and www.example.* are masks. Names decide first, then the longest mask at
// the front, then the longest at the end.
void split_masks(std::vector<std::pair<Matcher, const Directive*>>& entries) {
    struct Mask {
        int rank;
        std::size_t size;
        std::pair<Matcher, const Directive*> entry;
    };
    std::vector<Mask> masks;
    for (const auto& entry : entries) {
        const std::string& word = entry.first.value;
        const auto quoted = [](std::string_view name) {
            const std::string whole = Matcher{Matcher::Kind::equals, std::string(name)}.as_expression().value;
            return whole.substr(1, whole.size() - 2);
        };
        std::string expression;
        if (word.starts_with('.'))
            expression = "^(.+\\.)?" + quoted(word.substr(1)) + "$";
        else if (word.starts_with("*."))
            expression = "^.+" + quoted(word.substr(1)) + "$";
        else if (word.ends_with(".*"))
            expression = "^" + quoted(word.substr(0, word.size() - 1)) + ".+$";
        if (expression.empty())
            masks.push_back({0, 0, entry});
        else
            masks.push_back({word.ends_with(".*") ? 2 : 1,
                             word.size() - (word.starts_with('*') ? 1 : 0),
                             {Matcher{Matcher::Kind::pattern_any_case, expression}, entry.second}});
    }
    std::ranges::stable_sort(
        masks, [](const Mask& a, const Mask& b) { return a.rank != b.rank ? a.rank < b.rank : a.size > b.size; });
    entries.clear();
    for (Mask& mask : masks) entries.push_back(std::move(mask.entry));
}

}  // namespace

void Scope::define_map(const Directive& directive) {
    Map map{parse_text(directive.arg(0)), {}, nullptr, &directive};
    std::vector<std::pair<Matcher, const Directive*>> patterns;
    bool by_mask = false;
    for (const Directive& entry : directive.children) {
        if (entry.name == "default") {
            map.fallback = &entry;
        } else if (entry.args.empty() && (entry.name == "volatile" || entry.name == "hostnames")) {
            by_mask = by_mask || entry.name == "hostnames";
        } else {
            const Matcher matcher = entry_matcher(entry.name);
            const bool pattern =
                matcher.kind == Matcher::Kind::pattern || matcher.kind == Matcher::Kind::pattern_any_case;
            (pattern ? patterns : map.entries).emplace_back(matcher, &entry);
        }
    }
    if (by_mask) split_masks(map.entries);
    // nginx looks words up first, then tries patterns in order.
    map.entries.insert(map.entries.end(), patterns.begin(), patterns.end());
    definitions_->maps[variable_name(directive.arg(1))] = std::move(map);
}

void Scope::define_split(const Directive& directive) {
    Shares out{{}, parse_text(directive.arg(0)), &directive};
    std::uint32_t given = 0;
    std::optional<Text> rest;
    for (const Directive& entry : directive.children) {
        const Text value = parse_text(entry.arg(0));
        if (entry.name == "*") {
            rest = value;
        } else if (const auto weight = percentage(entry.name)) {
            given += *weight;
            out.shares.push_back({*weight, value});
        } else {
            notes_->lost(entry, "expected a percentage or '*'");
        }
    }
    const std::uint32_t left = Shares::kWholeShare - std::min(given, Shares::kWholeShare);
    if (rest || left > 0) out.shares.insert(out.shares.begin(), {left, rest.value_or(Text{})});
    definitions_->shares[variable_name(directive.arg(1))] = std::move(out);
}

void Scope::define_geo(const Directive& directive) {
    const bool has_source = directive.args.size() > 1;
    const std::string name = variable_name(directive.arg(has_source ? 1 : 0));
    Text fallback;
    std::vector<std::pair<Cidr, Text>> blocks;
    if (has_source && directive.arg(0) != "$remote_addr") {
        notes_->lost(
            directive,
            "only the client's address can be looked up by block: the default is used, and what an `if` guards "
            "by it is closed");
        definitions_->partial.insert(name);
    }
    for (const Directive& entry : directive.children) {
        if (entry.name == "default") {
            fallback = parse_text(entry.arg(0));
        } else if (const auto block = Cidr::parse(entry.name); block && !entry.args.empty()) {
            if (!has_source || directive.arg(0) == "$remote_addr")
                blocks.emplace_back(*block, parse_text(entry.arg(0)));
        } else {
            notes_->lost(entry,
                         "not an address block that can be carried over: write a rule with \"client\" by hand; what an "
                         "`if` guards by this variable is closed");
            definitions_->partial.insert(name);
        }
    }
    // The longest prefix decides.
    std::ranges::stable_sort(blocks, [](const auto& a, const auto& b) { return a.first.prefix > b.first.prefix; });
    Cases cases;
    for (const auto& [block, value] : blocks) {
        Condition inside;
        inside.test = Condition::Test::in;
        inside.values = {block.text()};
        cases.push_back({Formula::of(std::move(inside)), value});
    }
    cases.push_back({Formula::constant(true), fallback});
    definitions_->fixed[name] = tidy(std::move(cases));
}

}  // namespace switchyard::config::nginx
