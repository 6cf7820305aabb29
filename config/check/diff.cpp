#include "config/check/diff.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "config/fields/fields_process.h"
#include "config/fields/fields_route.h"
#include "config/fields/fields_upstream.h"
#include "config/fields/member_writer.h"
#include "config/text/count.h"

namespace switchyard::config {

namespace {

using Json = nlohmann::ordered_json;
using Lines = std::vector<std::string>;

constexpr std::size_t kShownValue = 160;  // characters of one value; the JSON Patch has it all

std::string in_words(const Json& value) {
    if (value.is_null()) return "none";
    if (value.is_string() && value.get_ref<const std::string&>().empty()) return "none";
    if (value.is_array() && value.empty()) return "none";
    std::string text =
        value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (value.is_array() && std::ranges::all_of(value, [](const Json& item) { return !item.is_structured(); })) {
        Lines items;
        for (const auto& item : value) items.push_back(in_words(item));
        text = fmt::format("{}", fmt::join(items, ", "));
    }
    std::ranges::replace(text, '\n', ' ');
    if (text.size() <= kShownValue) return text;
    std::size_t cut = kShownValue;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;  // not inside a UTF-8 sequence
    return text.substr(0, cut) + "…";
}

// A value twice: as it is, to compare, and as it may be shown.
struct Value {
    Json kept, shown;

    template <class T>
    explicit Value(const T& object)
        : kept(MemberWriter(Secrets::keep, Defaults::write).write(object, Field{})),
          shown(MemberWriter(Secrets::redact, Defaults::write).write(object, Field{})) {}
    Value(Json kept_part, Json shown_part) : kept(std::move(kept_part)), shown(std::move(shown_part)) {}

