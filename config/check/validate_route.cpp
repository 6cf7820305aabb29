#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "config/check/checks.h"
#include "config/check/http_syntax.h"
#include "config/fields/member_writer.h"
#include "config/model/candidate.h"
#include "config/model/expression.h"
#include "config/model/limits.h"
#include "config/text/count.h"
#include "config/text/expires.h"
#include "config/text/nearest.h"
#include "config/text/target_text.h"

namespace switchyard::config {

namespace {

void check_split(Checks& checks, const std::string& at, const Split& split) {
    std::set<std::string> names;
    std::uint64_t sum = 0;
    for (const auto& [upstream, weight] : split) {
        checks.upstream_exists(pointer_to(at, upstream), upstream);
        if (!names.insert(upstream).second)
            checks.fail(pointer_to(at, upstream), fmt::format("upstream \"{}\" is there twice", upstream));
        sum += weight;
    }
    if (split.empty()) return;
    if (sum == 0) checks.fail(at, "every weight is 0; at least one upstream must get requests");
}

void check_deny(Checks& checks, const std::string& at, const Rule& rule, bool responds) {
    if (rule.deny < 400) checks.fail(at + "/deny", "expected a status from 400 to 599, such as 403");
    if (!rule.upstream.empty() || responds)
        checks.fail(at + "/deny", fmt::format("a rule has only one of upstream, respond and deny; it has {} too",
                                              responds ? "a response" : "an upstream"));
}

void check_rules(Checks& checks, const std::string& at, const Route& route) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < route.rules.size(); ++i) {
        const Rule& rule = route.rules[i];
        const std::string here = pointer_to(at + "/rules", i);
        checks.name(here + "/name", rule.name);
        if (!names.insert(rule.name).second)
            checks.fail(here + "/name", fmt::format("rule \"{}\" is there already in this route", rule.name));
        check_condition(checks, here + "/when", rule.when, !route.jwt.algorithm.empty());
        const bool responds = rule.respond != Respond{};
        if (rule.deny != 0)
            check_deny(checks, here, rule, responds);
        else if (rule.upstream.empty() && !responds)
            checks.fail(here, "the rule leads nowhere: expected \"upstream\", \"respond\" or \"deny\"");
        else if (!rule.upstream.empty() && responds)
            checks.fail(here + "/respond", "a rule has only one of upstream and respond; it has an upstream too");
        else if (responds)
            check_respond(checks, here + "/respond", rule.respond);
        else if (rule.upstream != kCandidate)
            checks.upstream_exists(here + "/upstream", rule.upstream);
        else if (auto why = why_no_candidate(route); !why.empty())
            checks.fail(here + "/upstream", std::move(why));
        if (rule.fallback.empty()) continue;
        if (responds || rule.deny != 0)
            checks.fail(here + "/fallback", "a rule that answers by itself needs nobody to stand in");
        if (rule.fallback == kCandidate) {
            checks.fail(here + "/fallback", "only \"upstream\" may be @candidate: name who stands in");
            continue;
        }
        checks.upstream_exists(here + "/fallback", rule.fallback);
        if (rule.fallback == rule.upstream) checks.fail(here + "/fallback", "is the upstream that it stands in for");
    }
}

void check_candidate(Checks& checks, const std::string& at, const Route& route) {
    if (route.candidate.empty()) return;
    const auto is_it = [&](const auto& arm) { return arm.first == route.candidate; };
    if (route.split.size() != 2 || std::ranges::none_of(route.split, is_it))
        checks.fail(at, fmt::format("\"{}\" is none of the two upstreams of a split between two", route.candidate));
}

// A route sends requests to its split, or answers by itself: one of the two, and one answer.
void check_purpose(Checks& checks, const std::string& at, const Route& route) {
    const bool redirects = !route.redirect.to.empty(), responds = route.respond.status != 0,
               splits = !route.split.empty();
    if (redirects + responds + splits == 0) {
        // What no rule takes is 404.
        if (route.rules.empty())
            checks.fail(at, "the route leads nowhere: expected a split, a redirect or a response (\"respond\")");
    } else if (redirects + responds + splits > 1) {
        const std::string_view second = splits && redirects ? "redirect" : "respond";
        checks.fail(pointer_to(at, second),
                    fmt::format("a route has only one of split, redirect and respond; it has a {} too",
                                splits ? "split" : "redirect"));
    }
    if (!redirects && route.redirect != Redirect{}) checks.fail(at + "/redirect/to", "expected where to redirect to");
    if (!responds && route.respond != Respond{})
        checks.fail(at + "/respond/status", "expected a status from 200 to 599");
}

