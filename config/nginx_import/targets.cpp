#include "config/nginx_import/targets.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>
#include <set>

#include "config/model/limits.h"
#include "config/nginx_import/answer.h"
#include "config/nginx_import/matcher.h"
#include "config/nginx_import/rewrites.h"
#include "config/nginx_import/rules.h"
#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {

namespace {

// Variables that differ from request to request: splitting by them is chance.
bool is_random(std::string_view variable) {
    constexpr std::array<std::string_view, 9> kRandom{"request_id", "msec",         "date_gmt",
                                                      "date_local", "connection",   "connection_requests",
                                                      "pid",        "time_iso8601", "time_local"};
    return std::ranges::find(kRandom, variable) != kRandom.end();
}

// What passes the request's own path and query on, whatever its spelling.
bool passes_uri_on(const Text& path) {
    for (const auto* same : {"$request_uri", "$uri$is_args$args", "$document_uri$is_args$args"})
        if (path == parse_text(same)) return true;
    return path.empty();
}

}  // namespace

std::optional<Targets::Target> Targets::read(const Text& text, const Directive& where) {
    const auto refuse = [&](std::string_view reason) {
        notes_.lost(where, fmt::format("{}: {}", written(text), reason));
        return std::nullopt;
    };
    if (text.empty() || text[0].variable)
        return refuse("its upstream comes from the request, which has no counterpart: name the upstreams in rules");
    std::string start = text[0].text;
    const bool calls = where.name == "grpc_pass";
    if (calls && start.find("://") == std::string::npos) start.insert(0, "grpc://");
    const bool secure = start.starts_with(calls ? "grpcs://" : "https://");
    if (!secure && !start.starts_with(calls ? "grpc://" : "http://"))
        return refuse(calls ? "expected grpc:// or grpcs://" : "expected http:// or https://");
    start.erase(0, start.find("//") + 2);
    const bool unix_path = start.starts_with("unix:");
    // unix:/path.sock:/uri
    const auto slash = unix_path ? start.find(':', 5) : start.find('/');
    Target target;
    target.host = start.substr(0, slash);
    Text path;
    if (slash != std::string::npos) append(path, literal_text(start.substr(slash + (unix_path ? 1 : 0))));
    if (text.size() > 1) {
        const bool ended = slash != std::string::npos ||
                           (text[1].variable && parse_text("$request_uri")[0] == text[1]) ||
                           (text[1].variable && parse_text("$uri")[0] == text[1]);
        if (!ended)
            return refuse("its upstream comes from the request, which has no counterpart: name the upstreams in rules");
        append(path, Text(text.begin() + 1, text.end()));
    }
    if (!is_literal(path) || with_variables_) {
        const auto to =
            groups_ != 0 && !is_literal(path) ? rewrite_target(path, groups_, Query::dropped) : std::nullopt;
        if (to)
            target.rewrite = *to;
        else if (!passes_uri_on(path))
            return refuse("this path has no counterpart, and the request's own may lead elsewhere");
    } else {
        target.path = literal(path);
    }
    const auto upstream = secure ? upstreams_.find_secure(target.host, settings_, where, calls)
                                 : upstreams_.find(target.host, where, calls);
    if (!upstream) return std::nullopt;
    target.upstream = *upstream;
    return target;
}

void Targets::accept(const Target& target, const Directive& where) {
    if (accepted_ && (target.path != replacement_ || target.rewrite != rewrite_))
        notes_.changed(where,
                       fmt::format("a route replaces its prefix by one path: \"{}\" is used for all of its upstreams",
                                   replacement_));
    hosts_differ_ = hosts_differ_ || (accepted_ && target.host != host_);
    if (!accepted_) {
        replacement_ = target.path;
        rewrite_ = target.rewrite;
        host_ = target.host;
    }
    accepted_ = true;
}

