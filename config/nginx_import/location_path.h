// Which paths a `location` takes.
//
// Threads: pure but for the notes.
#pragma once

#include <optional>
#include <string>

#include "config/model/condition.h"
#include "config/nginx_import/notes.h"

namespace switchyard::config::nginx {

struct Path {
    bool exact = false;
    std::string text;             // as written, without its modifier
    std::string border;           // nginx also takes what goes on behind this without a slash; empty: nothing
    bool stops_patterns = false;  // ^~: no regular expression is asked
    // Instead of prefix or exact path: a regular expression, or a path that no route can be written for.
    std::optional<Condition> when;
    bool guessed = false;  // `when` takes more than the expression does, which has no counterpart
};

// A prefix or exact path that a route can have.
bool is_plain_path(const std::string& path);
// Nothing for a named location.
std::optional<Path> location_path(const Directive& location, Notes& notes);

}  // namespace switchyard::config::nginx