void check_sticky(Checks& checks, const std::string& at, const Route& route) {
    if (!route.sticky) return;
    const Sticky& sticky = *route.sticky;
    const std::string here = at + "/sticky";
    if (route.split.empty()) checks.fail(here, "sticky goes with a split");
    checks.key(here + "/by", sticky.key, !route.jwt.algorithm.empty());
    if (sticky.key.source == Key::Source::method || sticky.key.source == Key::Source::path)
        checks.fail(here + "/by", "expected a key that belongs to a user: header, cookie, query, claim or client");
    if (sticky.mint && sticky.key.source != Key::Source::cookie)
        checks.fail(here + "/mint", "only a cookie can be set when it is missing; the key is " + key_text(sticky.key));
    checks.text(here + "/salt", sticky.salt, limits::kHeaderValueLength);
}

void check_path_start(Checks& checks, const std::string& at, const std::string& path) {
    if (!path.starts_with('/') || path.find_first_of("?# ") != std::string::npos || !is_field_value(path))
        return checks.fail(
            at, fmt::format("\"{}\": expected a path that begins with '/', without '?', '#' and spaces", path));
    checks.text(at, path, limits::kHeaderValueLength);
}

bool sends_on(const Route& route) {
    return !route.split.empty() ||
           std::ranges::any_of(route.rules, [](const Rule& rule) { return !rule.upstream.empty(); });
}

void check_rewrite(Checks& checks, const std::string& at, const Route& route) {
    if (!route.replace_prefix.empty()) {
        check_path_start(checks, at + "/replace_prefix", route.replace_prefix);
        if (route.strip_prefix.empty())
            checks.fail(at + "/replace_prefix", "goes with strip_prefix, which says what is replaced");
    }
    if (route.strip_prefix.empty()) return;
    check_path_start(checks, at + "/strip_prefix", route.strip_prefix);
    if (!sends_on(route)) return checks.fail(at + "/strip_prefix", "goes with a split; this route sends nothing on");
    const std::string& path = route.match.path_exact.empty() ? route.match.path_prefix : route.match.path_exact;
    const std::string& strip = route.strip_prefix;
    const bool at_border = path.size() == strip.size() || strip.ends_with('/') ||
                           (path.size() > strip.size() && path[strip.size()] == '/');
    if (!path.starts_with(strip) || !at_border)
        checks.fail(at + "/strip_prefix",
                    fmt::format("\"{}\" does not begin every path of this route, which matches {} \"{}\"", strip,
                                route.match.path_exact.empty() ? "path_prefix" : "path_exact", path));
}

void check_redirect(Checks& checks, const std::string& at, const Route& route) {
    const Redirect& redirect = route.redirect;
    if (redirect.to.empty()) return;
    constexpr std::array<std::uint16_t, 5> kStatuses{301, 302, 303, 307, 308};
    if (std::ranges::find(kStatuses, redirect.status) == kStatuses.end())
        checks.fail(at + "/status", fmt::format("expected 301, 302, 303, 307 or 308, found {}", redirect.status));
    const std::string& to = redirect.to;
    if (!to.starts_with("http://") && !to.starts_with("https://") && !to.starts_with('/'))
        checks.fail(at + "/to", "expected a URL that begins with http://, https:// or '/'");
    if (!is_field_value(to) || to.find(' ') != std::string::npos)
        checks.fail(at + "/to", "expected no spaces and control characters");
    checks.text(at + "/to", to, limits::kHeaderValueLength);
    check_target_text(checks, at + "/to", route, route.match.path_matches, to);
}

