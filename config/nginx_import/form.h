// Whether directives have the form that nginx asks for: how many words, a block or not, once or more often.
//
// A forgotten ';' makes the next directive part of this one: nginx says so, and to read on would lose it in silence.
// Threads: pure functions. Errors: the first fault, with file and line.
#pragma once

#include <optional>
#include <vector>

#include "config/nginx_import/tree.h"

namespace switchyard::config::nginx {

// Of the whole tree; directives that no table names may have any form.
std::optional<Note> fault_in_form(const std::vector<Directive>& directives);

}  // namespace switchyard::config::nginx
