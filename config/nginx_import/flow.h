// What the rewrite directives of a server and a location (set, if, return, rewrite, break) come to.
//
// Threads: one import, one thread. Errors: notes.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/nginx_import/scope.h"

namespace switchyard::config::nginx {

// `return` that only some hosts or methods get.
struct PartialAnswer {
    std::vector<std::string> hosts, methods;
    const Directive* answer = nullptr;
};

// `return` with a status that only requests get for which a condition holds.
struct ConditionalAnswer {
    Condition when;
    const Directive* answer = nullptr;
};

// rewrite ^/a/(.*)$ /b/$1 break
struct PrefixChange {
    std::string from, to;           // without a slash at the end
    bool exact = true;              // else nginx joins the rest with a slash too many or too few
    bool leaves_bare_path = false;  // the pattern does not take the prefix alone
    const Directive* origin = nullptr;
};

// Any other rewrite of the paths that an expression matches.
struct PathRewrite {
    std::string matches, to;
    const Directive* origin = nullptr;
};

// A redirect of the paths that an expression matches, by `rewrite`.
struct PartRedirect {
    std::string matches;
    const Directive* answer = nullptr;
};

struct Flow {
    explicit Flow(Scope start) : scope(std::move(start)) {}

    Scope scope;
    const Directive* answer = nullptr;  // `return` for every request, or a rewrite that redirects
    std::vector<PartialAnswer> partial_answers;
    std::vector<ConditionalAnswer> conditional_answers;  // in order
    const Directive* closing = nullptr;  // a refusal whose condition has no counterpart: the place is closed
    std::vector<std::pair<Verdict, const Directive*>> conditional_passes;  // proxy_pass inside an if, in order
    std::optional<PrefixChange> prefix_change;
    const std::vector<Directive>* server = nullptr;  // its block, where rewrites lead to
    bool in_location = false;                        // hosts have no routes of their own there
    std::vector<PathRewrite> rewrites;               // in order: the first that matches
    std::vector<PartRedirect> part_redirects;        // in order, before those
    bool ended = false;

    // Takes the rewrite directives of a block, in order; the others are left alone.
    void walk(const std::vector<Directive>& block, Notes& notes);
    static bool knows(std::string_view name);
    // A directive that turns requests away, where it stands in an `if`.
    static bool refuses(const Directive& directive);
    // A redirect to https.
    static bool leads_to_https(const Directive& directive);

  private:
    void enter_if(const Directive& directive, Notes& notes);
    void rewrite(const Directive& directive, Notes& notes);
    bool rewrite_by_expression(const Directive& directive, bool redirects_there);
    bool rewrite_into_refusal(Verdict verdict, const Directive& rewrite, Notes& notes);
    void answer_when(const Verdict& verdict, const Directive& answer, Notes& notes);
};

}  // namespace switchyard::config::nginx
