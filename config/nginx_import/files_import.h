// root, alias, index, try_files and gzip_static → the files that a route answers with.
//
// Threads: one import, one thread. Errors: notes.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "config/model/static_files.h"
#include "config/nginx_import/notes.h"
#include "config/nginx_import/settings.h"

namespace switchyard::config::nginx {

// What is said of files, and means something only where some are read.
bool is_file_directive(std::string_view name);
// Whether nginx looks for files there: nothing else answers.
bool reads_files(const std::vector<Directive>& location);
// Of a location of `server` that is a prefix (`exact`: one path). Nothing: it has no counterpart, and a note says why
// where nothing else does.
std::optional<StaticFiles> files_of(const Directive& location, const Settings& settings, bool exact,
                                    const std::vector<Directive>& server, Notes& notes);

}  // namespace switchyard::config::nginx
