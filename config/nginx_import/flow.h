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

struct Flow {
    explicit Flow(Scope start) : scope(std::move(start)) {}

    Scope scope;
    const Directive* answer = nullptr;  // `return` for every request, or a rewrite that redirects
    std::vector<PartialAnswer> partial_answers;
    std::vector<std::pair<Verdict, const Directive*>> conditional_passes;  // proxy_pass inside an if, in order
    std::optional<std::pair<std::string, std::string>> prefix_change;      // rewrite ^/a/(.*)$ /b/$1 break
    bool ended = false;

    // Takes the rewrite directives of a block, in order; the others are left alone.
    void walk(const std::vector<Directive>& block, Notes& notes);
    static bool knows(std::string_view name);

  private:
    void enter_if(const Directive& directive, Notes& notes);
    void rewrite(const Directive& directive, Notes& notes);
    void answer_when(const Verdict& verdict, const Directive& answer, Notes& notes);
    Cases known_value(const std::string& variable) const;
};

}  // namespace switchyard::config::nginx
