// What is to be said of directives that the importer does not translate: one table, and what a row of it is.
//
// Threads: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/nginx_import/notes.h"

namespace switchyard::config::nginx {

struct KnownDirective {
    std::string_view name;  // a name, or the start of names when it ends in '*'
    Note::Kind kind;
    std::string_view advice;
};

inline constexpr auto kLost = Note::Kind::lost;
inline constexpr auto kChanged = Note::Kind::changed;
inline constexpr auto kUnneeded = Note::Kind::unneeded;
inline constexpr std::string_view kOwn = "Switchyard decides this by itself";

// Notes a directive that has no translation, with what the table says of it, or that it is not known.
void note_untranslated(const Directive& directive, Notes& notes);

}  // namespace switchyard::config::nginx
