// nginx.conf → Model and a list of everything that could not be carried over exactly.
//
// Invariants: no directive is dropped without a note; the model that is given out has passed validate().
// Threads: reads files; no state of its own. Errors: `fault` for what nginx itself would not read (syntax, a missing
//   main file), with file and line; the model is empty then.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "config/model.h"
#include "config/nginx_import/note.h"

namespace switchyard::config {

struct NginxImport {
    Model model;
    std::vector<Note> notes;  // in the order of files and lines as nginx reads them
    std::optional<Note> fault;
};

NginxImport import_nginx(const std::filesystem::path& path);

}  // namespace switchyard::config