void check_rewrites(Checks& checks, const std::string& at, const Route& route) {
    if (route.rewrite.empty()) return;
    if (!route.strip_prefix.empty())
        checks.fail(at + "/strip_prefix", "\"rewrite\" is there too; only one of them can say what is sent on");
    if (!sends_on(route)) checks.fail(at + "/rewrite", "goes with a split; this route sends nothing on");
    for (std::size_t i = 0; i < route.rewrite.size(); ++i) {
        const Rewrite& way = route.rewrite[i];
        const std::string here = pointer_to(at + "/rewrite", i);
        if (!way.matches.empty()) check_pattern(checks, here + "/matches", way.matches);
        if (way.matches.empty() && i + 1 < route.rewrite.size())
            checks.fail(here, "has no \"matches\", so those behind it are never asked: put it last");
        const bool group_first = way.to.starts_with('{') && group_named(way.to.substr(1, way.to.find('}') - 1));
        if ((!way.to.starts_with('/') && !group_first) || way.to.find_first_of(" #") != std::string::npos ||
            !is_field_value(way.to))
            checks.fail(here + "/to",
                        fmt::format("\"{}\": expected a path that begins with '/', without '#' and spaces", way.to));
        if (const auto query = way.to.find("{query}"); query != std::string::npos && query < way.to.find('?'))
            checks.fail(here + "/to", "{query} stands before a '?': what a client says there is no path");
        checks.text(here + "/to", way.to, limits::kHeaderValueLength);
        check_target_text(checks, here + "/to", route, way.matches.empty() ? route.match.path_matches : way.matches,
                          way.to);
    }
}

void check_substitutions(Checks& checks, const std::string& at, const Route& route,
                         const std::vector<Substitution>& list) {
    for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string here = pointer_to(at, i);
        if (list[i].from.empty()) checks.fail(here + "/from", "expected what the endpoint says");
        for (const auto& [text, word] : {std::pair{&list[i].from, "/from"}, std::pair{&list[i].to, "/to"}})
            if (!is_field_value(*text) || text->find_first_of(" ;") != std::string::npos)
                checks.fail(here + word, "expected no spaces, semicolons and control characters");
        checks.text(here + "/from", list[i].from, limits::kHeaderValueLength);
        checks.text(here + "/to", list[i].to, limits::kHeaderValueLength);
        check_target_text(checks, here + "/to", route, route.match.path_matches, list[i].to);
    }
}

void check_answers(Checks& checks, const std::string& at, const Route& route) {
    check_substitutions(checks, at + "/answers/location", route, route.answers.location);
    check_substitutions(checks, at + "/answers/cookie_domain", route, route.answers.cookie_domain);
    check_substitutions(checks, at + "/answers/cookie_path", route, route.answers.cookie_path);
    if (!sends_on(route) && !route.answers.empty())
        checks.fail(at + "/answers", "goes with a split; this route answers by itself");
    if (!sends_on(route) && !route.expires.empty())
        checks.fail(at + "/expires",
                    "goes with a split; for an answer of the route itself set Cache-Control in "
                    "response_headers");
    if (std::string why; !route.expires.empty() && cache_control_of(route.expires, &why).empty())
        checks.fail(at + "/expires", fmt::format("{}, found \"{}\"", why, route.expires));
    if (route.forwarded_prefix && route.strip_prefix.empty())
        checks.fail(at + "/forwarded_prefix", "goes with strip_prefix: it is what is told");
}

void check_jwt(Checks& checks, const std::string& at, const Jwt& jwt) {
    if (jwt == Jwt{}) return;
    if (jwt.algorithm.empty()) checks.fail(at + "/algorithm", "expected HS256, RS256 or ES256");
    const bool has_key = jwt.key != Secret{};
    if (has_key == !jwt.key_file.empty())
        checks.fail(at,
                    !has_key ? "expected \"key\" or \"key_file\"" : "expected only one of \"key\" and \"key_file\"");
    check_secret(checks, at + "/key", jwt.key);
    checks.header_name(at + "/header", jwt.header);
}

void check_limits(Checks& checks, const std::string& at, const Route& route) {
    const RateLimit& rate = route.limits.rate;
    if (rate == RateLimit{}) return;
    if (rate.requests == 0) checks.fail(at + "/limits/rate", "\"requests\" is missing; without it there is no limit");
    checks.key(at + "/limits/rate/by", rate.key, !route.jwt.algorithm.empty());
}

void check_retries(Checks& checks, const std::string& at, const Retries& retries) {
    for (std::size_t i = 0; i < retries.on.size(); ++i)
        if (retries.on[i].first < 400)
            checks.fail(pointer_to(at + "/on", i),
                        fmt::format("{}: expected statuses from 400 to 599; another endpoint is asked after errors",
                                    retries.on[i].text()));
    if (retries.attempts == 0 && (!retries.on.empty() || retries.backoff != Duration{0}))
        checks.fail(at + "/attempts", "no further attempt is made: leave out what says when one is, or allow some");
}

