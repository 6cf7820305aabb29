#include "config/nginx_import/scope.h"

#include <fmt/format.h>

#include <algorithm>

namespace switchyard::config::nginx {

namespace {

constexpr int kDepth = 30;  // variables that define each other would never end

// A map's value as text; `fallback` may be absent, which nginx takes for empty.
Text value_of(const Directive* entry) {
    return entry ? parse_text(entry->arg(0)) : Text{};
}

}  // namespace

bool Scope::define(const Directive& directive) {
    if (!directive.block) return false;
    if (directive.name == "map") return define_map(directive), true;
    if (directive.name == "split_clients") return define_split(directive), true;
    if (directive.name == "geo") return define_geo(directive), true;
    return false;
}

const Shares* Scope::shares(const std::string& variable) const {
    const auto found = definitions_->shares.find(variable);
    return found == definitions_->shares.end() ? nullptr : &found->second;
}

Cases Scope::resolve(const Text& text) const {
    bool in_doubt = false;
    return resolve(text, Look{&in_doubt});
}

void Scope::set(const std::string& variable, const Text& text) {
    bool in_doubt = false;
    local_[variable] = resolve(text, Look{&in_doubt});
    in_doubt_.erase(variable);
    if (in_doubt) in_doubt_.insert(variable);
}

// A variable that nothing has set yet is empty.
Cases Scope::value_so_far(const std::string& variable, const Look& look) const {
    Cases value = resolve({{true, variable}}, look);
    if (value.size() == 1 && value[0].out == Text{{true, variable}} && !key_of(variable) && !shares(variable))
        return always({});
    return value;
}

void Scope::set_where(const std::optional<Verdict>& verdict, const std::string& variable, const Text& text) {
    bool in_doubt = !verdict;
    Cases before = value_so_far(variable, Look{&in_doubt});
    Cases cases = verdict ? choose(*verdict, resolve(text, Look{&in_doubt}), before) : std::move(before);
    local_[variable] = std::move(cases);
    if (in_doubt) in_doubt_.insert(variable);
}

Cases Scope::resolve(const Text& text, const Look& look) const {
    Cases cases = always({});
    for (const Part& part : text)
        cases = joined(cases, part.variable ? resolve_variable(part.text, look.deeper()) : always({part}));
    return cases;
}

Cases Scope::resolve_variable(const std::string& name, const Look& look) const {
    if (look.depth > kDepth) return always({{true, name}});
    if (const auto set = local_.find(name); set != local_.end()) {
        if (in_doubt_.contains(name)) *look.in_doubt = true;
        return set->second;
    }
    if (const auto fixed = definitions_->fixed.find(name); fixed != definitions_->fixed.end()) {
        if (definitions_->partial.contains(name)) *look.in_doubt = true;
        return fixed->second;
    }
    const auto map = definitions_->maps.find(name);
    if (map == definitions_->maps.end()) return always({{true, name}});
    return mapped(resolve(map->second.source, look),
                  [&](const Text& source) { return look_up(map->second, source, look); });
}

Cases Scope::look_up(const Map& map, const Text& source, const Look& look) const {
    if (is_literal(source)) {
        for (const auto& [matcher, entry] : map.entries)
            if (matcher.holds_for(literal(source)).value_or(false)) return resolve(value_of(entry), look);
        return resolve(value_of(map.fallback), look);
    }
    const auto variable = only_variable(source);
    if (variable && shares(*variable)) {
        const Shares from = *shares(*variable);
        std::vector<Text> values;
        for (const auto& share : from.shares) {
            const Cases value = look_up(map, share.value, look);
            if (value.size() > 1)
                notes_->lost(*map.origin, "a value that goes by shares and by a condition is not carried over");
            if (value.size() > 1) *look.in_doubt = true;
            values.push_back(value.back().out);
        }
        return always({{true, derive(from, std::move(values))}});
    }
    if (variable && key_of(*variable)) return look_up_request(map, *variable, look);
    *look.in_doubt = true;
    notes_->lost(
        *map.origin,
        fmt::format("Switchyard tests one key of a request at a time, not {}: the default of the map is used, "
                    "and what an `if` guards by it is closed; write the rules by hand with \"all\" and \"any\"",
                    written(map.source)));
    return resolve(value_of(map.fallback), look);
}

void Scope::note_request_uri(const Directive& where, const std::string& variable) const {
    if (variable == "request_uri")
        notes_->changed(where,
                        "$request_uri is tested by its path alone, as normalized; for the query use {\"query\": …}");
}

Cases Scope::look_up_request(const Map& map, const std::string& variable, const Look& look) const {
    Cases out;
    for (const auto& [matcher, entry] : map.entries) {
        const bool by_expression = look.any_case && matcher.needs_expression(variable);
        const auto formula = (by_expression ? matcher.as_expression() : matcher).holds_for_variable(variable);
        if (!formula) {
            *look.in_doubt = true;
            notes_->lost(*entry, fmt::format("this test of ${} has no counterpart: write a rule by hand", variable));
            continue;
        }
        note_request_uri(*entry, variable);
        if (!look.any_case && matcher.needs_expression(variable))
            notes_->changed(*map.origin,
                            "nginx compares the words of a map without regard to case, Switchyard exactly: "
                            "use \"matches\" where clients differ in case");
        for (const Case& value : resolve(value_of(entry), look)) out.push_back({both(*formula, value.when), value.out});
    }
    for (const Case& value : resolve(value_of(map.fallback), look)) out.push_back(value);
    return tidy(std::move(out));
}

std::string Scope::derive(const Shares& from, std::vector<Text> values) const {
    Shares derived = from;
    for (std::size_t i = 0; i < values.size(); ++i) derived.shares[i].value = std::move(values[i]);
    // '#' cannot be part of a name in a file.
    std::string name = fmt::format("#{}", definitions_->shares.size());
    definitions_->shares.emplace(name, std::move(derived));
    return name;
}

std::optional<Verdict> Scope::test_value(const Matcher& matcher, const Cases& cases) const {
    if (cases.size() == 1) {
        const auto variable = only_variable(cases[0].out);
        const Shares* split = variable ? shares(*variable) : nullptr;
        if (split) {
            Verdict verdict{Formula::constant(false), *variable, {}};
            for (const auto& share : split->shares) {
                const auto holds = is_literal(share.value) ? matcher.holds_for(literal(share.value)) : std::nullopt;
                if (!holds) return std::nullopt;
                verdict.holds.push_back(*holds);
            }
            return verdict;
        }
    }
    Formula formula = Formula::constant(false);
    for (auto item = cases.rbegin(); item != cases.rend(); ++item) {
        std::optional<Formula> here;
        if (is_literal(item->out)) {
            if (const auto holds = matcher.holds_for(literal(item->out))) here = Formula::constant(*holds);
        } else if (const auto variable = only_variable(item->out); variable && !shares(*variable)) {
            here = matcher.holds_for_variable(*variable);
        }
        if (!here) return std::nullopt;
        formula = either(both(item->when, *here), both(negated(item->when), formula));
    }
    return Verdict{formula, {}, {}};
}

std::optional<Verdict> Scope::test(const Directive& directive) const {
    std::vector<std::string> words = directive.args;
    const auto refuse = [&](std::string advice) {
        notes_->lost(directive, std::move(advice));
        return std::nullopt;
    };
    if (words.empty()) return refuse("expected a condition in parentheses");
    if (words.front().starts_with('(')) words.front().erase(0, 1);
    if (words.back().ends_with(')')) words.back().pop_back();
    std::erase_if(words, [&](const std::string& word) { return &word != &words.back() && word.empty(); });
    if (words.size() > 1 && words.size() != 3 && words.back().empty()) words.pop_back();
    if (words.empty() || !words[0].starts_with('$') || (words.size() != 1 && words.size() != 3))
        return refuse("tests of files and this form of `if` have no counterpart; its block is not carried over");
    Matcher matcher{Matcher::Kind::truthy, {}};
    bool negate = false, in_doubt = false;
    if (words.size() == 3) {
        std::string op = words[1];
        negate = op.starts_with('!');
        if (negate) op.erase(0, 1);
        const Cases value = resolve(parse_text(words[2]), Look{&in_doubt, true});
        const bool pattern = op.starts_with('~');
        if (!pattern && (value.size() != 1 || !is_literal(value[0].out)))
            return refuse("only comparisons with fixed words have a counterpart; its block is not carried over");
        matcher.kind = op == "~*" ? Matcher::Kind::pattern_any_case
                       : pattern  ? Matcher::Kind::pattern
                                  : Matcher::Kind::equals;
        matcher.value = pattern ? words[2] : literal(value[0].out);
    }
    auto verdict = test_value(matcher, resolve(parse_text(words[0]), Look{&in_doubt, true}));
    if (in_doubt)
        return refuse(
            fmt::format("what {} stands for is not carried over whole; its block is not carried over", words[0]));
    if (!verdict)
        return refuse(fmt::format("Switchyard cannot test {} in this way; its block is not carried over", words[0]));
    if (const auto variable = only_variable(parse_text(words[0]))) note_request_uri(directive, *variable);
    if (negate) {
        verdict->formula = negated(verdict->formula);
        verdict->holds.flip();
    }
    return verdict;
}

Cases Scope::choose(const Verdict& verdict, const Cases& yes, const Cases& no) const {
    if (verdict.split.empty()) return nginx::choose(verdict.formula, yes, no);
    const Shares from = *shares(verdict.split);
    return mapped(yes, [&](const Text& if_held) {
        return mapped(no, [&](const Text& otherwise) {
            if (if_held == otherwise) return always(if_held);
            std::vector<Text> values;
            for (const bool holds : verdict.holds) values.push_back(holds ? if_held : otherwise);
            return always({{true, derive(from, std::move(values))}});
        });
    });
}

}  // namespace switchyard::config::nginx