std::optional<Targets::Shared> Targets::read_shared(const Text& text, const Shares*& split, const Flow& flow,
                                                    const Directive& where) {
    const auto by_shares =
        std::ranges::find_if(text, [&](const Part& part) { return part.variable && flow.scope.shares(part.text); });
    if (by_shares == text.end()) {
        const auto target = read(text, where);
        if (!target) return std::nullopt;
        accept(*target, where);
        return Shared{{target->upstream, 1}};
    }
    split = flow.scope.shares(by_shares->text);
    Shared out;
    for (const auto& share : split->shares) {
        Text url(text.begin(), by_shares);
        append(url, share.value);
        append(url, Text(by_shares + 1, text.end()));
        const auto target = read(url, where);
        if (!target) return std::nullopt;
        accept(*target, where);
        const auto same = std::ranges::find(out, target->upstream, &Shared::value_type::first);
        if (same == out.end())
            out.emplace_back(target->upstream, share.weight);
        else
            same->second += share.weight;
    }
    std::uint32_t divisor = 0;
    for (const auto& [upstream, weight] : out) divisor = std::gcd(divisor, weight);
    for (auto& [upstream, weight] : out) weight /= std::max(divisor, 1U);
    return out;
}

void Targets::set_sticky(Route& route, const Shares& split) {
    Sticky sticky;
    std::optional<Key> key;
    std::size_t variables = 0;
    bool chance = false;
    for (const Part& part : split.key) {
        if (!part.variable) {
            sticky.salt += part.text;
            continue;
        }
        ++variables;
        chance = chance || is_random(part.text);
        if (!key) key = key_of(part.text);
    }
    if (chance)
        return notes_.unneeded(
            *split.origin, "splits by chance: so do the weights of the route, and exactly in each block of requests");
    if (!key || key->source == Key::Source::method || key->source == Key::Source::path)
        return notes_.changed(
            *split.origin,
            "this key has no counterpart: each request is drawn by itself; see \"sticky\" to split by user");
    sticky.key = *key;
    route.sticky = sticky;
    notes_.changed(
        *split.origin,
        fmt::format(
            "the same shares, but not the same people in them: the hash is another{}",
            variables > 1 ? fmt::format(", over {} alone", key->name.empty() ? "the client address" : key->name) : ""));
}

bool Targets::set(Route& route, const Flow& flow, const Directive* pass) {
    const Directive& where = pass ? *pass : *flow.conditional_passes.at(0).second;
    with_variables_ = !is_literal(parse_text(where.arg(0)));
    Cases cases = pass ? flow.scope.resolve(parse_text(pass->arg(0))) : always({});
    for (const auto& [verdict, directive] : flow.conditional_passes)
        cases = flow.scope.choose(verdict, flow.scope.resolve(parse_text(directive->arg(0))), cases);
    if (cases.size() == 1 && cases[0].out.empty()) return false;

    const Shares* split = nullptr;
    auto base = read_shared(cases.back().out, split, flow, where);
    if (!base) {
        if (cases.size() > 1)
            notes_.lost(where, "without an upstream for the requests that no condition takes there is no route");
        return false;
    }
    std::set<std::string> taken;
    for (std::size_t i = 0; i + 1 < cases.size(); ++i) {
        if (depth_of(cases[i].when.condition) > limits::kConditionDepth) {
            notes_.lost(where,
                        "a condition is nested too deep to be carried over, and its requests cannot be told apart: "
                        "all are answered with 501; write the rule by hand");
            route.rules.clear();
            return false;
        }
        const Shares* rule_split = nullptr;
        const auto target = read_shared(cases[i].out, rule_split, flow, where);
        if (!target) {
            route.rules.push_back(
                {rule_name(cases[i].when.condition, taken), cases[i].when.condition, "", "", not_carried_over()});
            continue;
        }
        if (target->size() > 1) notes_.lost(where, "a rule leads to one upstream; of these shares the first is used");
        route.rules.push_back(
            {rule_name(cases[i].when.condition, taken), cases[i].when.condition, target->front().first, "", {}});
    }
    // Two colours, of which rules reach one: it stands in the split as well, ready to be switched to.
    const bool alone = base->size() == 1;
    if (alone && !route.rules.empty()) {
        const std::string other = route.rules.front().upstream;
        const bool two = !other.empty() && std::ranges::all_of(route.rules, [&](const Rule& rule) {
            return rule.upstream == other || rule.upstream == base->front().first;
        });
        if (two && other != base->front().first) {
            base->front().second = 100;
            base->emplace_back(other, 0);
        }
    }
    route.split.assign(base->begin(), base->end());
    if (split && !alone) set_sticky(route, *split);
    return true;
}

}  // namespace switchyard::config::nginx