void check_grpc_statuses(Checks& checks, const std::string& at, const std::vector<std::string>& names) {
    static const std::vector<std::string> kKnown(kGrpcStatuses.begin() + 1, kGrpcStatuses.end());
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string here = pointer_to(at, i);
        if (names[i] == kGrpcStatuses[0])
            checks.fail(here, "OK is no failure");
        else if (std::ranges::find(kKnown, names[i]) == kKnown.end())
            checks.fail(here, "unknown status of gRPC " + unknown_word(names[i], kKnown));
    }
}

}  // namespace

void check_group(Checks& checks, const std::string& at, const std::string& word, unsigned group,
                 const std::string& pattern) {
    if (pattern.empty())
        return checks.fail(at, fmt::format("{{{}}} is a group of an expression, and there is none: see match.{}", word,
                                           word.starts_with("host") ? "host_matches" : "path_matches"));
    if (const unsigned groups = groups_of(pattern); group > groups)
        checks.fail(at, fmt::format("{{{}}}: \"{}\" has {}", word, pattern, count_of(groups, "group")));
}

void check_target_text(Checks& checks, const std::string& at, const Route& route, const std::string& path_pattern,
                       const std::string& text) {
    static const std::vector<std::string> kPlaces{"host", "path", "query", "1", "host.1"};
    for (auto open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
        const auto close = text.find('}', open);
        const std::string place = text.substr(open + 1, close == std::string::npos ? close : close - open - 1);
        if (close == std::string::npos) return checks.fail(at, "a '{' is not closed");
        if (const auto group = group_named(place))
            check_group(checks, at, place, group->group,
                        group->what == TargetPart::What::path_group ? path_pattern : route.match.host_matches);
        else if (std::ranges::find(kPlaces, place) == kPlaces.end())
            checks.fail(at, "unknown placeholder " + unknown_word(place, kPlaces));
    }
}

void check_respond(Checks& checks, const std::string& at, const Respond& respond) {
    checks.text(at + "/body", respond.body, limits::kBodyLength);
    if (!is_field_value(respond.content_type)) checks.fail(at + "/content_type", "expected a media type");
}

void check_secret(Checks& checks, const std::string& at, const Secret& secret) {
    const auto is_word = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
    if (secret.from == Secret::From::here && secret.text == MemberWriter::kHidden)
        checks.fail(at,
                    R"(this is the mark of a hidden secret, not the secret: put the real one in, or {"env": "NAME"} )"
                    R"(or {"file": "PATH"})");
    if (secret.from == Secret::From::env && (secret.empty() || !std::ranges::all_of(secret.text, is_word) ||
                                             std::isdigit(static_cast<unsigned char>(secret.text[0])) != 0))
        checks.fail(at + "/env", "expected the name of a variable: letters, digits and _");
    if (secret.from == Secret::From::file && (secret.empty() || secret.text.find('\0') != std::string::npos))
        checks.fail(at + "/file", "expected the path of a file");
    checks.text(at, secret.text, limits::kBodyLength);
}

void check_route(Checks& checks, const std::string& at, const Route& route) {
    checks.name(at + "/name", route.name);
    check_match(checks, at + "/match", route.match);
    check_access(checks, at + "/access", route.access);
    check_rules(checks, at, route);
    check_split(checks, at + "/split", route.split);
    check_candidate(checks, at + "/candidate", route);
    check_purpose(checks, at, route);
    check_sticky(checks, at, route);
    check_header_edits(checks, at + "/request_headers", route, true);
    check_header_edits(checks, at + "/response_headers", route, false);
    check_rewrite(checks, at, route);
    check_limits(checks, at, route);
    check_retries(checks, at + "/retries", route.retries);
    check_redirect(checks, at + "/redirect", route);
    check_rewrites(checks, at, route);
    check_answers(checks, at, route);
    check_respond(checks, at + "/respond", route.respond);
    check_jwt(checks, at + "/jwt", route.jwt);
    check_compress(checks, at, route);
    check_hold(checks, at + "/hold", route);
    check_error_pages(checks, at + "/error_pages", route.error_pages);
    check_grpc_statuses(checks, at + "/grpc/failures", route.grpc.failures);
    check_grpc_statuses(checks, at + "/grpc/retry_on", route.grpc.retry_on);
    for (std::size_t i = 0; i < route.allow_trailers.size(); ++i) {
        const std::string here = pointer_to(at + "/allow_trailers", i);
        checks.header_name(here, route.allow_trailers[i]);
        if (is_hop_header(route.allow_trailers[i]) || same_header(route.allow_trailers[i], "host"))
            checks.fail(here,
                        fmt::format("{} means nothing in a trailer and is never passed on", route.allow_trailers[i]));
    }
}

}  // namespace switchyard::config