    Value part(const std::string& key) const {
        return {kept.contains(key) ? kept.at(key) : Json(), shown.contains(key) ? shown.at(key) : Json()};
    }
    void forget(std::initializer_list<const char*> keys) {
        for (const char* key : keys) kept.erase(key), shown.erase(key);
    }
};

// One line for each single value that differs, named by its path: "timeouts.connect 1s → 2s".
void compare(const std::string& subject, const std::string& path, const Value& before, const Value& after,
             Lines& lines) {
    if (before.kept == after.kept) return;
    if (!before.kept.is_object() || !after.kept.is_object()) {
        const std::string a = in_words(before.shown), b = in_words(after.shown);
        lines.push_back(a == b ? fmt::format("{}{} changed", subject, path)
                               : fmt::format("{}{} {} → {}", subject, path, a, b));
        return;
    }
    const std::string deeper = path.empty() ? path : path + '.';
    for (const auto& [key, value] : before.kept.items())
        compare(subject, deeper + key, before.part(key), after.part(key), lines);
    for (const auto& [key, value] : after.kept.items())
        if (!before.kept.contains(key)) compare(subject, deeper + key, before.part(key), after.part(key), lines);
}

std::string summary(const Listener& listener) {
    return listener.bind.text();
}
std::string summary(const Upstream& upstream) {
    return count_of(upstream.endpoints.size(), "endpoint");
}
std::string summary(const Rule& rule) {
    if (rule.deny != 0) return fmt::format("denies with {}", rule.deny);
    return rule.upstream.empty() ? fmt::format("answers {}", rule.respond.status) : "→ " + rule.upstream;
}

std::string summary(const Endpoint& endpoint) {
    std::string text = fmt::format("weight {}", endpoint.weight);
    if (endpoint.max_connections != 0) text += fmt::format(", max_connections {}", endpoint.max_connections);
    if (endpoint.backup) text += ", backup";
    if (endpoint.state != EndpointState::up) text += fmt::format(", {}", word(endpoint.state));
    return text;
}

std::string summary(const Route& route) {
    if (!route.redirect.to.empty()) return "redirect to " + route.redirect.to;
    if (route.respond.status != 0) return fmt::format("answers {}", route.respond.status);
    if (route.static_files.on()) return "files below " + route.static_files.folder();
    if (route.split.empty()) return count_of(route.rules.size(), "rule");
    Lines parts;
    for (const auto& [upstream, weight] : route.split) parts.push_back(fmt::format("{} {}", upstream, weight));
    return fmt::format("split {}", fmt::join(parts, ", "));
}

// Two lists of named things: what went, what came, what stayed but differs, and a new order of those that stayed.
template <class T, class Name, class Changed>
void compare_named(const std::string& subject, std::string_view noun, const std::vector<T>& before,
                   const std::vector<T>& after, Name name, Changed changed, Lines& lines) {
    if (before == after) return;
    // By look-up: ten thousand routes are compared at every change.
    std::unordered_map<std::string, const T*> olds, news;
    for (const T& item : before) olds.emplace(name(item), &item);
    for (const T& item : after) news.emplace(name(item), &item);
    Lines stayed_before, stayed_after;
    for (const T& item : before) {
        if (!news.contains(name(item)))
            lines.push_back(fmt::format("{}{} {} removed", subject, noun, name(item)));
        else
            stayed_before.push_back(name(item));
    }
    for (const T& item : after) {
        const auto old = olds.find(name(item));
        if (old == olds.end()) {
            lines.push_back(fmt::format("{}{} {} added ({})", subject, noun, name(item), summary(item)));
        } else {
            stayed_after.push_back(name(item));
            if (!(*old->second == item)) changed(*old->second, item);
        }
    }
    if (stayed_before != stayed_after) {
        Lines order;
        for (const T& item : after) order.push_back(name(item));
        lines.push_back(fmt::format("{}{}s reordered: {}", subject, noun, fmt::join(order, ", ")));
    }
}

// Weights that sum to a hundred are shares already, others are told as shares: 1 of 5 is 20 %.
std::string share_of(std::uint32_t weight, std::uint64_t sum, bool as_written) {
    if (as_written) return fmt::format("{}", weight);
    const double percent = sum == 0 ? 0 : 100.0 * weight / static_cast<double>(sum);
    return fmt::format("{} %", std::round(percent * 100) / 100);
}

void compare_splits(const std::string& subject, const Split& before, const Split& after, Lines& lines) {
    if (before == after) return;
    const auto weight_of = [](const Split& split, const std::string& upstream) -> std::optional<std::uint32_t> {
        const auto found = std::ranges::find_if(split, [&](const auto& part) { return part.first == upstream; });
        return found == split.end() ? std::nullopt : std::optional(found->second);
    };
    const auto sum_of = [](const Split& split) {
        std::uint64_t sum = 0;
        for (const auto& [unused, weight] : split) sum += weight;
        return sum;
    };
    const std::uint64_t old_sum = sum_of(before), new_sum = sum_of(after);
    // Where no share changes it is the weights that do.
    const auto same_share = [&](std::uint32_t old, std::uint32_t now) { return old * new_sum == now * old_sum; };
    bool shares_stay = true;
    for (const auto& [upstream, old] : before)
        shares_stay = shares_stay && same_share(old, weight_of(after, upstream).value_or(0));
    for (const auto& [upstream, now] : after)
        shares_stay = shares_stay && same_share(weight_of(before, upstream).value_or(0), now);
    const bool as_written = shares_stay || ((old_sum == 100 || old_sum == 0) && (new_sum == 100 || new_sum == 0));
    Lines parts, order;
    const auto add = [&](const std::string& upstream) {
        const auto old = weight_of(before, upstream), now = weight_of(after, upstream);
        const bool changes =
            shares_stay ? old.value_or(0) != now.value_or(0) : !same_share(old.value_or(0), now.value_or(0));
        if (changes)
            parts.push_back(fmt::format("{} {} → {}", upstream, share_of(old.value_or(0), old_sum, as_written),
                                        share_of(now.value_or(0), new_sum, as_written)));
        else if (old.has_value() != now.has_value())
            parts.push_back(fmt::format("{} {} at weight 0", upstream, now ? "added" : "removed"));
    };
    for (const auto& [upstream, unused] : before) add(upstream);
    for (const auto& [upstream, unused] : after) {
        if (!weight_of(before, upstream)) add(upstream);
        order.push_back(upstream);
    }
    if (parts.empty()) parts.push_back(fmt::format("in new order: {}", fmt::join(order, ", ")));
    lines.push_back(fmt::format("{}split {}", subject, fmt::join(parts, ", ")));
}

void compare_upstreams(const std::string& name, const Upstream& before, const Upstream& after, Lines& lines) {
    const std::string subject = fmt::format("upstream {}: ", name);
    compare_named(
        subject, "endpoint", before.endpoints, after.endpoints, [](const Endpoint& e) { return e.address.text(); },
        [&](const Endpoint& old, const Endpoint& now) {
            compare(fmt::format("{}endpoint {} ", subject, now.address.text()), "", Value(old), Value(now), lines);
        },
        lines);
    Value old(before), now(after);
    old.forget({"endpoints"});
    now.forget({"endpoints"});
    compare(subject, "", old, now, lines);
}

void compare_routes(const Route& before, const Route& after, Lines& lines) {
    const std::string subject = fmt::format("route {}: ", after.name);
    compare_splits(subject, before.split, after.split, lines);
    compare_named(
        subject, "rule", before.rules, after.rules, [](const Rule& r) { return r.name; },
        [&](const Rule& old, const Rule& now) {
            const std::string rule = fmt::format("{}rule {} ", subject, now.name);
            Value was(old), is(now);
            was.forget({"when"});  // is told as a whole
            is.forget({"when"});
            compare(rule, "", was, is, lines);
            if (!(old.when == now.when))
                lines.push_back(fmt::format("{}when {} → {}", rule, in_words(write_condition(old.when)),
                                            in_words(write_condition(now.when))));
        },
        lines);
    Value old(before), now(after);
    old.forget({"split", "rules"});
    now.forget({"split", "rules"});
    // It follows from the split, whose line says it.
    if (before.split != after.split) old.forget({"candidate"}), now.forget({"candidate"});
    compare(subject, "", old, now, lines);
}

}  // namespace

std::vector<std::string> diff(const Model& before, const Model& after) {
    Lines lines;
    compare("process: ", "", Value(before.process), Value(after.process), lines);
    for (const auto& [name, certificate] : before.certificates)
        if (!after.certificates.contains(name)) lines.push_back(fmt::format("certificate {} removed", name));
    for (const auto& [name, certificate] : after.certificates) {
        const auto old = before.certificates.find(name);
        if (old == before.certificates.end())
            lines.push_back(fmt::format("certificate {} added ({})", name,
                                        certificate.acme
                                            ? fmt::format("by acme for {}", fmt::join(certificate.acme->names, ", "))
                                            : certificate.chain));
        else
            compare(fmt::format("certificate {}: ", name), "", Value(old->second), Value(certificate), lines);
    }
    compare_named(
        "", "listener", before.listeners, after.listeners, [](const Listener& l) { return l.name; },
        [&](const Listener& old, const Listener& now) {
            compare(fmt::format("listener {}: ", now.name), "", Value(old), Value(now), lines);
        },
        lines);
    for (const auto& [name, upstream] : before.upstreams)
        if (!after.upstreams.contains(name)) lines.push_back(fmt::format("upstream {} removed", name));
    for (const auto& [name, upstream] : after.upstreams) {
        const auto old = before.upstreams.find(name);
        if (old == before.upstreams.end())
            lines.push_back(fmt::format("upstream {} added ({})", name, summary(upstream)));
        else if (!(old->second == upstream))
            compare_upstreams(name, old->second, upstream, lines);
    }
    compare_named(
        "", "route", before.routes, after.routes, [](const Route& r) { return r.name; },
        [&](const Route& old, const Route& now) { compare_routes(old, now, lines); }, lines);
    return lines;
}

}  // namespace switchyard::config
