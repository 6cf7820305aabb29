// What is to be said of directives that the importer does not translate: one table.
//
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/nginx_import/notes.h"

namespace switchyard::config::nginx {

// Notes a directive that has no translation, with what the table says of it, or that it is not known.
void note_untranslated(const Directive& directive, Notes& notes);

}  // namespace switchyard::config::nginx
