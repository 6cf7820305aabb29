#include "config/nginx_import/flow.h"

#include <array>
#include <regex>

#include "config/model/expression.h"
#include "config/model/limits.h"
#include "config/nginx_import/known.h"
#include "config/nginx_import/pattern.h"
#include "config/nginx_import/rewrites.h"
#include "config/nginx_import/rules.h"
#include "config/nginx_import/values.h"

namespace switchyard::config::nginx {

namespace {

// A `return` of a status that is no redirect.
bool is_fixed(const Directive& answer) {
    const auto status = number_value(answer.arg(0));
    return status && *status >= 200 && *status <= 599 && (*status < 300 || *status >= 400);
}

bool redirects(const Directive& rewrite) {
    const std::string& to = rewrite.arg(1);
    const std::string& flag = rewrite.arg(2);
    return flag == "permanent" || flag == "redirect" || to.starts_with("http://") || to.starts_with("https://");
}

// A rewrite that is a `return`.
bool redirects_all(const Directive& directive) {
    constexpr std::array<std::string_view, 5> kEverything{"^", ".*", "^.*$", "^(.*)$", "^/(.*)$"};
    return directive.name == "rewrite" && redirects(directive) &&
           std::ranges::find(kEverything, directive.arg(0)) != kEverything.end();
}

// What a location at a path that nginx has rewritten refuses all requests with; null: it does not.
const Directive* refusal_at(const std::vector<Directive>& server, const std::string& target) {
    static const Directive kDenied{"return", {"403"}, false, {}, {}, 0};
    const std::string path = target.substr(0, target.find_first_of("$?"));
    const bool whole = path.size() == target.size();
    const Directive* place = nullptr;
    for (const Directive& location : server) {
        if (location.name != "location" || location.args.empty()) continue;
        const bool exact = location.arg(0) == "=" && location.args.size() == 2;
        const bool prefix = location.args.size() == 1 || location.arg(0) == "^~";
        const std::string& at = location.args.back();
        if (exact && whole && at == path) {
            place = &location;
            break;
        }
        if (prefix && path.starts_with(at) && (place == nullptr || place->args.back().size() < at.size()))
            place = &location;
    }
    if (place == nullptr) return nullptr;
    for (const Directive& inner : place->children) {
        if (inner.name == "return") return Flow::refuses(inner) ? &inner : nullptr;
        if (inner.name == "allow") return nullptr;
        if (inner.name == "deny" && inner.arg(0) == "all") return &kDenied;
    }
    return nullptr;
}

// What is refused where its path ends in a line's end, too. Under a negation it would let in more.
Condition for_refusal(Condition condition) {
    if (condition.kind == Condition::Kind::negate) return condition;
    for (Condition& child : condition.children) child = for_refusal(std::move(child));
    if (condition.kind == Condition::Kind::test && condition.key.source == Key::Source::path &&
        condition.test == Condition::Test::matches)
        for (auto& expression : condition.values) expression = at_last_line_end(expression);
    return condition;
}

}  // namespace

bool Flow::knows(std::string_view name) {
    constexpr std::array<std::string_view, 5> kNames{"set", "if", "return", "rewrite", "break"};
    for (const auto known : kNames)
        if (known == name) return true;
    return false;
}

void Flow::walk(const std::vector<Directive>& block, Notes& notes) {
    for (const Directive& directive : block) {
        if (!knows(directive.name)) continue;
        if (ended) {
            notes.unneeded(directive, "is never reached: a return or break stands before it");
            continue;
        }
        if (!rewrites.empty() && directive.name != "rewrite" && directive.name != "break") {
            // To nginx it holds only for paths that were not rewritten.
            for (const PathRewrite& before : rewrites) notes.lost(*before.origin, "other directives stand behind it");
            rewrites.clear();
        }
        if (directive.name == "set") {
            const auto variable = only_variable(parse_text(directive.arg(0)));
            if (variable)
                scope.set(*variable, parse_text(directive.arg(1)));
            else
                notes.lost(directive, "expected a variable");
        } else if (directive.name == "if") {
            enter_if(directive, notes);
        } else if (directive.name == "return") {
            answer = &directive;
            ended = true;
        } else if (directive.name == "break") {
            ended = true;
        } else {
            rewrite(directive, notes);
        }
    }
}

void Flow::enter_if(const Directive& directive, Notes& notes) {
    const auto verdict = scope.test(directive);
    if (!verdict) {
        for (const Directive& inner : directive.children) {
            if (refuses(inner)) closing = &inner;
            if (leads_to_https(inner)) notes.lost(inner, std::string(kHttpsNotEnforced));
            if (inner.name == "return" && inner.arg(0).size() == 3 && inner.arg(0).starts_with('5'))
                notes.lost(inner, std::string(kNotAnswered));
            const auto variable = inner.name == "set" ? only_variable(parse_text(inner.arg(0))) : std::nullopt;
            if (variable) scope.set_where(verdict, *variable, parse_text(inner.arg(1)));
        }
        return;
    }
    bool answered = false;
    for (const Directive& inner : directive.children) {
        if (answered && knows(inner.name)) {
            notes.unneeded(inner, "is never reached: a return stands before it");
        } else if (inner.name == "set") {
            const auto variable = only_variable(parse_text(inner.arg(0)));
            if (variable) scope.set_where(verdict, *variable, parse_text(inner.arg(1)));
        } else if (is_pass(inner.name)) {
            conditional_passes.emplace_back(*verdict, &inner);
        } else if (inner.name == "return") {
            answer_when(*verdict, inner, notes);
            answered = true;
        } else if (inner.name == "break") {
            if (&inner != &directive.children.back())
                notes.lost(inner, "what follows in this `if` is carried over all the same");
        } else if (redirects_all(inner)) {
            answer_when(*verdict, inner, notes);
            answered = true;
        } else if (leads_to_https(inner)) {
            notes.lost(inner, std::string(kHttpsNotEnforced));
        } else if (inner.name == "rewrite" && rewrite_into_refusal(*verdict, inner, notes)) {
            continue;
        } else if (inner.name == "rewrite" || inner.name == "if") {
            notes.lost(inner, "rewriting only some requests has no counterpart: use a route of its own");
        } else {
            notes.lost(inner, "only `set`, `proxy_pass` and `return` are carried over from inside an `if`");
        }
    }
}

bool Flow::refuses(const Directive& directive) {
    return (directive.name == "return" && directive.arg(0).size() == 3 && directive.arg(0).starts_with('4')) ||
           directive.name == "deny";
}

bool Flow::leads_to_https(const Directive& directive) {
    const std::size_t last = directive.name == "rewrite" ? 1 : directive.args.size() - 1;
    return (directive.name == "return" || directive.name == "rewrite") && directive.args.size() > last &&
           directive.arg(last).starts_with("https://");
}

// Requests that are led to a place where all are refused are refused here.
bool Flow::rewrite_into_refusal(Verdict verdict, const Directive& rewrite, Notes& notes) {
    const Directive* refusal = server == nullptr || redirects(rewrite) || rewrite.arg(2) == "break"
                                   ? nullptr
                                   : refusal_at(*server, rewrite.arg(1));
    if (refusal == nullptr) return false;
    const bool everything = rewrite.arg(0) == "^" || rewrite.arg(0) == ".*";
    const auto matches = re2_expression(rewrite.arg(0), false);
    if (!verdict.split.empty() || (!everything && !matches)) {
        closing = refusal;
        return true;
    }
    if (!everything) {
        Condition path;
        path.key = {Key::Source::path, {}};
        path.test = Condition::Test::matches;
        path.values = {*matches};
        verdict.formula = both(verdict.formula, Formula::of(std::move(path)));
    }
    answer_when(verdict, *refusal, notes);
    return true;
}

void Flow::answer_when(const Verdict& verdict, const Directive& directive, Notes& notes) {
    const Formula& formula = verdict.formula;
    if (verdict.split.empty() && formula.kind == Formula::Kind::never) return;
    if (verdict.split.empty() && formula.kind == Formula::Kind::always) {
        answer = &directive;
        ended = true;
        return;
    }
    const Condition& condition = formula.condition;
    const bool equality = formula.kind == Formula::Kind::depends && condition.kind == Condition::Kind::test &&
                          (condition.test == Condition::Test::equals || condition.test == Condition::Test::in);
    const bool by_host =
        equality && (condition.key.source == Key::Source::host || condition.key == Key{Key::Source::header, "Host"});
    if (by_host && !in_location)
        partial_answers.push_back({condition.values, {}, &directive});
    else if (equality && condition.key.source == Key::Source::method)
        partial_answers.push_back({{}, condition.values, &directive});
    else if (verdict.split.empty() && is_fixed(directive) && depth_of(condition) < limits::kConditionDepth)
        conditional_answers.push_back({refuses(directive) ? for_refusal(condition) : condition, &directive});
    else if (refuses(directive))
        closing = &directive;
    else if (leads_to_https(directive))
        notes.lost(directive, std::string(kHttpsNotEnforced));
    else
        notes.lost(directive,
                   "redirecting only some requests has a counterpart only by host, path and method: the request goes "
                   "on as if this were not here");
}

void Flow::rewrite(const Directive& directive, Notes& notes) {
    const std::string& pattern = directive.arg(0);
    const std::string& to = directive.arg(1);
    const std::string& flag = directive.arg(2);
    if (redirects_all(directive)) {
        answer = &directive;
        ended = true;
        return;
    }
    if (rewrite_into_refusal({Formula::constant(true), {}, {}}, directive, notes)) return;
    const bool first = rewrites.empty() && part_redirects.empty();
    // ^/a/(.*)$  ^/a(.*)$  ^/a(/.*)$  ^/a/?(.*)$ and the same without '^': a location's paths begin with its prefix.
    static const std::regex kPrefix(R"(\^?((?:/[A-Za-z0-9_~.-]+)*)(/?|/\?)\((/?)\.\*\)\$?)");
    static const std::regex kReplacement(R"(((?:/[A-Za-z0-9_~.-]+)*)(/?)\$1)");
    std::smatch from, into;
    if (first && flag == "break" && std::regex_match(pattern, from, kPrefix) &&
        std::regex_match(to, into, kReplacement)) {
        const bool slash_matched = from[2].length() > 0;
        const bool slash_captured = from[3].length() > 0 || (from[1].length() == 0 && !slash_matched);
        prefix_change = PrefixChange{from[1].length() == 0 ? "/" : from[1].str(), into[1].str(),
                                     slash_captured ? into[2].length() == 0 : slash_matched == (into[2].length() > 0),
                                     slash_captured || from[2] == "/", &directive};
        ended = true;
        return;
    }
    if (rewrite_by_expression(directive, redirects(directive))) return;
    notes.lost(directive,
               "rewriting has a counterpart where it ends the search (break) or redirects, by an expression and to a "
               "path that RE2 and `rewrite` can say");
}

bool Flow::rewrite_by_expression(const Directive& directive, bool redirects_there) {
    const auto pattern = re2_expression(directive.arg(0), false);
    if (!pattern) return false;
    if (redirects_there) {
        if (!rewrites.empty()) return false;
        part_redirects.push_back({*pattern, &directive});
        return true;
    }
    const auto to = rewrite_target(parse_text(directive.arg(1)), groups_of(*pattern), Query::appended);
    if (directive.arg(2) != "break" || !to) return false;
    rewrites.push_back({*pattern, *to, &directive});
    return true;
}

}  // namespace switchyard::config::nginx
