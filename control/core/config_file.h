// The configuration file as it is now.
//
// Threads: control; blocks on the disk. Errors: a file that cannot be read is kFileUnread; what is wrong in it 422.
#pragma once

#include <optional>
#include <string>

#include "config/model.h"
#include "control/base/result.h"

namespace switchyard::control {

struct ConfigFile {
    std::string bytes;
    std::string hash;  // SHA-256 of them
};

Result<ConfigFile> read_config_file(const std::string& path);

// Secrets that stand in it as "…" are references: they have the value that they have in `in_force` (may be null), in
// the route of the same name. That is how `switchyard config --file` writes them.
Result<config::Model> model_of_file(const std::string& bytes, const config::Model* in_force);

// process.state_dir of the document, be the rest of it right or wrong.
std::optional<std::string> state_dir_in(const std::string& bytes);

}  // namespace switchyard::control
